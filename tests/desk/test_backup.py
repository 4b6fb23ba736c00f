"""A backup holds everything, is checked before anything is touched, and comes back elsewhere."""

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.desk import tickets
from helpdesk.desk.backup import (
    MANIFEST,
    BadBackup,
    NotEmpty,
    Place,
    backup,
    daily_backup,
    read_backup,
    restore,
)
from helpdesk.store import db, snapshots
from helpdesk.store.attachments import ROOM
from helpdesk.store.files import keep_file
from helpdesk.store.tickets import Ticket
from tests import servers
from tests.conftest import House

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def place(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Place:
    settings = app.config["SETTINGS"]
    if settings.database_url.startswith("postgresql"):
        monkeypatch.setenv("PATH", f"{servers.postgres_bin()}:/usr/bin:/bin")
    return Place(settings.data, settings.database_url, "0.1.0")


@pytest.fixture
def elsewhere(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """An empty installation on another folder and database."""
    environ = {"HELPDESK_DATA": str(tmp_path / "elsewhere"), "HELPDESK_SECRET_KEY": "other " * 8}
    if app.config["SETTINGS"].database_url.startswith("postgresql"):
        environ["HELPDESK_DATABASE_URL"] = servers.new_database(servers.postgres_url())
    other = create_app(load_settings(environ))
    yield other
    with other.app_context():
        db.engine.dispose()


def report(house: House, subject: str) -> Ticket:
    command = tickets.Report(subject=subject, body="It fails.", service_id=house.erp.id)
    return tickets.report(command, house.ana, now=house.now, door="web")


def place_of(app: Flask) -> Place:
    settings = app.config["SETTINGS"]
    return Place(settings.data, settings.database_url, "0.1.0")


def test_a_backup_comes_back_elsewhere_with_rows_files_and_key(
    house: House, place: Place, elsewhere: Flask, tmp_path: Path
) -> None:
    report(house, "kept")
    sha256, _ = keep_file(ROOM, io.BytesIO(b"picture"))
    (place.data / "secret-key").write_text("k" * 40)
    file = tmp_path / "all.tar.gz"
    made = backup(place, file, now=NOW)
    assert made.tables["ticket"] == 1
    assert file.stat().st_mode & 0o777 == 0o600
    target = place_of(elsewhere)
    with elsewhere.app_context():
        assert restore(target, file, replace=False, now=NOW) == made
        assert db.session.scalar(select(Ticket.subject)) == "kept"
        db.session.remove()
    assert (target.data / ROOM / sha256[:2] / sha256).read_bytes() == b"picture"
    assert (target.data / "secret-key").read_text() == "k" * 40
    (place.data / "secret-key").unlink()


def test_a_backup_is_of_one_moment_while_others_write(
    app: Flask, house: House, place: Place, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                report(house, "meanwhile")
                db.session.remove()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        made = [backup(place, tmp_path / f"{n}.tar.gz", now=NOW) for n in range(2)]
    finally:
        stop.set()
        writing.join()
    for n, manifest in enumerate(made):
        assert read_backup(tmp_path / f"{n}.tar.gz") == manifest
        # A report is a ticket, an entry, two targets: never a part of it.
        assert manifest.tables["entry"] == manifest.tables["ticket"]
        assert manifest.tables["target"] == 2 * manifest.tables["ticket"]
    assert made[0].tables["ticket"] <= made[1].tables["ticket"]


def test_restore_refuses_where_there_is_data_and_keeps_it_aside_when_told_to_replace(
    house: House, place: Place, elsewhere: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "all.tar.gz"
    report(house, "first")
    backup(place, file, now=NOW)
    target = place_of(elsewhere)
    with elsewhere.app_context():
        restore(target, file, replace=False, now=NOW)
        with pytest.raises(NotEmpty):
            restore(target, file, replace=False, now=NOW)
        restore(target, file, replace=True, now=NOW)
        assert db.session.scalar(select(Ticket.subject)) == "first"
        db.session.remove()
    if target.database_url.startswith("sqlite"):
        assert (target.data / f"before-restore-{NOW:%Y%m%d-%H%M%S}" / "helpdesk.sqlite3").exists()


Change = Callable[[dict[str, bytes]], None]


def tampered(file: Path, change: Change, link: str | None = None) -> Path:
    """The backup with other members; the manifest is a member, too."""
    with tarfile.open(file) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    change(members)
    other = file.with_name("tampered.tar.gz")
    with tarfile.open(other, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(info)
    return other


def _add(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST])
        manifest["members"][name] = {"sha256": "0" * 64, "size": 1}
        members[MANIFEST] = json.dumps(manifest).encode()
        members[name] = b"x"

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.update(database=members["database"][:-1] + b"?"),
        lambda members: members.pop("database"),
        lambda members: members.pop(MANIFEST),
        lambda members: members.update({MANIFEST: b"[]"}),
        lambda members: members.update({"files/attachments/aa/" + "a" * 64: b"x"}),
        _add("../outside"),
        _add("/tmp/outside"),
        _add("settings/../../outside"),
        _add("files/attachments/../" + "a" * 64),
        _add("settings/authorized_keys"),
    ],
)
def test_a_backup_that_was_changed_is_refused_before_anything_is_touched(
    house: House, place: Place, elsewhere: Flask, tmp_path: Path, change: Change
) -> None:
    file = tmp_path / "all.tar.gz"
    backup(place, file, now=NOW)
    bad = tampered(file, change)
    target = place_of(elsewhere)
    before = sorted(target.data.rglob("*"))
    with elsewhere.app_context(), pytest.raises(BadBackup):
        restore(target, bad, replace=True, now=NOW)
    assert sorted(target.data.rglob("*")) == before


def test_links_and_half_files_are_refused(house: House, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "all.tar.gz"
    backup(place, file, now=NOW)
    assert read_backup(tampered(file, lambda members: None)) == read_backup(file)
    with pytest.raises(BadBackup):
        read_backup(tampered(file, lambda members: None, link="settings/secret-key"))
    half = tmp_path / "half.tar.gz"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BadBackup):
        read_backup(half)
    half.write_bytes(b"nothing of ours")
    with pytest.raises(BadBackup):
        read_backup(half)


def test_as_many_daily_backups_stay_as_are_wanted(house: House, place: Place) -> None:
    for day in range(4):
        daily_backup(place, 2, NOW + timedelta(days=day))
    kept = sorted(path.name for path in (place.data / "backups").iterdir())
    assert kept == ["daily-20260304-020000.tar.gz", "daily-20260305-020000.tar.gz"]
    daily_backup(place, 0, NOW + timedelta(days=9))
    assert len(list((place.data / "backups").iterdir())) == 2
    for path in (place.data / "backups").iterdir():
        path.unlink()


def test_a_postgresql_without_its_programs_is_a_clear_line(
    house: House, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.database_url.startswith("sqlite"):
        pytest.skip("SQLite needs no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(snapshots, "DEBIAN_PROGRAMS", str(tmp_path / "{}"))
    with pytest.raises(snapshots.SnapshotFault, match="pg_dump is not on this machine"):
        backup(place, tmp_path / "all.tar.gz", now=NOW)
    assert list(tmp_path.glob("*.tar.gz")) == []
