"""Control of a sandbox: its API, the client of that, and its pages."""
