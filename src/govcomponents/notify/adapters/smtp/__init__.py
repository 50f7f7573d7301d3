"""The SMTP adapter: emails from template files, handed to the mail server of your organisation."""
