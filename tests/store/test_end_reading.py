"""How a transaction ends that has only read, and one that wrote where it should not have."""

import pytest
from flask import Flask
from sqlalchemy import insert, text

from helpdesk.store import db
from helpdesk.store.db import end_reading
from helpdesk.store.skills import Skill


def test_statements_stay_prepared_when_only_reading_has_ended(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite prepares nothing on a server")
    db.engine.dispose()  # connections that earlier tests left in the pool would take turns
    for _ in range(8):  # psycopg prepares what comes again and again
        db.session.query(Skill).filter_by(name="Network").all()
        end_reading()
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM skill%'"
    assert db.session.scalar(text(prepared)) == 1


@pytest.mark.parametrize("how", ["entity", "flushed", "statement"])
def test_what_was_written_outside_a_transaction_is_not_kept(app: Flask, how: str) -> None:
    if how == "statement":
        db.session.execute(insert(Skill).values(name="Network"))
    else:
        db.session.query(Skill).all()
        db.session.add(Skill(name="Network"))
    if how == "flushed":
        db.session.flush()
    end_reading()
    assert db.session.query(Skill).count() == 0
