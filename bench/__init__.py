"""Benchmarks: what an exchange costs with govcomponents, beside what people would use instead."""
