"""`helpdesk backup FILE` and `helpdesk restore FILE`."""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk.config import CannotStart, Settings, load_settings

if TYPE_CHECKING:
    from helpdesk.desk.backup import Place

FAILED = 1


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `backup` and `restore`."""
    backup = subparsers.add_parser(
        "backup",
        description="Write everything into one .tar.gz: database, attachments, raw mail, secret key and"
        " settings file. The service may run. Keep it safe: who has it can read everything and sign links.",
    )
    backup.add_argument("file", type=Path)
    backup.set_defaults(run=_backup)
    restore = subparsers.add_parser(
        "restore",
        description="Check a backup to its end, then put it in place. The service must be stopped.",
    )
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--replace", action="store_true", help="even where there is data; files are kept beside it"
    )
    restore.set_defaults(run=_restore)


def place_of(settings: Settings) -> "Place":
    """Where the installation with these settings lies."""
    from helpdesk.desk.backup import Place

    return Place(settings.data, settings.database_url, version("helpdesk"))


def _backup(args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.cli.opened import opened
    from helpdesk.desk.backup import backup
    from helpdesk.store.snapshots import SnapshotFault

    settings = load_settings(os.environ)
    with opened(settings):
        try:
            manifest = backup(place_of(settings), args.file.absolute(), now=clock.now())
        except (SnapshotFault, OSError) as fault:
            return _say_fault(fault)
    rows, files = sum(manifest.tables.values()), len(manifest.members)
    size = args.file.stat().st_size
    print(f"{args.file}: {rows:,} rows, {files:,} files, {size:,} bytes")
    print("It holds passwords' hashes, mail and the secret key: keep it where only administrators read.")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from helpdesk import clock
    from helpdesk.core import create_core
    from helpdesk.desk.backup import BadBackup, NotEmpty, restore
    from helpdesk.store.snapshots import SnapshotFault

    settings = load_settings(os.environ)
    with _stopped(settings), create_core(settings).app_context():
        try:
            manifest = restore(place_of(settings), args.file, replace=args.replace, now=clock.now())
        except NotEmpty:
            return _say_fault("there is data already; --replace puts the backup in its place")
        except (BadBackup, SnapshotFault, OSError) as fault:
            return _say_fault(fault)
    tickets, files = manifest.tables.get("ticket", 0), len(manifest.members)
    print(f"restored what was backed up at {manifest.made_at}: {tickets:,} tickets, {files:,} files")
    return 0


@contextmanager
def _stopped(settings: Settings) -> Iterator[None]:
    """Holds the lock of `helpdesk up`; CannotStart where the service runs."""
    with (settings.runtime / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"the service runs on {settings.data}; stop it first") from None
        yield


def _say_fault(fault: object) -> int:
    print(f"helpdesk: {fault}", file=sys.stderr)
    return FAILED
