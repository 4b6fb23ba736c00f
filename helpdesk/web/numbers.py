"""Numbers as addresses and forms say them: text of strangers, who write anything there."""

from flask import request


def id_of(given: str | None) -> int | None:
    """A number up to what fits into a database's integer; None for anything else."""
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 10 else None


def page_given(last: int) -> int:
    """Which page the address asks for, from 1 to `last`."""
    return min(max(request.args.get("page", 1, int), 1), last)


def last_seen() -> int | None:
    """The id of the last entry on the page as it was loaded (its hidden field `seen`)."""
    seen = request.form.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None
