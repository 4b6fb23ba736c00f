"""The only reading of the wall clock; doors call it and pass `now` on."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant as an aware UTC datetime, to the microsecond."""
    return datetime.now(UTC)
