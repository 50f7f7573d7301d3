"""Renders GOV.UK Notify's dialect of Markdown as HTML, plain text and text messages."""
