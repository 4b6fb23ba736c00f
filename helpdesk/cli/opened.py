"""The application on a database that answers and is up to date, for commands that work with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.cli.database import newest_revision, stored_revision
from helpdesk.config import CannotStart, Settings


@contextmanager
def opened(settings: Settings) -> Iterator[None]:
    """Holds the application's context. CannotStart where the database is away or older than this program."""
    if stored_revision(settings.database_url) != newest_revision():
        raise CannotStart("HELPDESK_DATABASE_URL: the database is not up to date; run `helpdesk db upgrade`")
    from helpdesk.core import create_core

    with create_core(settings).app_context():
        yield
