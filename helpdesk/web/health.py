"""/healthz, /readyz and Prometheus /metrics."""

import hmac
import ipaddress
import os
import time
from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import clock
from helpdesk.desk import health, mail_watch
from helpdesk.store.mailboxes import Mailbox
from helpdesk.web.proxies import FORWARDED

bp = Blueprint("health", __name__)

# Own registry: what several processes count is added up from files where PROMETHEUS_MULTIPROC_DIR is set.
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "helpdesk_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "helpdesk_request_seconds",
    "Time to answer.",
    ["route"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Whether work can be done: 503 without the database; a dead queue is said, the clock does its work, and
    so is how late the oldest unfired alarm is, and how much is wrong with mail (the watch page says what)."""
    now = clock.now()
    try:
        found = health.look(now)
    except SQLAlchemyError:
        return jsonify(ready=False, database="unreachable"), 503
    queue = "ok" if found.jobs_queued is not None else "unreachable: the clock does the work itself"
    late = round(_late_seconds(found, now), 1)
    troubles = len(found.mail.troubles)
    return jsonify(
        ready=True, database="ok", queue=queue, oldest_unfired_alarm_seconds=late, mail_troubles=troubles
    ), 200


@bp.get("/metrics")
def metrics() -> Response:
    """For the loopback, or whoever bears HELPDESK_METRICS_TOKEN."""
    if not (_is_loopback() or _bears_token()):
        abort(404)
    counted = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(counted)
    else:
        counted = REGISTRY
    state = CollectorRegistry()
    state.register(_State())
    text = generate_latest(counted) + generate_latest(state)
    return Response(text, mimetype="text/plain; version=0.0.4; charset=utf-8")


class _State:
    """What database and queue say now: the same from whichever process answers."""

    def collect(self) -> list[Metric]:
        now = clock.now()
        found = health.look(now)
        values = {
            "helpdesk_oldest_unfired_alarm_seconds": (
                "How late the oldest unfired alarm is; 0 where none is due.",
                _late_seconds(found, now),
            ),
            "helpdesk_letters_waiting": ("Letters not sent yet.", found.backlog.letters_waiting),
            "helpdesk_letters_failed": ("Letters given up.", found.backlog.letters_failed),
            "helpdesk_mail_waiting": ("Mail not parsed yet.", found.backlog.mail_waiting),
            "helpdesk_mail_quarantined": ("Mail set aside.", found.backlog.mail_quarantined),
            "helpdesk_mail_quarantined_oldest_seconds": (
                "Since when the oldest mail is set aside; 0 where none is.",
                _age(found.mail.quarantine.since, now),
            ),
            "helpdesk_letters_waiting_oldest_seconds": (
                "Since when the oldest letter waits to be sent; 0 where none does.",
                _age(found.mail.unsent.since, now),
            ),
            "helpdesk_letters_stopped": (
                "Whether letters are switched off.",
                int(found.mail.stopped is not None),
            ),
            "helpdesk_mail_troubles": (
                "What is wrong with mail, as the watch page says it.",
                len(found.mail.troubles),
            ),
            "helpdesk_queue_up": ("Whether the queue server answers.", int(found.jobs_queued is not None)),
            "helpdesk_jobs_queued": ("Jobs that wait for a worker.", found.jobs_queued or 0),
        }
        totals = {
            "helpdesk_mail_taken_in": ("Mail taken in.", found.backlog.mail_taken_in),
            "helpdesk_letters_written": ("Letters written.", found.backlog.letters_written),
        }
        return [
            *(GaugeMetricFamily(name, text, value=value) for name, (text, value) in values.items()),
            *(CounterMetricFamily(name, text, value=value) for name, (text, value) in totals.items()),
            *_of_mailboxes(found.mail.mailboxes, now),
        ]


def _of_mailboxes(boxes: Sequence[Mailbox], now: datetime) -> list[Metric]:
    """How long each mailbox that is switched on was not heard, whether its server refuses, when its sign-in
    ends."""
    silent = GaugeMetricFamily(
        "helpdesk_mailbox_silent_seconds", "Since when it was not heard.", labels=["mailbox"]
    )
    faulty = GaugeMetricFamily("helpdesk_mailbox_faulty", "Whether fetching fails.", labels=["mailbox"])
    ends = GaugeMetricFamily(
        "helpdesk_mailbox_sign_in_ends_seconds",
        "Until its sign-in has to be renewed; absent where it does not end.",
        labels=["mailbox"],
    )
    for box in boxes:
        silent.add_metric([box.name], _age(mail_watch.heard_at(box), now))
        faulty.add_metric([box.name], int(bool(box.fault)))
        if box.refresh_expires_at is not None:
            ends.add_metric([box.name], (box.refresh_expires_at - now).total_seconds())
    return [silent, faulty, ends]


def _late_seconds(found: health.Health, now: datetime) -> float:
    """How late the oldest unfired alarm is; 0 where none is due."""
    return _age(found.backlog.oldest_alarm_due_at, now)


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds since then; 0 for None."""
    return (now - since).total_seconds() if since is not None else 0.0


def _is_loopback() -> bool:
    """From this machine itself; behind a proxy on it everyone would be, so forwarded requests are not."""
    if any(header in request.headers for header in FORWARDED):
        return False
    return ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - nobody


def _bears_token() -> bool:
    token = current_app.config["SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def init_app(app: Flask) -> None:
    """Counts every request by its route (never by its path, which may hold a token)."""
    app.before_request(_start)
    app.after_request(_count)


def _start() -> None:
    g.started = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    if "started" in g:
        SECONDS.labels(route).observe(time.perf_counter() - g.started)
    return response
