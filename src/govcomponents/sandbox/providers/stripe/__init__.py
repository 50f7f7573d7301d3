"""Stripe, imitated: Checkout Sessions with their page, PaymentIntents, refunds, disputes and webhooks."""
