"""Recipients: email addresses, phone numbers and postal addresses by the provider's own rules."""
