"""A sandbox over loopback HTTP that holds many payments: `python -m bench.pay_sandbox COUNT`. Prints its port."""

from __future__ import annotations

import sys

from govcomponents.sandbox.server import SandboxServer

KEY = "api_test_only0for0the0bench"


def main() -> None:
    payment = {"reference": "BENCH", "amount": 4250, "email": "sam@example.com", "metadata": {"team": "bench"}}
    service = {"name": "Bench", "api_keys": [{"key": KEY}], "payments": [payment] * int(sys.argv[1])}
    server = SandboxServer({"pay": {"services": [service]}})
    print(server.base_url.rpartition(":")[2], flush=True)
    server.serve()


if __name__ == "__main__":
    main()
