"""Notifications: emails, text messages and letters through one port (`gov.notify`)."""
