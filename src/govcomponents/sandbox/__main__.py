"""`python -m govcomponents.sandbox` is `govcomponents sandbox`."""

from __future__ import annotations

import sys

from govcomponents.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["sandbox", *sys.argv[1:]]))
