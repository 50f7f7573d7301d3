"""Kills bulk sends: `python -m notify.bulk --kills 500 --rows 50000`. It fails if anybody was missed or doubled."""

import argparse
import sys

from notify.bulk import kills

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--others", type=int, default=30, help="batches stopped by signals and full disks")
    options = parser.parse_args()
    count = kills.run(options.kills, options.rows, options.others, say=lambda text: sys.stdout.write(f"{text}\n"))
    sys.exit(0 if count.is_good else 1)
