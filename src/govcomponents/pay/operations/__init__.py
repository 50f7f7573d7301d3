"""The parts of the service objects of payments: agreements, and money that goes back."""
