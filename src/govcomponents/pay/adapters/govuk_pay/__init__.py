"""GOV.UK Pay, through its public API (version 1)."""
