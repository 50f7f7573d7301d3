"""The GOV.UK Notify adapter."""
