"""What steers a sandbox: its control API, the client of that, and its pages."""
