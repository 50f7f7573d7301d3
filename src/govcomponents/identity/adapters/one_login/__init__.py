"""GOV.UK One Login."""
