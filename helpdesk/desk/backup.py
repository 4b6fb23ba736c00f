"""Backups: one file with everything, checked by itself before it is put in place.

A tar.gz with manifest.json first, then the database, then the files of the data folder. The database is
copied as of one moment; files are taken after it and only ever added, so whatever a row names is there.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from helpdesk.store import snapshots

FORMAT = 1
MANIFEST = "manifest.json"
ROOMS = ("attachments", "mail", "brand")  # folders of files named by their SHA-256
SETTINGS = ("secret-key", "helpdesk.env")
FOLDER = "backups"
DAILY = "daily-"
PIECE = 1 << 20
LARGEST_MANIFEST = 64 << 20


class BadBackup(Exception):
    """The file is no backup of ours, or not whole; the text says why."""


class NotEmpty(Exception):
    """There is something already where the backup should go."""


@dataclass(frozen=True)
class Place:
    """Where an installation lies."""

    data: Path
    database_url: str
    version: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself: when it was made, of which database (`sqlite` or `postgresql`), how many
    rows each table had, and of each member its size and SHA-256."""

    made_at: str
    version: str
    revision: str | None
    database: str
    tables: dict[str, int]
    members: dict[str, dict[str, Any]]


def backup(place: Place, file: Path, *, now: datetime) -> Manifest:
    """Writes a backup beside `file` and moves it there once it is whole and on the disk; mode 0600.

    May run while the service runs. Raises snapshots.SnapshotFault where the database's own tool fails.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    work = file.with_name(f".{file.name}.{os.getpid()}")
    work.mkdir(mode=0o700)
    try:
        snapshot = snapshots.take(place.database_url, work)
        manifest = Manifest(
            made_at=now.isoformat(),
            version=place.version,
            revision=snapshot.revision,
            database=snapshot.kind,
            tables=snapshot.tables,
            members={name: _measured(path) for name, path in _members(place, snapshot.path)},
        )
        draft = work / "draft.tar.gz"
        _write(draft, manifest, place, snapshot.path)
        draft.replace(file)
        _sync_folder(file.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def daily_backup(place: Place, kept: int, now: datetime) -> None:
    """A backup into the data folder's own `backups`, of which the newest `kept` stay; 0: none is made."""
    if kept == 0:
        return
    folder = place.data / FOLDER
    backup(place, folder / f"{DAILY}{now:%Y%m%d-%H%M%S}.tar.gz", now=now)
    for old in sorted(folder.glob(f"{DAILY}*.tar.gz"))[:-kept]:
        old.unlink()


def read_backup(file: Path) -> Manifest:
    """The manifest of a backup, once every member has been read and found as the manifest says.

    Nothing is unpacked. Raises BadBackup.
    """
    try:
        with tarfile.open(file, "r|gz") as tar:
            manifest = _manifest(tar, tar.next())
            found: dict[str, str] = {}
            while member := tar.next():
                _require_plain(member, manifest)
                if member.name in found:
                    raise BadBackup(f"{file} holds {member.name} twice")
                found[member.name] = _digest(tar.extractfile(member))
    except (tarfile.TarError, OSError, EOFError, gzip.BadGzipFile) as fault:
        raise BadBackup(f"{file} cannot be read: {fault}") from None
    expected = {name: each["sha256"] for name, each in manifest.members.items()}
    differing = sorted(
        name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
    )
    if differing:
        raise BadBackup(f"{file} is not whole: {', '.join(differing[:3])} is not as the manifest says")
    return manifest


