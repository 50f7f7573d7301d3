"""The parts of the service objects of payments: agreements, money that goes back, and cards told by telephone."""
