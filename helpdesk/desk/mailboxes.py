"""The mailboxes that the desk fetches its mail from: how they are reached, with which secrets."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.security import log_event
from helpdesk.outbound import imap, oauth, sealing
from helpdesk.outbound.imap import Failed, Server, Session
from helpdesk.store.db import db, transaction
from helpdesk.store.mailboxes import Mailbox, find_same_mailbox, get_mailbox, list_addresses
from helpdesk.store.names import get_row_for_change

PURPOSE = "mailbox.secrets"
# What a form shows; secrets are asked for beside it and never shown again.
FIELDS = (
    "name",
    "address",
    "host",
    "port",
    "privacy",
    "user",
    "auth",
    "token_url",
    "client_id",
    "scope",
    "folder",
    "is_active",
)
SECRETS = {"password": ("password",), "oauth": ("client_secret", "refresh_token")}
# A changed one would have kept secrets sent to somebody else.
SECRETS_ARE_FOR = ("host", "auth", "token_url")
# What a mailbox is: UIDs say nothing about another one.
IS = ("host", "user", "folder")
TOKEN_SPARE = timedelta(minutes=2)  # it must last for signing in


@dataclass(frozen=True)
class Tried:
    """What a connection showed: how many messages the folder holds and how many of them nobody has read, and
    whether the server tells of new ones by itself (IDLE)."""

    messages: int
    unseen: int
    has_idle: bool


def own_addresses(configured: Collection[str]) -> frozenset[str]:
    """Every address of the desk, in lower case: those of the settings and of its mailboxes."""
    return frozenset((*configured, *list_addresses()))


def state_of(mailbox: Mailbox) -> State:
    """What the form shows: no secret."""
    return {name: getattr(mailbox, name) for name in FIELDS}


def save(
    mailbox_id: int | None, values: State, secrets: Mapping[str, str], by: By, seen: str | None = None
) -> Mailbox:
    """A new mailbox (None), or all about one; whoever fetches it begins anew with what holds now.

    `values`: as state_of. `secrets`: {"password"} or {"client_secret", "refresh_token"}, what was typed;
    empty: as before. With OAuth one of the two is enough: without a refresh token the client asks in its own
    name. Raises ChangedMeanwhile, LookupError, and Refused: name_taken; privacy not_encrypted (allowed on
    this machine alone); token_url not_encrypted or required; client_id required; host, user, folder
    another_mailbox (once it was reached), user already_fetched; password, client_secret required or
    type_again (host, auth or token_url changed, or the kept one cannot be read).
    """
    values = values | {"address": values["address"].lower()}
    with transaction():
        changes.require_free_name(Mailbox, values["name"], mailbox_id)
        mailbox = get_row_for_change(Mailbox, mailbox_id) if mailbox_id else None
        _require_possible(mailbox, values)
        typed = {name: secrets[name] for name in SECRETS[values["auth"]] if secrets.get(name)}
        held = _still_meant(mailbox, values) | typed
        _require_enough(held, mailbox, values["auth"])
        values |= _since(mailbox, values["is_active"], by.now)
        if mailbox is None:
            mailbox = Mailbox(**values, sealed=_sealed(held), last_uid=0, created_at=by.now)
            db.session.add(mailbox)
            db.session.flush()
            changes.log_change(f"mailbox:{mailbox.name}", None, state_of(mailbox), by)
            return mailbox
        changes.apply(mailbox, values, state_of, f"mailbox:{values['name']}", by, seen)
        # The access token may be for another client or scope.
        mailbox.sealed, mailbox.token_expires_at = _sealed(held), None
        if typed:
            _secrets_changed(mailbox, by)
        _let_go(mailbox)
    return mailbox


def switch(mailbox_id: int, on: bool, by: By) -> None:
    """Has it fetched, or no longer. LookupError where there is none, Refused already_fetched."""
    with transaction():
        mailbox = get_row_for_change(Mailbox, mailbox_id)
        values = {"is_active": on} | _since(mailbox, on, by.now)
        if on:
            _require_possible(mailbox, state_of(mailbox) | values)
        changes.apply(mailbox, values, state_of, f"mailbox:{mailbox.name}", by, None)
        _let_go(mailbox)


def try_connection(mailbox_id: int, now: datetime) -> Tried:
    """Signs in at a mailbox that is saved, looks at its folder and leaves it as it is; takes up to a minute.

    Where that works, whoever waits to try again after a fault does so at once. Raises imap.Failed (its code
    says where it ended), LookupError.
    """
    with signed_in(mailbox_id, now) as session:
        folder = session.select()
        tried = Tried(folder.size, len(session.list_unseen()), session.has_idle)
    with transaction():
        mailbox = get_row_for_change(Mailbox, mailbox_id)
        if not mailbox.claimed_by:
            mailbox.claimed_until = None
    return tried


@contextmanager
def signed_in(mailbox_id: int, now: datetime) -> Iterator[Session]:
    """Signed in at the mailbox's server, without a transaction. Raises imap.Failed, LookupError."""
    server = _server(mailbox_id, now)
    with ExitStack() as stack:
        try:
            session = stack.enter_context(imap.session(server))
        except Failed as fault:
            if fault.code != "sign_in" or server.auth != "oauth":
                raise
            # A token may be called back before its end.
            session = stack.enter_context(imap.session(_server(mailbox_id, now, anew=True)))
        yield session