def restore(place: Place, file: Path, *, replace: bool, now: datetime) -> Manifest:
    """Puts a backup in place: checked to its end first, then unpacked beside the data, then swapped in.

    Raises BadBackup (nothing was touched), NotEmpty without `replace` where there is data already, and
    snapshots.SnapshotFault. With `replace` what was there is kept as data folder `before-restore-...`.
    """
    manifest = read_backup(file)
    snapshots.require_kind(place.database_url, manifest.database)
    if not replace and (_has_files(place) or not snapshots.is_empty(place.database_url)):
        raise NotEmpty
    work = place.data / f".restore-{os.getpid()}"
    work.mkdir(mode=0o700)
    try:
        _unpack(file, manifest, work)
        snapshots.require_counts(place.database_url, work / "database", manifest.tables)
        aside = place.data / f"before-restore-{now:%Y%m%d-%H%M%S}"
        snapshots.put(place.database_url, work / "database", aside)
        _swap(place, work, aside)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def _members(place: Place, database: Path) -> Iterator[tuple[str, Path]]:
    yield "database", database
    for name in SETTINGS:
        if (place.data / name).is_file():
            yield f"settings/{name}", place.data / name
    for room in ROOMS:
        for path in sorted((place.data / room).glob("[0-9a-f][0-9a-f]/*")):
            if path.is_file() and not path.is_symlink():
                yield f"files/{room}/{path.parent.name}/{path.name}", path


def _measured(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"sha256": _digest(stream), "size": path.stat().st_size}


def _digest(stream: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while stream is not None and (piece := stream.read(PIECE)):
        digest.update(piece)
    return digest.hexdigest()


def _write(draft: Path, manifest: Manifest, place: Place, database: Path) -> None:
    sources = dict(_members(place, database))
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with (
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, filename="") as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            text = json.dumps({"format": FORMAT, **vars(manifest)}, indent=1).encode()
            _add(tar, MANIFEST, len(text), io.BytesIO(text))
            for name, measured in manifest.members.items():
                with sources[name].open("rb") as stream:
                    _add(tar, name, measured["size"], stream)
        raw.flush()
        os.fsync(raw.fileno())


def _add(tar: tarfile.TarFile, name: str, size: int, stream: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, stream)


def _manifest(tar: tarfile.TarFile, first: tarfile.TarInfo | None) -> Manifest:
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST:
        raise BadBackup("this is no backup of Helpdesk: it does not begin with a manifest")
    stream = tar.extractfile(first)
    try:
        said = json.loads(stream.read() if stream else b"")
        if said.pop("format") != FORMAT:
            raise BadBackup("this backup was made by a newer Helpdesk")
        return Manifest(**said)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadBackup("the manifest of this backup cannot be read") from None


def _require_plain(member: tarfile.TarInfo, manifest: Manifest) -> None:
    """Only what the manifest names, and only plain files below us: no links, no way out of the folder."""
    parts = member.name.split("/")
    allowed = (
        member.name == "database"
        or (parts[0] == "settings" and len(parts) == 2 and parts[1] in SETTINGS)
        or (parts[0] == "files" and len(parts) == 4 and parts[1] in ROOMS and _is_digest(parts[2], parts[3]))
    )
    if not member.isreg() or not allowed or member.name not in manifest.members:
        raise BadBackup(f"this backup holds something that does not belong there: {member.name!r}")


def _is_digest(folder: str, name: str) -> bool:
    return len(name) == 64 and set(name) <= set("0123456789abcdef") and folder == name[:2]


def _unpack(file: Path, manifest: Manifest, work: Path) -> None:
    """Unpacks what `read_backup` has checked, and checks it again: the file may have changed since."""
    with tarfile.open(file, "r|gz") as tar:
        tar.next()
        while member := tar.next():
            _require_plain(member, manifest)
            path = work / member.name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            digest, stream = hashlib.sha256(), tar.extractfile(member)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                while stream is not None and (piece := stream.read(PIECE)):
                    digest.update(piece)
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            if digest.hexdigest() != manifest.members[member.name]["sha256"]:
                raise BadBackup(f"{member.name} has changed while it was unpacked")


def _has_files(place: Place) -> bool:
    return any(any((place.data / room).glob("*/*")) for room in ROOMS)


def _swap(place: Place, work: Path, aside: Path) -> None:
    """Moves what was unpacked to where it belongs, and what was there aside."""
    aside.mkdir(mode=0o700, exist_ok=True)
    for room in ROOMS:
        new, old = work / "files" / room, place.data / room
        if old.exists():
            old.rename(aside / room)
        if new.exists():
            new.rename(old)
    for name in SETTINGS:
        new, old = work / "settings" / name, place.data / name
        if new.exists():
            if old.exists():
                old.rename(aside / name)
            new.rename(old)
    if not any(aside.iterdir()):
        aside.rmdir()
    _sync_folder(place.data)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
