"""GOV.UK One Login, imitated: sign-in, proof of identity, tokens, keys and sign-out, as the real service does them."""
