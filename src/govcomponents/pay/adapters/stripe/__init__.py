"""Stripe behind the pay port: Checkout Sessions, PaymentIntents, refunds, disputes and webhooks."""
