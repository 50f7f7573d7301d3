"""The GC Notify adapter: Canada's fork of GOV.UK Notify."""
