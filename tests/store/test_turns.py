"""Who writes to SQLite waits for its turn, and hears in the end that there is none."""

import sqlite3
import sys
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from helpdesk.store.db import db, transaction
from tests.conftest import House


def test_a_writer_that_gets_no_turn_is_told_and_gets_one_later(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL lets several write")
    monkeypatch.setattr(sys.modules[transaction.__module__], "WAITS_FOR", 0.1)
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError), transaction():
            house.ana.name = "Ana Maria"
        other.execute("ROLLBACK")
    with transaction():
        house.ana.name = "Ana Maria"
    db.session.expire_all()
    assert house.ana.name == "Ana Maria"
