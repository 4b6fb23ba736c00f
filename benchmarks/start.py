"""Seconds from `helpdesk up` to its first page, and from SIGTERM to the end of its last process.

    python benchmarks/start.py [--runs 5]

Each run on the same data folder, once it is set up: the median, and all of them. For Linux: it reads /proc.
"""

import argparse
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.stories.service import Service, wait_until


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = Service(Path(folder))
        print(f"the first start of all, which makes the database: {measured.start():.2f} s")
        measured.stop(signal.SIGTERM)
        starts, stops = [], []
        for _ in range(args.runs):
            starts.append(measured.start())
            wait_until(measured.all_parts_run)
            began = time.monotonic()
            measured.stop(signal.SIGTERM)
            wait_until(lambda: not measured.running())
            stops.append(time.monotonic() - began)
    for name, took in (("first page", starts), ("stop", stops)):
        every = ", ".join(f"{seconds:.2f}" for seconds in took)
        print(f"{name}: median {statistics.median(took):.2f} s ({every})")


if __name__ == "__main__":
    main()
