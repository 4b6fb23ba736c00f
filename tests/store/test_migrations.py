"""The migrations build exactly what the models say, on both databases, and come down again."""

from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from helpdesk.config import load_settings
from helpdesk.core import create_migrating
from helpdesk.store import db
from tests import servers
from tests.conftest import BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_migrations_build_what_the_models_say(backend: str, tmp_path: Path) -> None:
    environ = {"HELPDESK_DATA": str(tmp_path), "HELPDESK_REDIS_URL": "redis://127.0.0.1:1/0"}
    if backend == "postgresql":
        environ["HELPDESK_DATABASE_URL"] = servers.new_database(servers.postgres_url())
    app = create_migrating(load_settings(environ))
    with app.app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, db.metadata) == []
        flask_migrate.downgrade(revision="base")
        assert inspect(db.engine).get_table_names() in (["alembic_version"], [])
        db.engine.dispose()
