"""`helpdesk user add`, `helpdesk user setup-link` and `helpdesk token add`: people without the pages."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from helpdesk.config import load_settings

ROLES = ("reporter", "agent", "lead", "manager", "administrator", "auditor")
FAILED = 1


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `user` and `token`."""
    user = subparsers.add_parser("user", description="People who sign in.")
    commands = user.add_subparsers(required=True)
    add = commands.add_parser(
        "add",
        description="Add a person, usable at once. Agents and leads join the first team. On an empty"
        " database this also creates the organisation with its default targets.",
    )
    add.add_argument("email")
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument("--name", help="default: the part of the address before the @")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--organisation", default="", help="on an empty database: its name")
    add.add_argument("--zone", default="Europe/Berlin", help="on an empty database: its time zone")
    add.add_argument("--night", choices=("roster", "nobody"), default="nobody", help="who answers at night")
    add.add_argument(
        "--night-reason", default="", help="with --night roster: who comes until a roster stands"
    )
    add.set_defaults(run=lambda args: _in_app(_add_user, args))
    link = commands.add_parser("setup-link", description="Print the first set-up's link, if it is open.")
    link.set_defaults(run=lambda args: _in_app(_print_setup_link, args))
    token = subparsers.add_parser("token", description="Access for programs.")
    commands = token.add_subparsers(required=True)
    add = commands.add_parser("add", description="Make an API token of a person and print it, once.")
    add.add_argument("email")
    add.add_argument("--name", default="command line", help="what it is for")
    add.set_defaults(run=lambda args: _in_app(_add_token, args))


def _in_app(command: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    from flask_babel import force_locale

    from helpdesk.cli.database import stored_revision
    from helpdesk.core import create_core

    settings = load_settings(os.environ)
    stored_revision(settings.database_url)  # says in one line where the database does not answer
    with create_core(settings).app_context(), force_locale("en"), _one_line():
        return command(args)
    return FAILED  # the line has been said


@contextmanager
def _one_line() -> Iterator[None]:
    """A fault that the caller can mend is one line on standard error."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from helpdesk.desk.passwords import PasswordRefused
    from helpdesk.schemas.people import say_password_fault

    try:
        yield
    except PasswordRefused as fault:
        print(f"helpdesk: password: {say_password_fault(fault.code, fault.rules)}", file=sys.stderr)
    except (OperationalError, ProgrammingError) as fault:
        print(f"helpdesk: {fault.orig}; helpdesk db upgrade first?", file=sys.stderr)


def _add_user(args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.desk import passwords, people, setup
    from helpdesk.desk.changes import Refused
    from helpdesk.rules.access import Role
    from helpdesk.schemas.people import PersonSchema, zones
    from helpdesk.store.people import find_person_by_address

    role, email = Role(args.role), args.email.strip().lower()
    name = args.name or email.partition("@")[0]
    faults = PersonSchema().validate({"name": name, "email": email})
    if faults or not email or args.zone not in zones():
        return _refuse(" ".join(str(text) for texts in faults.values() for text in texts) or "check --zone")
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else None
    known = find_person_by_address(email)
    if known is not None and (known.password_hash is not None or known.role == role):
        same = password is None or passwords.verify(known.password_hash, password)
        if known.role == role and same:
            print(f"{email} is there already, as {known.role}; nothing changed")
            return 0
        if known.password_hash is not None:
            return _refuse(f"{email} is there already, as {known.role}; change them on the people page")
    house = setup.House(args.organisation, args.zone, night_answer=args.night, cover_reason=args.night_reason)
    try:
        person = setup.add_account(name, email, role, password, house, now=clock.now())
    except Refused:
        return _refuse(
            "--night-reason: there is no roster yet; say who watches at night, or leave --night out"
        )
    print(f"added {email} as {role}")
    if password is None:
        print(f"they choose a password at {people.password_link(person, 'invite')}")
    return 0


def _add_token(args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.desk import tokens
    from helpdesk.store.people import find_person_by_address

    person = find_person_by_address(args.email)
    if person is None or not person.is_active:
        return _refuse(f"nobody has the address {args.email}; helpdesk user add makes a person")
    print(tokens.add_token(person.id, args.name, now=clock.now()))
    return 0


def _print_setup_link(_args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.desk.setup import setup_link

    link = setup_link(clock.now())
    if link is not None:
        print(f"Set it up, once, within a day: {link}", flush=True)
    return 0


def _refuse(why: str) -> int:
    print(f"helpdesk: {why}", file=sys.stderr)
    return FAILED
