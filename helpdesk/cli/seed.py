"""`helpdesk seed`: believable history for trials, benchmarks and the demonstration."""

import argparse
import os
from datetime import datetime

from helpdesk.cli.opened import opened
from helpdesk.cli.progress import Progress
from helpdesk.config import CannotStart, load_settings

DEMO_TICKETS = 640


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `seed`."""
    seed = subparsers.add_parser(
        "seed",
        description="Add invented tickets of the last six months, the same ones for the same seed. An empty"
        " database first gets an example organisation. No letters are sent about them.",
    )
    what = seed.add_mutually_exclusive_group(required=True)
    what.add_argument("--tickets", type=int, metavar="N", help="how many tickets")
    what.add_argument("--demo", action="store_true", help="what the demonstration shows, once")
    seed.add_argument("--seed", type=int, default=1, metavar="S", help="chooses the history (default 1)")
    seed.set_defaults(run=_seed)


def _seed(args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.desk import (
        example,
        example_goals,
        example_lately,
        example_loop,
        example_mail,
        example_on_call,
        example_reviews,
        example_schedules,
    )
    from helpdesk.desk.seed import NothingToSeed, seed
    from helpdesk.store.organisation import find_organisation

    settings = load_settings(os.environ)
    with opened(settings):
        if args.demo and find_organisation() is not None:
            return 0  # it was prepared before
        count, now = DEMO_TICKETS if args.demo else max(0, args.tickets), clock.now()
        progress = Progress("tickets", count)
        try:
            seed(count, args.seed, now=now, progress=progress)
        except NothingToSeed:
            raise CannotStart("seed: no service has a team with agents; set that up first") from None
        if args.demo:
            example.open_accounts(now)
            example_goals.happen(now)
            example_lately.happen(now)
            example_reviews.happen(now)
            example_loop.happen(now)
            example_schedules.happen(now)
            example_on_call.happen(now)
            example_mail.happen(now, settings.mail_address, _receive)
        progress.end()
    return 0


def _receive(content: bytes, sender: str | None, recipient: str, at: datetime) -> int | None:
    """As the mail server's pipe would hand it over, at that time."""
    from helpdesk.intake.receive import settle, store_raw

    return settle(store_raw(content, "pipe", sender, [recipient], at, claimed=True), at).ticket_id
