"""What a delivery report says of a letter of ours (RFC 3464), and what other bounces say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = ("failed", "delayed", "relayed", "expanded", "delivered")  # the gravest first
LONGEST_WORDS = 500  # characters
_ADDRESS = r"[^\s<>@\"',;:()\[\]][^\s<>@\",;:()\[\]]{0,63}@[^\s<>@\"',;:()\[\]]{1,255}"
# Between Chinese words, too; an apostrophe before it quotes it.
_IN_WORDS = r"[A-Za-z0-9!#$%&*+/=?^_`{|}~.-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,63}@[A-Za-z0-9.-]{1,255}"
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")  # RFC 3463
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")  # RFC 5321 4.2
_ENVELOPE = re.compile(
    r"^Original-Envelope-Id[ \t]*:[ \t]*([^\s<>]{3,100})[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]*)[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
# Who sends bounces, and under which subjects, where there is no multipart/report.
_BOUNCER = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|bounces?|mdaemon)\b", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|not (?:be )?delivered|delivery (?:has )?fail|delivery status notification \(failure\)"
    r"|failure notice|returned (?:mail|to sender)|mail delivery fail|delivery problem|non ?remis|unzustellbar"
    r"|nicht zugestellt|no se (?:ha podido|pudo) entregar"
    r"|退信|无法投递|無法投遞|无法送达|無法傳遞|投递失败|未送达",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delay|will (?:be )?retr|still trying|not yet been delivered|verzögert|warning: could not send"
    r"|延迟|延遲",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"(?:user|mailbox|address|recipient|account|domain)\b[^\n]{0,40}\b(?:unknown|not (?:found|exist)"
    r"|unavailable|does(?: not|n['’]?t) exist|rejected|disabled|invalid)"
    r"|no such (?:user|mailbox|address|domain|recipient)|unknown (?:user|address|recipient|mailbox)|permanent"
    r"|不存在|收件人.{0,4}无效",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DeliveryReport:
    """What became of one letter at one address.

    `kind`: failed, delayed, relayed, expanded or delivered (RFC 3464 2.3.3). `status`: as "5.1.1" (RFC 3463),
    "" where the report gives none. `address`: in lower case, None where the report names none. `words`: what
    the other server said, at most LONGEST_WORDS. `message_ids`: which may be our letter's, with brackets.
    """

    kind: str
    status: str
    address: str | None
    words: str
    message_ids: tuple[str, ...] = ()

    @property
    def is_permanent(self) -> bool:
        """Whether writing there again is of no use: it failed, and not only for now."""
        return self.kind == "failed" and self.status.startswith("5")


def read_report(status: str, message_ids: Sequence[str] = ()) -> DeliveryReport | None:
    """What a message/delivery-status says (its text, line ends \\n), of the recipient it went worst for.

    None if it names no action that we know.
    """
    found = []
    envelope = _ENVELOPE.search(status)
    ids = (*message_ids, *([f"<{envelope[1]}>"] if envelope else []))
    for group in re.split(r"\n[ \t]*\n", status.strip()):
        fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(group)}
        kind = fields.get("action", "").partition(" ")[0].strip("; ").lower()
        if kind in KINDS:
            found.append(_of_recipient(kind, fields, ids))
    return min(found, key=lambda each: KINDS.index(each.kind), default=None)


def guess_report(
    from_address: str | None,
    subject: str,
    text: str,
    named: Sequence[str] = (),
    message_ids: Sequence[str] = (),
) -> DeliveryReport | None:
    """What a bounce says that is no multipart/report; None unless its author and its subject or words say
    that it is one. `named`: addresses of X-Failed-Recipients. `text` may hold the returned mail below."""
    if not named and not _BOUNCER.match(from_address or ""):
        return None
    said = f"{subject}\n{text[:4000]}"
    is_delayed = _DELAYED.search(subject) is not None
    if not named and not is_delayed and not _FAILED.search(said):
        return None
    address = next(iter(named), None) or next(
        (each for each in re.findall(_IN_WORDS, text[:4000]) if each.lower() != from_address), None
    )
    words = " ".join(text[:4000].split())[:LONGEST_WORDS]
    status = _status_in(said) or ("5.0.0" if _LASTING.search(said) and not is_delayed else "")
    kind = "delayed" if is_delayed else "failed"
    return DeliveryReport(kind, status, address and address.lower().strip("."), words, tuple(message_ids))


def _of_recipient(kind: str, fields: dict[str, str], message_ids: tuple[str, ...]) -> DeliveryReport:
    # The original recipient is what we wrote to; the final one may lie behind a forwarding.
    for name in ("original-recipient", "final-recipient"):
        address = re.search(_ADDRESS, fields.get(name, "").rpartition(";")[2])
        if address:
            break
    words = fields.get("diagnostic-code", "") or fields.get("x-display-name", "")
    words = re.sub(r"^(?:smtp|x-[\w-]+)\s*;\s*", "", words, flags=re.IGNORECASE)[:LONGEST_WORDS]
    stated = _ENHANCED.search(fields.get("status", ""))
    status = stated[0] if stated else _status_in(words)
    if stated and stated[0] in ("5.0.0", "4.0.0"):  # says nothing; the server's own words may
        status = _status_in(words) or stated[0]
    return DeliveryReport(kind, status, address[0].lower() if address else None, words, message_ids)


def _status_in(words: str) -> str:
    """The enhanced status that the words bear, else their SMTP reply's class as one; "" for none."""
    enhanced = next((each for each in _ENHANCED.findall(words) if each[0] != "2"), "")
    reply = _REPLY.search(words)
    return enhanced or (f"{reply[1]}.0.0" if reply else "")
