"""The service to measure: real processes on a database full of history, and what its tables say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks.sending import DESK
from tests import servers
from tests.stories.service import Service

OPEN_ACCOUNTS = (
    "import os; from helpdesk import clock; from helpdesk.app import create_app;"
    "from helpdesk.config import load_settings; from helpdesk.desk import example\n"
    "with create_app(load_settings(os.environ)).app_context(): example.open_accounts(clock.now())"
)


class House(Service):
    """The service with the example organisation's people, and a look into its database."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        settings = {"HELPDESK_MAIL_ADDRESS": DESK, "HELPDESK_WEB_WORKERS": "2"}
        if database_url:
            settings["HELPDESK_DATABASE_URL"] = database_url
        super().__init__(folder, **settings)
        self.engine = create_engine(database_url or f"sqlite:///{self.data / 'helpdesk.sqlite3'}")

    @property
    def address(self) -> str:
        return self.environ["HELPDESK_BIND"]

    @property
    def mail_address(self) -> tuple[str, int]:
        host, _, port = self.environ["HELPDESK_MAIL_BIND"].rpartition(":")
        return host, int(port)

    def prepare(self, tickets: int) -> None:
        """The database with that many tickets of history, and accounts to sign in with."""
        self.migrate()
        missing = tickets - self.count("SELECT count(*) FROM ticket")
        if missing > 0:
            self._must("-m", "helpdesk", "seed", "--tickets", str(missing), "--seed", "1")
        self._must("-c", OPEN_ACCOUNTS)

    def migrate(self) -> None:
        """The database's tables as they are now."""
        self._must("-m", "helpdesk", "db", "upgrade")

    def ask(self, query: str, **values: object) -> list[str]:
        """The first column of what the query finds."""
        with self.engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(text(query), values)]

    def count(self, query: str, **values: object) -> int:
        return int(self.ask(query, **values)[0])

    def delete_facts(self) -> None:
        """As if there had never been any: `helpdesk figures rebuild` makes all of them."""
        with self.engine.begin() as connection:
            for table in ("fact", "fact_day", "stale_day", "fact_gap"):
                connection.execute(text(f"DELETE FROM {table}"))
        self.tidy()

    def tidy(self) -> None:
        """What a database does by itself in a quiet hour, so that nothing is measured against it."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM ANALYZE"))

    def memory(self) -> int:
        """The proportional set size of all its processes in bytes (without a PostgreSQL server)."""
        return sum(_pss(pid) for pid in self.running())

    def _must(self, *words: str) -> None:
        subprocess.run([sys.executable, *words], env=self.environ, check=True)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def house(folder: Path, backend: str) -> Iterator[House]:
    """The house on an embedded database of that kind, which keeps its promises to the disk."""
    url = servers.new_database(servers.lasting_postgres_url()) if backend == "postgresql" else None
    folder.mkdir(parents=True, exist_ok=True)
    made = House(folder, url)
    try:
        yield made
    finally:
        made.end()
        made.engine.dispose()


def machine() -> str:
    """How large this machine is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GiB of memory, Python {sys.version.split()[0]}"


def table(columns: dict[str, dict[str, str]]) -> str:
    """A column of figures for each database, as Markdown."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(column.get(name, "") for column in columns.values())] for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
