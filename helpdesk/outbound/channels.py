"""Sends messages over channels: chat, push, text messages, through Apprise.

An address of a service bears its tokens. So it is kept sealed, is never shown again nor logged, and names
no file of ours. A message is claimed first and marked sent right after the service took it. Services are
tried by threads of their own (jobs/tellers), with a short patience: a dead one holds up no mail.
"""

import hmac
import logging
import re
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import current_app

from helpdesk.outbound import sealing
from helpdesk.outbound.sending import OnFailure, Patience, Sending, settle
from helpdesk.rules.channels import (
    CODE_DIGITS,
    LONGEST_URL,
    Messenger,
    find_messenger,
    has_refused_argument,
    is_forbidden_host,
)
from helpdesk.store import db
from helpdesk.store.channels import Channel, get_channel
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter, claim_messages, get_letter

log = logging.getLogger(__name__)

CODE_KIND = "channel_code"
PURPOSE = "channel.url"  # of what is sealed
BATCH = 50
ANSWERS_WITHIN = 4.0  # seconds for each word of the service's
CLAIMED_FOR = timedelta(minutes=2)
# A message about an alarm is of no use tomorrow; then its owner gets it by mail.
PATIENCE = Patience(give_up_after=timedelta(minutes=30), longest_wait=timedelta(minutes=16))


