"""Files that come with a report or a message."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from helpdesk.desk import search
from helpdesk.rules.media_types import SHOWN, media_type_of
from helpdesk.store.attachments import ROOM, list_earlier_pictures
from helpdesk.store.db import db
from helpdesk.store.files import keep_file
from helpdesk.store.tickets import Attachment, Entry

LONGEST_NAME = 120
_NOT_IN_NAMES = re.compile(
    '[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff<>:"|?*]'
)


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
    """Adds the files to the entry. Inside a transaction.

    A picture of a mail that came with earlier mail of its sender, or twice with this one, is repeated: a logo
    in a signature.
    """
    if not files:
        return
    pictures = [file.sha256 for file in files if entry.door == "mail" and file.media_type in SHOWN]
    seen = list_earlier_pictures(entry, pictures) if pictures else set()
    for file in files:
        is_repeated = file.sha256 in seen and file.role in ("file", "inline")
        if file.sha256 in pictures:
            seen.add(file.sha256)
        db.session.add(
            Attachment(
                ticket_id=entry.ticket_id,
                entry_id=entry.id,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                content_id=file.content_id,
                role="repeated" if is_repeated else file.role,
            )
        )
    db.session.flush()
    search.keep_files(entry, [file.name for file in files if file.role != "formatted"])


def kept_of(entry: Entry) -> list[Kept]:
    """The entry's files once more, for another entry: their bytes lie in the data folder already."""
    return [Kept(a.name, a.media_type, a.size, a.sha256, a.content_id, a.role) for a in entry.attachments]


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
