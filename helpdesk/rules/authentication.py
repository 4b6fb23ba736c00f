"""Whether a mail comes from whom it says, as our own mail exchanger found it (RFC 8601)."""

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_RESULT = re.compile(r"^\s*([a-z][\w-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z]+\.[\w-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)
_METHODS = ("dmarc", "dkim", "spf")
# The property that names the domain each method vouches for.
_VOUCHES = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
_REFUSED = ("fail", "softfail", "hardfail", "permerror", "policy")


def authenticated(values: Sequence[str], authserv: str, from_address: str | None) -> str:
    """ "pass", "fail" or "none"; "" where no mail exchanger of ours is trusted to say (`authserv` is "").

    `values`: of the mail's Authentication-Results fields, the topmost first. Only the first that bears our
    authserv-id counts: whatever stands below it may have come with the mail. DMARC decides; without it
    DKIM or SPF must vouch for the very domain of From, or one above it.
    """
    if not authserv.strip():
        return ""
    ours = next((found for each in values if (found := _results(each, authserv)) is not None), None)
    domain = (from_address or "").rpartition("@")[2].lower()
    if ours is None or not domain:
        return "none"
    for method, result, vouched in ours:
        if method == "dmarc" and result in ("pass", "fail"):
            return "pass" if result == "pass" and _covers(vouched or domain, domain) else "fail"
    if any(result == "pass" and _covers(vouched, domain) for _method, result, vouched in ours):
        return "pass"
    return "fail" if any(result in _REFUSED for _method, result, _vouched in ours) else "none"


def _results(value: str, authserv: str) -> list[tuple[str, str, str]] | None:
    """(method, result, domain it vouches for) of one field; None if it is not by `authserv`."""
    first, *rest = _without_comments(" ".join(value.split())).split(";")
    identity = first.split()
    if not identity or identity[0].strip('"').lower().rstrip(".") != authserv.strip().lower().rstrip("."):
        return None
    found = []
    for each in rest:
        result = _RESULT.match(each)
        if result and result[1].lower() in _METHODS:
            method = result[1].lower()
            said = {name.lower(): text.strip('"') for name, text in _PROPERTY.findall(each)}
            vouched = next((said[name] for name in _VOUCHES[method] if name in said), "")
            found.append((method, result[2].lower(), vouched.rpartition("@")[2].strip("<>.").lower()))
    return found


def _without_comments(value: str) -> str:
    """Comments nest; a method's result inside one is nobody's result."""
    for _depth in range(10):
        value, count = _COMMENT.subn(" ", value)
        if not count:
            break
    return value


def _covers(vouched: str, domain: str) -> bool:
    """Who answers for a domain answers for those below it; never the other way round."""
    return bool(vouched) and "." in vouched and (domain == vouched or domain.endswith(f".{vouched}"))
