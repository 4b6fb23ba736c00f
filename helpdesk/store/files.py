"""Files in the data folder, named by the SHA-256 of their bytes: written once, never changed."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flask import current_app

PIECE = 1 << 20
DRAFT = "draft-"


class StoredFile(NamedTuple):
    """A file of the data folder, and when its bytes were written."""

    sha256: str
    size: int
    written_at: datetime


def keep_file(room: str, stream: BinaryIO) -> tuple[str, int]:
    """Keeps what the stream holds below DATA/room; returns (SHA-256 in hex, size in bytes).

    On return the bytes and their name are on the disk (fsync), so a row may point to them. The same
    bytes twice are one file.
    """
    folder = _folder(room)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{DRAFT}{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while piece := stream.read(PIECE):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        final = file_path(room, digest.hexdigest())
        final.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)
    for each in (final.parent, folder):
        _sync(each)
    return digest.hexdigest(), size


def file_path(room: str, sha256: str) -> Path:
    """Where the file of that digest lies, whether or not it is there."""
    return _folder(room) / sha256[:2] / sha256


def room_path(room: str) -> Path:
    """Where the room's files lie, whether or not there are any."""
    return _folder(room)


def list_files(room: str, before: datetime) -> Iterator[list[StoredFile]]:
    """The room's files that were written before then, a folder of them at a time."""
    for folder in sorted(_folder(room).glob("[0-9a-f][0-9a-f]")):
        found = ((path.name, path.stat()) for path in folder.iterdir())
        files = [StoredFile(name, is_.st_size, _instant(is_.st_mtime)) for name, is_ in found]
        yield [file for file in files if file.written_at < before]


def drop_drafts(room: str, before: datetime) -> int:
    """Removes what was begun before then and never became a file; how many there were."""
    old = [path for path in _folder(room).glob(f"{DRAFT}*") if _instant(path.stat().st_mtime) < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _folder(room: str) -> Path:
    data: Path = current_app.config["SETTINGS"].data
    return data / room


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
