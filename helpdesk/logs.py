"""Logs: one JSON object a line, with the request's id and without secrets."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import g, has_request_context, request

# What a record bears beyond its message; nothing else gets into a line by accident.
EXTRAS = ("request_id", "route", "method", "status", "milliseconds", "ticket", "errand")


class JsonLines(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, and what it bears."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = g.get("request_id", "")
            line["route"] = request.url_rule.rule if request.url_rule else ""
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Sends every log to standard error as JSON lines; called once by each process of the service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # They tell at INFO what the errands log already says.
    for chatty in ("rq", "alembic", "mail.log", "gunicorn.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
