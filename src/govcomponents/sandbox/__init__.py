"""The sandbox: one server that speaks the wire protocols of all three providers, in process or over HTTP."""
