"""What keeps machines from filling in forms that are open to strangers, and asks nothing of people."""

from collections.abc import Mapping
from datetime import timedelta

from flask import g

from helpdesk.outbound import links

TRAP = "website"  # a field that no person sees: what fills it in is a machine
SHOWN = "shown"  # a signed field that says when the form was first shown
QUICKEST = timedelta(seconds=3)  # nobody writes name, address and a sentence in less


def shown_since(typed: Mapping[str, str]) -> str:
    """The signed field for a form that is shown now, or again with what was typed."""
    known = typed.get(SHOWN, "")
    return known if _shown_at(known) is not None else links.sign("form", {"at": g.now.timestamp()})


def is_sprung(form: Mapping[str, str]) -> bool:
    """Whether something has filled in the field that no person sees."""
    return bool(form.get(TRAP))


def is_hurried(form: Mapping[str, str]) -> bool:
    """Whether the form comes back sooner than a person can write, or was never shown (or a day ago). Shown
    again with what was typed, it asks a person for one more click."""
    at = _shown_at(form.get(SHOWN, ""))
    return at is None or g.now.timestamp() - at < QUICKEST.total_seconds()


def _shown_at(token: str) -> float | None:
    try:
        return float(links.read("form", token)["at"])
    except links.BadLink:
        return None
