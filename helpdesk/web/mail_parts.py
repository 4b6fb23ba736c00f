"""What a message brought besides its words: what is folded, files and pictures, events, what was left out."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from helpdesk.i18n import say_instant, say_list, say_of, say_size
from helpdesk.rules.lifecycle import is_allowed
from helpdesk.rules.media_types import SHOWN
from helpdesk.store.tickets import Attachment, Entry
from helpdesk.web import mail_words
from helpdesk.web.frame import viewer_zone
from helpdesk.web.invitations import Event, aware, event_of, moment

# Where a mail's text had a picture: Outlook's [cid:...], Gmail's [image: ...], or only what stood for it.
_PICTURE = re.compile(r"\[(?:cid:|image: ?)?([^\[\]\n]{1,200})\]", re.IGNORECASE)
SAID_BY_A_LINK = ("takes_no_part", "had_ended")  # by a line of its own, with the ticket that it answered
_ON_TIME = timedelta(minutes=5)  # a mail's own date as near as this to its receipt says nothing new


@dataclass(frozen=True)
class File:
    """A file by its name, where it is fetched, and its size in words."""

    name: str
    url: str
    size: str


@dataclass(frozen=True)
class Parts:
    """A message as its page shows it. What is for the desk alone stays empty for others.

    `words` and `quoted` have their pictures in place; `pictures` are those without a place in the text,
    `repeated` what came with earlier mails of the sender. `badge`: words and tone, where the sender is not
    proven; `warning`: where it may be forged. `said`: why the mail became what it is. `facts`: pairs of name
    and words.
    """

    words: Markup
    quoted: Markup
    files: list[File]
    pictures: list[File]
    repeated: list[File]
    left_out: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    badge: tuple[str, str] | None = None
    warning: str = ""
    sender: str = ""
    said: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    formatted: str = ""
    original: str = ""
    has_remote: bool = False
    at_once: int = 12  # so many files are shown, the others folded


def parts_of(
    entry: Entry,
    attachments: Iterable[Attachment],
    url_of: Callable[[Attachment], str],
    *,
    for_desk: bool,
) -> Parts:
    """The entry's parts; `url_of` says where a file is fetched by whoever reads."""
    files: dict[str, list[Attachment]] = {"file": [], "inline": [], "repeated": [], "formatted": []}
    for each in attachments:
        # A picture of a kind that no browser gets from us is a file like any other.
        shown = each.role == "formatted" or each.media_type in SHOWN
        files[each.role if shown else "file"].append(each)
    detail = entry.detail
    pictures = Pictures(files["inline"], url_of)
    words, quoted = pictures.into(entry.body), pictures.into(detail.get("quoted", ""))
    common: dict[str, Any] = {
        "words": words,
        "quoted": quoted,
        "files": [_file(a, url_of) for a in files["file"]],
        "pictures": [_file(a, url_of) for a in pictures.left()],
        "repeated": [_file(a, url_of) for a in files["repeated"]],
        "left_out": _left_out(detail.get("left_out")),
        "events": [event_of(each) for each in detail.get("events", ())],
        "notices": _notices(detail),
    }
    is_mail = entry.door == "mail" or entry.raw_mail_id is not None
    return Parts(**common, **(_for_desk(entry, files["formatted"]) if for_desk and is_mail else {}))


def reopenable(entries: Iterable[Entry], state: str) -> int | None:
    """The id of the reporter's last answer to the solution that did not reopen the ticket, which a button
    beside it does; None where there is none or it is not resolved."""
    found = None
    for entry in entries if is_allowed("reopen", state) else ():
        if entry.kind == "resolved":
            found = None
        elif entry.kind == "reporter_replied" and entry.voided_at is None:
            found = entry.id
    return found


