"""The errands that wake-up jobs ask for. Each finds its work in the database, so that it may run
twice, too late or never: the clock's sweep finds what is left."""

import gc
from collections.abc import Callable
from functools import wraps

from flask import current_app

from helpdesk import clock
from helpdesk.desk import bulk, escalations, failures, passing_on, recompute, window_notices
from helpdesk.intake import receive
from helpdesk.jobs.tellers import tell_beside
from helpdesk.outbound import notices, smtp
from helpdesk.outbound.alarms import taken_up


def spare_collector() -> None:
    """For processes that do errands: thousands of short-lived rows at once are no sign of cycles, and looking
    for those as often as Python does would cost a third of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _errand(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Runs in a context of its own (a session that ends with it), after its flag is down."""

    def decorate(work: Callable[[], None]) -> Callable[[], None]:
        @wraps(work)
        def run() -> None:
            taken_up(name)
            with current_app._get_current_object().app_context():  # type: ignore[attr-defined]
                work()

        return run

    return decorate


@_errand("ring")
def ring_alarms() -> None:
    """Rings every alarm that is due."""
    while escalations.ring(clock.now()).tickets:
        pass


@_errand("send")
def send_letters() -> None:
    """Makes letters of the notices that may go, and sends every letter that waits, until none is left or the
    mail server cannot be reached. Between two batches of maintenance news alarms have their turn."""
    is_more = True
    while is_more:
        notices.gather(clock.now())
        tell_beside()
        has_written = window_notices.write_due(clock.now())
        is_more = bool(smtp.send_waiting(clock.now(), failures.give_up_letter).sent) or has_written


@_errand("recompute")
def recompute_deadlines() -> None:
    """Brings every deadline up to date that a changed window or calendar left behind."""
    last: int | None = 0
    while last is not None:
        last = recompute.recompute(clock.now(), last)


@_errand("bulk")
def carry_out_bulk() -> None:
    """Does what was ordered for many tickets, ticket by ticket."""
    while bulk.carry_out_next(clock.now()):
        pass


@_errand("parse")
def parse_mail() -> None:
    """Understands every mail that waits."""
    while receive.parse_waiting(clock.now()):
        pass


@_errand("pass_on")
def pass_on() -> None:
    """Lets children take over what was done on their parents."""
    passing_on.pass_on(clock.now())
