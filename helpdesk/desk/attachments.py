"""Files that come with a report or a message."""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from helpdesk.store.attachments import ROOM
from helpdesk.store.db import db
from helpdesk.store.files import keep_file
from helpdesk.store.tickets import Attachment, Entry

LONGEST_NAME = 120
# What a page may show as a picture, by how the bytes begin: a name or a sender's word proves nothing.
PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_NOT_IN_NAMES = re.compile('[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff<>:"|?*]')


@dataclass(frozen=True)
class Upload:
    """A file as a door received it: the sender's name for it, and its bytes (a stream that can seek).
    `content_id` of a mail's part; `role`: file, inline or formatted (see store/tickets.Attachment)."""

    name: str
    stream: BinaryIO
    content_id: str | None = None
    role: str = "file"


@dataclass(frozen=True)
class Kept:
    """A file that lies in the data folder and waits for its row."""

    name: str
    media_type: str
    size: int
    sha256: str
    content_id: str | None
    role: str


def keep(uploads: Iterable[Upload]) -> list[Kept]:
    """Writes the files to the disk. Call it before the transaction that `attach`es them: disks are slow."""
    return [_keep(upload) for upload in uploads]


def attach(entry: Entry, files: Sequence[Kept]) -> None:
    """Adds the files to the entry. Inside a transaction."""
    if not files:
        return
    db.session.add_all(
        Attachment(
            ticket_id=entry.ticket_id,
            entry_id=entry.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            content_id=file.content_id,
            role=file.role,
        )
        for file in files
    )
    db.session.flush()


def media_type_of(name: str, start: bytes) -> str:
    """What a file is by its first bytes if it is a picture we show, else by its name, never as a picture."""
    for mark, media_type in PICTURES:
        if start.startswith(mark):
            return media_type
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    named = mimetypes.guess_type(name)[0] or ""
    return "application/octet-stream" if named.startswith("image/") or not named else named


def file_name(name: str) -> str:
    """A sender's name for a file without folders and what file systems refuse; its ending is kept."""
    last = _NOT_IN_NAMES.sub("", name.replace("\\", "/")).rpartition("/")[2].strip(" .")
    stem, dot, ending = last.rpartition(".")
    if not dot or len(ending) > 12:
        return last[:LONGEST_NAME] or "file"
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _keep(upload: Upload) -> Kept:
    start = upload.stream.read(16)
    upload.stream.seek(0)
    name = file_name(upload.name)
    sha256, size = keep_file(ROOM, upload.stream)
    return Kept(name, media_type_of(name, start), size, sha256, upload.content_id, upload.role)
