"""Whether a person wrote a mail, or a program: what programs wrote is filed quietly (RFC 3834)."""

import re
from collections.abc import Collection

from helpdesk.rules.threading import INSTANCE_HEADER, Head, is_ours

_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|out of office|abwesenheitsnotiz|automatische antwort"
    r"|自动回复|自動回覆|自動回復)\s*[:：]",
    re.IGNORECASE,
)
_VENDOR_HEADERS = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply")


def why_automatic(head: Head, own: Collection[str], instance: str) -> str | None:
    """The code of the first sign that no person wrote it, or None (RFC 3834 and the vendors' headers).

    "own_loop": it is ours, by our instance header or our address.
    """
    said = {name: value.strip().lower() for name, value in head.headers.items()}
    if said.get(INSTANCE_HEADER.lower()) == instance.lower():
        return "own_loop"
    if head.from_address and is_ours(head.from_address, own):
        return "own_loop"
    if head.is_report:
        return "delivery_report"
    if said.get("auto-submitted", "no").partition(";")[0].strip() != "no":
        return "auto_submitted"
    if head.sender == "" or said.get("return-path") == "<>":
        return "null_return_path"
    if said.get("x-auto-response-suppress", "none") != "none":
        return "auto_response_suppress"
    if said.get("precedence") in ("bulk", "list", "junk", "auto_reply"):
        return "precedence"
    if "list-id" in said:
        return "mailing_list"
    if any(said.get(name, "no") not in ("no", "false", "") for name in _VENDOR_HEADERS):
        return "automatic_reply"
    if INSTANCE_HEADER.lower() in said:  # another desk like this one
        return "other_desk"
    return "automatic_reply" if _AUTOMATIC_SUBJECT.match(head.subject) else None
