"""GOV.UK Notify, imitated: its v2 API, with the state of the services that a world describes."""
