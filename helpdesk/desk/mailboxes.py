"""The mailboxes that the desk fetches its mail from."""

from collections.abc import Collection

from helpdesk.store.mailboxes import list_addresses


def own_addresses(configured: Collection[str]) -> frozenset[str]:
    """Every address of the desk, in lower case: those of the settings and of its mailboxes."""
    return frozenset((*configured, *list_addresses()))
