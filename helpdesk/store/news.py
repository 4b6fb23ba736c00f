"""How much waits for somebody, as every page says it beside the bell and in the rail."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, select

from helpdesk.rules.access import Asker, may
from helpdesk.store.db import db
from helpdesk.store.mail import select_quarantined
from helpdesk.store.notices import RINGS_FOR, select_unseen
from helpdesk.store.participants import select_words_followed
from helpdesk.store.tickets import anybody_like, values_of

MOST_COUNTED = 100
# In the order of News, what each is open to.
ACTIONS = ("mail.see", "ticket.see", "alarm.hear")


class News(NamedTuple):
    """Mail set aside; messages on tickets that somebody follows, and alarms, that they have not seen (of both
    MOST_COUNTED are counted). 0 of what is not for them."""

    aside: int
    words: int
    alarms: int


def count_news(asker: Asker, seen_at: datetime, now: datetime) -> News:
    """What waits for the asker, who looked at their bell at `seen_at`: one statement. Of tickets that they
    may no longer see it counts nothing."""
    wanted = tuple(may(asker, action) for action in ACTIONS)
    if not any(wanted):
        return News(0, 0, 0)
    asked = values_of(asker) | {"since": seen_at, "rings_since": now - RINGS_FOR}
    return News(*db.session.execute(_query(anybody_like(asker), wanted), asked).one())


@lru_cache(maxsize=32)
def _query(asker: Asker, wanted: tuple[bool, ...]) -> Select[Any]:
    counted = (
        select_quarantined(),
        select_words_followed(asker).limit(MOST_COUNTED),
        select_unseen(asker).limit(MOST_COUNTED),
    )
    return select(
        *(
            select(func.count()).select_from(each.subquery()).scalar_subquery() if is_wanted else literal(0)
            for each, is_wanted in zip(counted, wanted, strict=True)
        )
    )
