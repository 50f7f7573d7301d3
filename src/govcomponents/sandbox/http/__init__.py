"""HTTP as the sandbox speaks it: messages, routes, the server and what handles each connection."""
