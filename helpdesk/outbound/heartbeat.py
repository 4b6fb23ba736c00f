"""A sign of life to somebody outside: when it stops coming, they alert whoever looks after the machine."""

import http.client
import urllib.request

TIMEOUT = 5.0  # seconds


class Unheard(Exception):
    """Nobody took the sign of life; why."""


def beat(url: str) -> None:
    """Asks for the address once (GET). Raises Unheard where nothing answers, or not with a success."""
    request = urllib.request.Request(url, headers={"User-Agent": "Helpdesk"})  # noqa: S310 - http(s), see config
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
            pass
    except (OSError, http.client.HTTPException) as fault:
        raise Unheard(str(fault) or type(fault).__name__) from fault