class Unusable(Exception):
    """An address that no message can be sent to; `code`: too_long, unknown, not_offered, only_administrators,
    reads_files, this_machine."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(url: str, *, may_hook: bool) -> Messenger:
    """Which service the address is of. Raises Unusable. Nothing is sent.

    `may_hook`: an administrator, who may name any HTTP address. Takes what services call their webhook's
    address (https://hooks...) as well, where Apprise knows it.
    """
    if len(url) > LONGEST_URL:
        raise Unusable("too_long")
    parsed = _parsed(url)
    messenger = find_messenger(str(parsed["schema"]))
    if messenger is None:
        raise Unusable("not_offered")
    if messenger.group == "hook" and not may_hook:
        raise Unusable("only_administrators")
    plugin = _plugin(parsed)
    if is_forbidden_host(str(plugin.host or "")) and not _may_reach_this_machine():
        raise Unusable("this_machine")
    return messenger


def seal(url: str) -> str:
    """The address as it is kept."""
    return sealing.seal(PURPOSE, url)


def new_code(channel_id: int) -> tuple[str, str]:
    """A code, and what is kept of it."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    return code, _code_hash(channel_id, code)


def is_code(channel: Channel, typed: str) -> bool:
    """Whether that is the code which was sent there."""
    return hmac.compare_digest(_code_hash(channel.id, "".join(typed.split())), channel.code_hash)


def send_waiting(now: datetime, on_failure: OnFailure, batch: int = BATCH) -> Sending:
    """Sends messages that wait and are due, whatever their channel. All zero: none is left.

    `on_failure(letter, now)` runs in the transaction that gives a message up.
    """
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    for _ in range(batch):
        with transaction():
            letter_id = next(iter(claim_messages(now, now + CLAIMED_FOR, 1)), None)
        if letter_id is None:
            break
        outcome, fault = _send(get_letter(letter_id))
        with transaction():
            letter = get_letter(letter_id)
            channel = get_channel(letter.channel_id or 0)
            if channel.fault != fault:
                channel.fault = fault
            counts[settle(letter, outcome, fault, now, PATIENCE, on_failure)] += 1
    return Sending(counts["sent"], counts["waiting"], counts["failed"])


def _send(letter: Letter) -> tuple[str, str]:
    """("sent" | "again" | "failed", what went wrong)."""
    channel = get_channel(letter.channel_id or 0)
    if channel.removed_at is not None:
        return "failed", "the channel was removed"
    if channel.verified_at is None and letter.kind != CODE_KIND:
        return "failed", "the channel is not verified"
    try:
        plugin = _plugin(_parsed(_unsealed(channel.sealed_url)))
    except Unusable as fault:
        return "failed", f"the address cannot be used ({fault.code})"
    title, body = letter.subject, letter.text
    db.session.rollback()  # no transaction stays open while a service takes its time
    return _say(plugin, title, body)


def _say(plugin: Any, title: str, body: str) -> tuple[str, str]:
    """Has the service say it. Whatever it stumbles over is told without the words that bear tokens."""
    _attempt.faults = []
    try:
        with _nowhere_forbidden():
            done = plugin.notify(body=body, title=title)
    except Exception as fault:  # plugins of others: one that breaks must not keep the rest from being sent
        return "again", type(fault).__name__
    if done:
        return "sent", ""
    return "again", _without_secrets(" ".join(_attempt.faults), plugin) or "the service did not take it"


def _without_secrets(words: str, plugin: Any) -> str:
    """A fault's words, in case they repeat a part of the address."""
    secret = re.split(r"[/:@?&=\s]+", plugin.url(privacy=False))
    for part in sorted({each for each in secret if len(each) > 5}, key=len, reverse=True):
        words = words.replace(part, "…")
    return re.sub(r"\w+://\S+", "…", words)[:300]


def _parsed(url: str) -> dict[str, Any]:
    """The address as Apprise reads it. Raises Unusable."""
    _apprise()
    from apprise.plugins import url_to_dict

    parsed: dict[str, Any] | None = url_to_dict(url)
    if not parsed or not parsed.get("schema"):
        raise Unusable("unknown")
    if has_refused_argument(
        name for kind in ("qsd", "qsd+", "qsd-", "qsd:") for name in parsed.get(kind) or ()
    ):
        raise Unusable("reads_files")
    return parsed


def _plugin(parsed: dict[str, Any]) -> Any:
    """What speaks with the service, patient only as long as we are. Raises Unusable."""
    apprise = _apprise()
    asset = apprise.AppriseAsset(app_id="Helpdesk", app_desc="Helpdesk", http_redirects=False)
    with _nowhere_forbidden():
        plugin = apprise.Apprise.instantiate(parsed, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise Unusable("unknown")
    # An address may say otherwise.
    plugin.socket_connect_timeout = plugin.socket_read_timeout = ANSWERS_WITHIN
    plugin.redirects, plugin.service_retry, plugin.service_wait = False, 0, 0.0
    plugin.overflow_mode = apprise.OverflowMode.SPLIT  # a long list comes in several messages: nothing is cut
    return plugin


@cache
def _apprise() -> Any:
    """Apprise, loaded with the first channel: 13 MiB. What it logs may bear tokens: nobody else hears it."""
    import apprise

    loud = logging.getLogger("apprise")
    loud.propagate = False
    loud.setLevel(logging.WARNING)
    loud.handlers = [_Faults()]
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # at DEBUG it logs the paths it asks for
    sys.addaudithook(_guard)
    return apprise


class _Attempt(threading.local):
    """What this thread is about: whether it speaks with a service, and what that met with."""

    is_guarded = False

    def __init__(self) -> None:
        self.faults: list[str] = []


_attempt = _Attempt()


class _Faults(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _attempt.faults.append(record.getMessage())


@contextmanager
def _nowhere_forbidden() -> Iterator[None]:
    """Within it, this thread connects to no forbidden address, whatever a name was said to lead to."""
    _attempt.is_guarded = not _may_reach_this_machine()
    try:
        yield
    finally:
        _attempt.is_guarded = False


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: it sees the very address that a socket connects to, which no later answer of a name
    server changes, and whatever library asks for it."""
    if event != "socket.connect" or not _attempt.is_guarded:
        return
    to = arguments[1]
    if not isinstance(to, tuple) or is_forbidden_host(str(to[0])):
        raise PermissionError("no message goes to this machine")


def _may_reach_this_machine() -> bool:
    """False but in tests, whose chat server runs on the loopback."""
    return bool(current_app.config.get("CHANNELS_REACH_LOOPBACK"))


def _unsealed(sealed: str) -> str:
    try:
        return sealing.unseal(PURPOSE, sealed)
    except sealing.SealedOtherwise:  # HELPDESK_SECRET_KEY is another by now
        raise Unusable("sealed_otherwise") from None


def _code_hash(channel_id: int, code: str) -> str:
    return sealing.keyed_hash(f"helpdesk.channel.code\0{channel_id}\0{code}").hex()
