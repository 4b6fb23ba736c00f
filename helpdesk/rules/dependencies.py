"""Services that do not work without others: what covers the one covers the other."""

from collections.abc import Iterable

Pair = tuple[int, int]  # (a service, one that it needs)


def those_that_need(named: Iterable[int], pairs: Iterable[Pair]) -> frozenset[int]:
    """Answers the services that do not work without one of `named`, directly or not; the named themselves
    only where they need one another."""
    return _reached(named, [(needs, service) for service, needs in pairs])


def covered(named: Iterable[int], pairs: Iterable[Pair]) -> frozenset[int]:
    """Answers the named services and all that need them."""
    chosen = frozenset(named)
    return chosen | those_that_need(chosen, pairs)


def in_circle(service: int, needs: Iterable[int], pairs: Iterable[Pair]) -> frozenset[int]:
    """Answers which of `needs` the service cannot need, as they need it themselves (directly or not), or are
    it. `pairs` are those of all services; what they say of this one is not looked at."""
    others = [pair for pair in pairs if pair[0] != service]
    return frozenset(needs) & (those_that_need([service], others) | {service})


def _reached(start: Iterable[int], steps: Iterable[Pair]) -> frozenset[int]:
    leads_to: dict[int, list[int]] = {}
    for here, there in steps:
        leads_to.setdefault(here, []).append(there)
    found: set[int] = set()
    ahead = list(start)
    while ahead:
        for there in leads_to.get(ahead.pop(), ()):
            if there not in found:
                found.add(there)
                ahead.append(there)
    return frozenset(found)
