"""Files in the data folder, named by the SHA-256 of their bytes: written once, never changed."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from flask import current_app

PIECE = 1 << 20


def keep_file(room: str, stream: BinaryIO) -> tuple[str, int]:
    """Keeps what the stream holds below DATA/room; returns (SHA-256 in hex, size in bytes).

    On return the bytes and their name are on the disk (fsync), so a row may point to them. The same
    bytes twice are one file.
    """
    folder = _folder(room)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"draft-{secrets.token_hex(8)}"
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


def _folder(room: str) -> Path:
    data: Path = current_app.config["SETTINGS"].data
    return data / room


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
