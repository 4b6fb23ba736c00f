"""`helpdesk sla explain`: what the SLA clock makes of a scenario file, with no database."""

from argparse import Namespace
from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add `sla` and what can be asked of it."""
    sla = subparsers.add_parser("sla", help="the SLA clock")
    commands = sla.add_subparsers(dest="sla_command", required=True, metavar="COMMAND")
    explain = commands.add_parser("explain", help="print the targets of a ticket in a scenario file")
    explain.add_argument("file", help="a scenario in JSON; - for standard input")
    explain.add_argument("--lines", action="store_true", help="one scenario a line, one result a line")
    explain.set_defaults(run=_explain)


def _explain(args: Namespace) -> int:
    from helpdesk.cli.scenario import run_scenarios
    from helpdesk.rules.sla_scenario import explain_scenario

    return run_scenarios(args.file, args.lines, explain_scenario)
