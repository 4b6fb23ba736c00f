"""Parts of pages that keep themselves fresh: they ask every few seconds, and mostly nothing has changed."""

import hashlib
from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask import Response, g, make_response, request
from flask_babel import get_locale

from helpdesk.web.frame import viewer_zone


def if_new(facts: object, draw: Callable[[], str]) -> Response:
    """What `draw` makes of these facts; 304 where the reader has it of the same ones, and nothing is drawn.

    Language, zone and day are facts too: the same instants are said otherwise tomorrow.
    """
    zone = viewer_zone()
    all_facts = (facts, str(get_locale()), zone, g.now.astimezone(ZoneInfo(zone)).date())
    response: Response = make_response()
    # Weak: compressed on its way it is the same to its reader, though not byte for byte.
    response.set_etag(hashlib.sha256(repr(all_facts).encode()).hexdigest()[:32], weak=True)
    if response.make_conditional(request).status_code != 304:
        response.set_data(draw())
        response.status_code = 200
    return response