def _server(mailbox_id: int, now: datetime, *, anew: bool = False) -> Server:
    """What it takes to sign in; a token is asked for where the kept one ends (`anew`: in any case)."""
    with transaction():
        mailbox = get_mailbox(mailbox_id)
        shape = {
            name: getattr(mailbox, name) for name in ("host", "port", "privacy", "user", "auth", "folder")
        }
        at = {name: getattr(mailbox, name) for name in ("token_url", "client_id", "scope")}
        ends, secrets = mailbox.token_expires_at, _secrets(mailbox)
    if shape["auth"] == "password":
        return Server(**shape, secret=secrets["password"])
    token = secrets.get("access_token", "")
    if anew or not token or ends is None or ends - TOKEN_SPARE <= now:
        token = _new_token(mailbox_id, at, secrets, now)
    return Server(**shape, secret=token)


def _new_token(mailbox_id: int, at: Mapping[str, str], secrets: Mapping[str, str], now: datetime) -> str:
    """Asks for an access token and keeps it at once: the refresh token that came along may be the only one
    that counts from now on."""
    used = secrets.get("refresh_token", "")
    try:
        grant = oauth.ask(
            at["token_url"], at["client_id"], secrets.get("client_secret", ""), used, at["scope"], now
        )
    except Failed:
        with transaction():
            by_now = _secrets(get_mailbox(mailbox_id))
        if by_now.get("refresh_token", "") == used or not by_now.get("access_token"):
            raise
        return by_now["access_token"]  # another process of ours has just asked, and spent it
    with transaction():
        mailbox = get_row_for_change(Mailbox, mailbox_id)
        by_now = _secrets(mailbox)
        # Else they were typed anew meanwhile.
        if all(by_now.get(name) == secrets.get(name) for name in SECRETS["oauth"]):
            new = {**secrets, "access_token": grant.access_token, "refresh_token": grant.refresh_token}
            mailbox.sealed = _sealed(new)
            mailbox.token_expires_at = grant.expires_at
            mailbox.refresh_expires_at = grant.refresh_expires_at or mailbox.refresh_expires_at
    return grant.access_token


def _require_possible(mailbox: Mailbox | None, values: State) -> None:
    if values["privacy"] == "none" and not _is_this_machine(values["host"]):
        raise Refused("privacy", "not_encrypted")
    if values["auth"] == "oauth":
        for name in ("token_url", "client_id"):
            if not values[name]:
                raise Refused(name, "required")
        if not _is_private(values["token_url"]):
            raise Refused("token_url", "not_encrypted")
    if mailbox is not None and mailbox.uid_validity is not None:
        for name in IS:
            if values[name] != getattr(mailbox, name):
                raise Refused(name, "another_mailbox")
    host, user, folder = (values[name] for name in IS)
    same = find_same_mailbox(host, user, folder, except_id=mailbox.id if mailbox else None)
    if values["is_active"] and same is not None:
        raise Refused("user", "already_fetched", same.name)


def _still_meant(mailbox: Mailbox | None, values: State) -> dict[str, str]:
    """The kept secrets, as far as they are for the same server."""
    if mailbox is None or any(values[name] != getattr(mailbox, name) for name in SECRETS_ARE_FOR):
        return {}
    try:
        return {name: kept for name, kept in _secrets(mailbox).items() if name != "access_token"}
    except Failed:
        return {}


def _require_enough(secrets: Mapping[str, str], mailbox: Mailbox | None, auth: str) -> None:
    if not any(secrets.get(name) for name in SECRETS[auth]):
        raise Refused(SECRETS[auth][0], "required" if mailbox is None else "type_again")


def _since(mailbox: Mailbox | None, on: bool, now: datetime) -> dict[str, Any]:
    """Since when it is switched on; nothing where that does not change."""
    if on == (mailbox is not None and mailbox.is_active):
        return {}
    return {"active_since": now if on else None}


def _let_go(mailbox: Mailbox) -> None:
    """Whoever fetches it notices that it is no longer theirs."""
    mailbox.claimed_by, mailbox.claimed_until = "", None


def _secrets_changed(mailbox: Mailbox, by: By) -> None:
    mailbox.refresh_expires_at = None
    log_event(
        "mailbox_secrets_changed",
        now=by.now,
        actor_id=by.actor_id,
        subject=f"mailbox:{mailbox.name}",
        address=by.address,
    )


def _sealed(secrets: Mapping[str, str]) -> str:
    return sealing.seal(PURPOSE, json.dumps(dict(secrets)))


def _secrets(mailbox: Mailbox) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(sealing.unseal(PURPOSE, mailbox.sealed))
    except sealing.SealedOtherwise:
        raise Failed("sealed_otherwise") from None
    return found


def _is_private(url: str) -> bool:
    """Whether nobody on the way reads what is sent there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
