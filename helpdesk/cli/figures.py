"""`helpdesk figures rebuild`: make what figures are read from anew, from the tickets' timelines."""

import argparse
import gc
import multiprocessing
import os
import sys
import time

from helpdesk.cli.opened import opened
from helpdesk.cli.progress import Progress
from helpdesk.config import load_settings

LOOKS_EVERY = 0.5  # seconds
FAILED = 1  # exit status


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `figures` and what can be done to them."""
    figures = subparsers.add_parser("figures", help="what figures are read from")
    commands = figures.add_subparsers(dest="figures_command", required=True, metavar="COMMAND")
    rebuild = commands.add_parser(
        "rebuild",
        description="Make the facts of all tickets and their sums by day anew from the timelines, while the"
        " service goes on; pages stay right meanwhile. What was stopped is carried on by the next call, or by"
        " the clock.",
    )
    rebuild.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many work at once (default: one for each processor)",
    )
    rebuild.set_defaults(run=_rebuild)


def _rebuild(args: argparse.Namespace) -> int:
    from helpdesk.desk import facts
    from helpdesk.desk.fact_keeping import sum_stale

    with opened(load_settings(os.environ)):
        total = facts.begin_rebuild()
        if not _make_facts(max(1, args.processes), total):
            print("helpdesk: a process died; run `helpdesk figures rebuild` again", file=sys.stderr)
            return FAILED
        progress, summed = Progress("days summed", 0), 0
        while days := sum_stale():
            summed += days
            progress(summed)
        progress.end()
    return 0


def _make_facts(processes: int, total: int) -> bool:
    """Has so many processes work until nothing is left; False where one of them failed."""
    from helpdesk.desk.facts import tickets_left

    spawned = multiprocessing.get_context("spawn")
    workers = [spawned.Process(target=_work, daemon=True) for _ in range(processes)]
    progress = Progress("ticket numbers", total)
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        time.sleep(LOOKS_EVERY)
        progress(total - tickets_left())
    progress(total - tickets_left())
    progress.end()
    return all(worker.exitcode == 0 for worker in workers)


def _work() -> None:
    """One of the processes: makes facts until nothing is left but what others are making."""
    gc.set_threshold(50_000, 20, 50)  # thousands of short-lived rows at once are no sign of cycles
    with opened(load_settings(os.environ)):
        from helpdesk.desk import facts

        gc.freeze()
        while facts.make_next():
            pass
