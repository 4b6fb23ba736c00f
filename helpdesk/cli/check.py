"""`helpdesk check`: prove stored deadlines and alarms, and the search, against the timelines."""

import argparse
import os
from datetime import datetime
from typing import Any

from helpdesk.cli.opened import opened
from helpdesk.cli.progress import Progress
from helpdesk.config import load_settings

DIFFERS = 1  # exit status


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `check`."""
    check = subparsers.add_parser(
        "check",
        description="Compute every deadline and alarm from the tickets' timelines, and the words by which"
        " they are found, and compare with what is stored; nothing is changed. Exit status 1 names what"
        " differs.",
    )
    check.set_defaults(run=_check)


def _check(_args: argparse.Namespace) -> int:
    from helpdesk.desk.check import check
    from helpdesk.store.check import count_tickets

    with opened(load_settings(os.environ)):
        progress = Progress("tickets", count_tickets())
        looked_at = waiting = differing = 0
        for batch in check():
            looked_at += batch.tickets
            waiting += batch.waiting
            for d in batch.differences:
                differing += 1
                print(f"{d.number}: {d.what}: stored {_said(d.kept)}, the rule says {_said(d.ruled)}")
            progress(looked_at)
        progress.end()
    if waiting:
        print(f"{waiting} tickets wait to be computed anew after a change; not compared")
    print(f"{differing} differences" if differing else "stored deadlines and alarms are what the rules say")
    return DIFFERS if differing else 0


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return value.isoformat() if isinstance(value, datetime) else str(value)
