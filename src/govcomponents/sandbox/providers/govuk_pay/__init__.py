"""GOV.UK Pay, imitated: its public API, its card pages and its webhooks."""
