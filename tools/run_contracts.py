"""Writes what runs of the contract proved of each built-in adapter, for the tables of capabilities in the docs.

python tools/run_contracts.py           # runs all of them, which takes about a minute, and writes the results
python tools/run_contracts.py --check   # exits with 1 if something else is proved now than is written

Each is `govcomponents contract run NAME tests/COMPONENT/NAME --json`, as anybody can run it in a clone.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "reference" / "contract_runs.json"
COMPONENTS = ("pay", "notify", "identity")
_KEPT = ("adapter", "claimed", "proved", "disproved", "not_proved", "refused", "tests", "versions")
_OF_THE_DAY = ("tests", "versions", "python")
"""What may differ where the same is proved: a test more, another version of Python."""


def built_in() -> dict[str, str]:
    """Give the name of each built-in adapter, with its component."""
    return {
        name: component
        for component in COMPONENTS
        for name in import_module(f"govcomponents.{component}.adapters").BUILT_IN
    }


def run(name: str, component: str) -> dict[str, object]:
    """Run the contract of an adapter, and give what it proved."""
    command = ["contract", "run", name, f"tests/{component}/{name}", "--component", component, "--json"]
    # Told with `--strict`, it would fail for what is not proved; here that is a result as good as any.
    ran = subprocess.run(
        [sys.executable, "-m", "govcomponents.cli.main", *command], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    if not ran.stdout:
        sys.exit(f"the contract of {name} could not run: govcomponents {' '.join(command)}")
    told = json.loads(ran.stdout)
    return {
        "component": component,
        "command": f"govcomponents {' '.join(command[:4])}",
        **{key: told[key] for key in _KEPT},
        "failed": len(told["failed"]),
        "python": platform.python_version(),
    }


def same(these: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Leave out what does not matter to what is proved."""
    return {name: {key: one[key] for key in one if key not in _OF_THE_DAY} for name, one in these.items()}


def main() -> int:
    """Write the results, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, and tell what differs")
    options = parser.parse_args()
    found = {}
    for name, component in built_in().items():
        print(f"running the contract of {name} ...", file=sys.stderr)
        found[name] = run(name, component)
    if not options.check:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return 0
    now, written = same(found), same(json.loads(RESULTS.read_text(encoding="utf-8")))
    differing = sorted(name for name in {*now, *written} if now.get(name) != written.get(name))
    if differing:
        print(f"Something else is proved of {', '.join(differing)}. To fix: python tools/run_contracts.py")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
