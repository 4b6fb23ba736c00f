"""`helpdesk search rebuild`: read anew what every ticket is found by."""

import argparse
import os

from helpdesk.cli.opened import opened
from helpdesk.cli.progress import Progress
from helpdesk.config import load_settings


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `search` and what can be done to it."""
    search = subparsers.add_parser("search", help="what tickets are found by")
    commands = search.add_subparsers(dest="search_command", required=True, metavar="COMMAND")
    rebuild = commands.add_parser(
        "rebuild",
        description="Read every ticket anew, the newest first, while the service goes on. What is stopped is"
        " carried on by the clock.",
    )
    rebuild.set_defaults(run=_rebuild)


def _rebuild(_args: argparse.Namespace) -> int:
    from helpdesk.desk import search
    from helpdesk.store.check import count_tickets

    with opened(load_settings(os.environ)):
        total, read = count_tickets(), 0
        progress = Progress("tickets", total)
        left = search.rebuild()
        while left:
            left = search.sweep()
            read = min(read + search.BATCH, total)
            progress(read)
        progress.end()
    return 0
