"""DOOR: the command line; each command imports what it needs when it runs."""

import argparse
import importlib
import sys
from importlib.metadata import version
from typing import NamedTuple

from helpdesk.config import CannotStart

REFUSED = 2  # exit status: something to mend before it can start


class Command(NamedTuple):
    """The module below helpdesk.cli that knows a first word, and what the help says of it."""

    module: str
    does: str


COMMANDS = {
    "up": Command("up", "start the whole service"),
    "demo": Command("up", "start it with an example organisation"),
    "web": Command("processes", "serve the pages"),
    "worker": Command("processes", "work through the job queues"),
    "clock": Command("processes", "ring alarms in time"),
    "intake": Command("processes", "take in mail (SMTP)"),
    "fetch": Command("processes", "fetch mail (IMAP)"),
    "background": Command("processes", "workers, clock, intake and fetch in one"),
    "queue": Command("processes", "serve the job queues (the embedded Valkey)"),
    "db": Command("database", "bring the database up to date"),
    "user": Command("user", "add people"),
    "token": Command("user", "give out access tokens"),
    "mail": Command("mail", "take one message from standard input"),
    "sla": Command("sla", "explain deadlines"),
    "oncall": Command("oncall", "explain who is on call"),
    "seed": Command("seed", "write history for trials and benchmarks"),
    "search": Command("search", "read anew what tickets are found by"),
    "check": Command("check", "prove stored deadlines against the timelines"),
    "backup": Command("backup", "write a backup"),
    "restore": Command("backup", "put a backup in place"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command. Only the module that knows its first word is imported.

    Returns the exit status: 2, with one line on standard error, where it cannot start.
    """
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] not in COMMANDS:
        return _without_command(words)
    parser = argparse.ArgumentParser(prog="helpdesk")
    name = f"helpdesk.cli.{COMMANDS[words[0]].module}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        parser.error(f"{words[0]} is not part of this installation")
    module.add_commands(parser.add_subparsers())
    args = parser.parse_args(words)
    if "run" not in args:
        parser.parse_args([*words, "--help"])
    try:
        status: int = args.run(args)
    except CannotStart as error:
        print(f"helpdesk: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130  # as a shell says of a command ended by Ctrl-C
    return status


def _without_command(words: list[str]) -> int:
    """Answer --help and --version, and refuse a word that is no command."""
    listing = "\n".join(f"  {word:<8} {command.does}" for word, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="helpdesk",
        usage="helpdesk COMMAND ... (helpdesk COMMAND --help says more)",
        epilog=f"commands:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"helpdesk {version('helpdesk')}")
    if words and not words[0].startswith("-"):
        parser.error(f"no command {words[0]!r}; helpdesk --help lists them")
    parser.parse_args(words)
    parser.print_help()
    return REFUSED
