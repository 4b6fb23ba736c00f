"""`helpdesk sla explain`: what the SLA clock makes of a scenario file, with no database, or of a ticket."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

REFUSED = 2


def add_commands(subparsers: Any) -> None:
    """Add `sla` and what can be asked of it."""
    sla = subparsers.add_parser("sla", help="the SLA clock")
    commands = sla.add_subparsers(dest="sla_command", required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain", help="print the targets of a ticket, of this installation or in a scenario file"
    )
    explain.add_argument("file", nargs="?", help="a scenario in JSON; - for standard input")
    explain.add_argument("--lines", action="store_true", help="one scenario a line, one result a line")
    explain.add_argument(
        "--ticket", metavar="HD-12", help="a ticket of this installation, with all its deadlines rest on"
    )
    explain.set_defaults(run=lambda args: _explain(explain, args))


def _explain(parser: ArgumentParser, args: Namespace) -> int:
    if (args.file is None) == (args.ticket is None) or (args.lines and args.ticket is not None):
        parser.error("name a scenario file (with --lines if it has many), or a --ticket")
    if args.ticket is not None:
        return _explain_ticket(args.ticket)
    from helpdesk.cli.scenario import run_scenarios
    from helpdesk.rules.sla_scenario import explain_scenario

    return run_scenarios(args.file, args.lines, explain_scenario)


def _explain_ticket(number: str) -> int:
    """Print a stored ticket's cycles and all that they rest on; their `scenario` explains the same."""
    from helpdesk import clock
    from helpdesk.cli.opened import opened
    from helpdesk.config import load_settings
    from helpdesk.desk import explanation
    from helpdesk.store.tickets import find_any_ticket, ticket_id_of

    with opened(load_settings(os.environ)):
        ticket = find_any_ticket(ticket_id_of(number) or 0)
        if ticket is None:
            print(f"helpdesk: there is no ticket {' '.join(number.split())}", file=sys.stderr)
            return REFUSED
        found = explanation.as_json(explanation.explain(ticket, clock.now()))
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 0