class Pictures:
    """Puts inline pictures where a mail's text had them, and knows which found no place."""

    def __init__(self, attachments: list[Attachment], url_of: Callable[[Attachment], str]) -> None:
        self.attachments, self.url_of = attachments, url_of
        self.named = {a.name: a for a in attachments} | {a.content_id: a for a in attachments if a.content_id}
        self.placed: set[int] = set()

    def into(self, text: str) -> Markup:
        """The text in paragraphs as typed, its quoted lines set off, its pictures in place."""
        found = Markup("")
        for is_quoted, lines in groupby(text.split("\n"), lambda line: line.startswith(">")):
            typed = "\n".join(re.sub("^> ?", "", line) if is_quoted else line for line in lines).strip("\n")
            if typed.strip():
                found += _PARAGRAPHS[is_quoted].format(self._with_pictures(typed))
        return found

    def left(self) -> list[Attachment]:
        """The pictures that no text has shown."""
        return [a for a in self.attachments if a.id not in self.placed]

    def _with_pictures(self, text: str) -> Markup:
        found, at = Markup(""), 0
        for mark in _PICTURE.finditer(text) if self.attachments else ():
            picture = self.named.get(mark[1].strip())
            if picture is not None:
                self.placed.add(picture.id)
                found += Markup.escape(text[at : mark.start()]) + self._picture(picture)
                at = mark.end()
        return found + Markup.escape(text[at:])

    def _picture(self, picture: Attachment) -> Markup:
        url = self.url_of(picture)
        return Markup('<a class="shot" href="{}"><img src="{}" alt="{}" loading="lazy"></a>').format(
            url, url, picture.name
        )


_PARAGRAPHS = {
    False: Markup('<p class="typed">{}</p>'),
    True: Markup('<blockquote class="typed">{}</blockquote>'),
}


def _for_desk(entry: Entry, formatted: list[Attachment]) -> dict[str, Any]:
    """What only those read who work tickets: who really wrote it, and why it became what it is."""
    detail, authentication = entry.detail, entry.detail.get("authentication", "")
    badge = mail_words.SENDERS.get(authentication)
    raw, cause = entry.raw_mail_id, detail.get("cause", "")
    return {
        "badge": (str(badge), "late" if authentication == "fail" else "") if badge else None,
        "warning": str(mail_words.SENDERS_AT_LENGTH["fail"]) if authentication == "fail" else "",
        "sender": detail.get("from", ""),
        "said": mail_words.why(cause) if cause not in SAID_BY_A_LINK else "",
        "facts": _facts(detail, entry.at),
        "formatted": url_for("formatted.page", attachment_id=formatted[0].id) if formatted else "",
        "original": url_for("quarantine.show", raw_mail_id=raw) if raw else "",
        "has_remote": bool(formatted) and "remote_pictures" in detail.get("notices", ()),
    }


def _facts(detail: Mapping[str, Any], received_at: datetime) -> list[tuple[str, str]]:
    said = moment(detail.get("dated"))
    dated = aware(said) if isinstance(said, datetime) else received_at
    authentication = detail.get("authentication", "")
    checked = mail_words.SENDERS_AT_LENGTH.get(authentication) if authentication != "fail" else None
    facts = [
        (_("Its subject"), detail.get("subject", "")),
        (_("Dated"), say_instant(dated, viewer_zone()) if abs(dated - received_at) > _ON_TIME else ""),
        (_("Sender"), str(checked) if checked else ""),
        (_("Copied in"), say_list(detail.get("copied", ()))),
    ]
    return [(name, text) for name, text in facts if text]


def _file(attachment: Attachment, url_of: Callable[[Attachment], str]) -> File:
    return File(attachment.name, url_of(attachment), say_size(attachment.size))


def _left_out(found: Any) -> list[str]:
    """What did not fit, a line each; of mails that came long ago only how many are known."""
    if isinstance(found, int) and found:
        return [ngettext("%(num)d part", "%(num)d parts", found)]
    said = []
    for each in found or ():
        name = each.get("name") or _("a file without a name")
        sized = _("%(name)s (%(size)s)", name=name, size=say_size(each["size"])) if each.get("size") else name
        reason = mail_words.LEFT_OUT.get(each.get("why", ""))
        said.append(say_of(sized, str(reason)) if reason else sized)
    return said


def _notices(detail: Mapping[str, Any]) -> list[str]:
    """A calendar that is shown as an event, and pictures that have a button, need no sentence."""
    needless = {"remote_pictures"} | ({"calendar"} if detail.get("events") else set())
    codes = [code for code in detail.get("notices", ()) if code not in needless]
    return [str(mail_words.NOTICES.get(code, code)) for code in codes]
