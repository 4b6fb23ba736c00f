"""`helpdesk oncall explain`: the shifts of a roster in a file, with no database."""

from argparse import Namespace
from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add `oncall` and what can be asked of it."""
    oncall = subparsers.add_parser("oncall", help="who is on call")
    commands = oncall.add_subparsers(dest="oncall_command", required=True, metavar="COMMAND")
    explain = commands.add_parser("explain", help="print the shifts of a roster in a scenario file")
    explain.add_argument("file", help="a scenario in JSON; - for standard input")
    explain.add_argument("--lines", action="store_true", help="one scenario a line, one result a line")
    explain.set_defaults(run=_explain)


def _explain(args: Namespace) -> int:
    from helpdesk.cli.scenario import run_scenarios
    from helpdesk.rules.oncall_scenario import explain

    return run_scenarios(args.file, args.lines, explain)
