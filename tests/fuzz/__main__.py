"""Fuzzes all parsers with atheris, each for a number of seconds: cd tests; python -m fuzz SECONDS [TARGET ...]

Needs atheris (pip install atheris), which follows what code the bytes reach. What makes a target fail is written to a
file crash-... in this folder's `found`, and printed: give it to SEEDS, so that it is tried in every run of the tests.
"""

import os
import subprocess
import sys
from pathlib import Path

FOUND = Path(__file__).parent / "found"
_THIS_PROCESS = "GOVCOMPONENTS_FUZZ_HERE"


def here(name, seconds):
    """Fuzz one target in this process. libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["govcomponents"]):
        from fuzz import targets
    seeds = FOUND / "corpus" / name
    seeds.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.SEEDS.get(name, [])):
        (seeds / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", f"-artifact_prefix={FOUND}/"]
    atheris.Setup([sys.argv[0], *limits, str(seeds)], lambda data: targets.run(name, bytes(data)))
    atheris.Fuzz()


def main():
    """Fuzz every target that was named, or all, each in a process of its own."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if os.environ.get(_THIS_PROCESS):
        here(sys.argv[2], seconds)
        return 0
    from fuzz.targets import TARGETS

    failed = []
    for name in sys.argv[2:] or TARGETS:
        command = [sys.executable, "-m", "fuzz", str(seconds), name]
        environment = {**os.environ, _THIS_PROCESS: "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        sys.stdout.write(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}\n")
        sys.stdout.flush()
        if done.returncode:
            failed.append(name)
            sys.stdout.write(done.stderr[-4000:])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
