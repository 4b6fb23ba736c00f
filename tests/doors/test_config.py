"""Settings: what is taken, what is refused and in which words, what is kept secret; the README's table."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk.config import SETTINGS, Address, Settings, SettingsError, SmtpServer, load_settings

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {"HELPDESK_DATA": str(tmp_path / "data")}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.bind == Address("127.0.0.1", 8000)
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.data == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/helpdesk.sqlite3"
    assert settings.has_embedded_queue
    assert settings.mail_address == "helpdesk@localhost"
    assert settings.smtp_server is None


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(HELPDESK_\w+)` \| (.+?) \| (.+?) \|$", README.read_text(), re.MULTILINE)
    assert rows == [(each.name, each.default, each.meaning) for each in SETTINGS]


def test_defaults_written_as_numbers_are_the_real_ones(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    literal = {each.name: each.default for each in SETTINGS if re.fullmatch(r"[\w.]+(:\d+)?", each.default)}
    spelled = settings.as_environ()
    assert {name: spelled[name] for name in literal if name != "HELPDESK_TRUSTED_PROXIES"} == {
        name: default for name, default in literal.items() if default != "none"
    }


def test_the_secret_key_is_made_once_and_only_we_may_read_it(environ: dict[str, str]) -> None:
    first = load_settings(environ)
    kept = first.data / "secret-key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert load_settings(environ).secret_key == first.secret_key == kept.read_text()
    assert sorted(each.name for each in first.data.iterdir()) == ["run", "secret-key"]


def test_secrets_do_not_show_in_repr(environ: dict[str, str]) -> None:
    secrets = {
        "HELPDESK_SECRET_KEY": "hush-1" * 8,
        "HELPDESK_DATABASE_URL": "postgresql://desk:hush-2@127.0.0.1/desk",
        "HELPDESK_REDIS_URL": "redis://:hush-3@127.0.0.1/0",
        "HELPDESK_SMTP_URL": "smtp://desk:hush-4@mail.example.org",
        "HELPDESK_METRICS_TOKEN": "hush-5",
        "HELPDESK_HEARTBEAT_URL": "https://watch.example.org/hush-6",
    }
    assert "hush" not in repr(load_settings(environ | secrets))


def test_settings_reach_another_process_unchanged(environ: dict[str, str]) -> None:
    given = {
        "HELPDESK_BIND": "[::1]:9000",
        "HELPDESK_SMTP_URL": "smtps://mail.example.org",
        "HELPDESK_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "HELPDESK_DEMO": "1",
    }
    settings = load_settings(environ | given)
    assert load_settings(settings.as_environ()) == settings
    assert settings.data.name == "demo"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://desk@db.example.org/desk",
        "postgresql://desk@db.example.org/desk",
        "postgresql+psycopg://desk@db.example.org/desk",
    ],
)
def test_postgresql_goes_through_psycopg_however_it_is_written(environ: dict[str, str], url: str) -> None:
    settings = load_settings(environ | {"HELPDESK_DATABASE_URL": url})
    assert settings.database_url == "postgresql+psycopg://desk@db.example.org/desk"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_BIND", "8000"),
        ("HELPDESK_BIND", "127.0.0.1:70000"),
        ("HELPDESK_BASE_URL", "desk.example.org"),
        ("HELPDESK_DATABASE_URL", "mysql://db.example.org/desk"),
        ("HELPDESK_DATABASE_URL", "postgresql://db.example.org"),
        ("HELPDESK_DATABASE_URL", "sqlite://"),
        ("HELPDESK_REDIS_URL", "localhost:6379"),
        ("HELPDESK_SECRET_KEY", "too short"),
        ("HELPDESK_MAIL_BIND", "mail:port"),
        ("HELPDESK_LMTP_BIND", "24"),
        ("HELPDESK_MAIL_TLS_CERT", "/nowhere/mail.crt"),
        ("HELPDESK_MAIL_TLS_KEY", __file__),  # without a certificate
        ("HELPDESK_MAIL_ADDRESS", "the desk"),
        ("HELPDESK_MAIL_ALIASES", "it@example.org, the desk"),
        ("HELPDESK_HEARTBEAT_URL", "watch.example.org/desk"),
        ("HELPDESK_HEARTBEAT_URL", "file:///etc/passwd"),
        ("HELPDESK_SMTP_URL", "mail.example.org:25"),
        ("HELPDESK_SMTP_URL", "smtp://mail.example.org?starttls=perhaps"),
        ("HELPDESK_SMTP_URL", "smtp://mail.example.org:port"),
        ("HELPDESK_MAIL_MAX_BYTES", "25M"),
        ("HELPDESK_UPLOAD_MAX_BYTES", "-1"),
        ("HELPDESK_TRUSTED_PROXIES", "proxy.example.org"),
        ("HELPDESK_WORKERS", "0"),
        ("HELPDESK_WEB_WORKERS", "many"),
        ("HELPDESK_WEB_THREADS", "1.5"),
        ("HELPDESK_BACKUPS_KEPT", "-1"),
        ("HELPDESK_LOG_LEVEL", "LOUD"),
        ("HELPDESK_DEMO", "yes"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    environ: dict[str, str], name: str, value: str
) -> None:
    assert refusal(environ | {name: value}).startswith(f"{name}: ")


def test_a_folder_that_cannot_be_written_names_the_folder(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refusal({"HELPDESK_DATA": str(tmp_path / "file" / "data")})
    assert line.startswith("HELPDESK_DATA: ")
    assert str(tmp_path / "file" / "data") in line


def test_a_password_is_never_sent_in_the_clear_by_default(environ: dict[str, str]) -> None:
    def server(url: str) -> SmtpServer | None:
        return load_settings(environ | {"HELPDESK_SMTP_URL": url}).smtp_server

    host = "mail.example.org"
    assert server(f"smtp://{host}") == SmtpServer(host, 25, None, None, "starttls-if-offered")
    assert server(f"smtp://desk:p%40ss@{host}") == SmtpServer(host, 587, "desk", "p@ss", "starttls")
    assert server(f"smtp://desk:x@{host}:26?starttls=never") == SmtpServer(host, 26, "desk", "x", "none")
    assert server(f"smtps://{host}") == SmtpServer(host, 465, None, None, "tls")


def test_a_variable_counts_more_than_the_settings_file(environ: dict[str, str], tmp_path: Path) -> None:
    lines = "# ours\n\nHELPDESK_WORKERS=3\nexport HELPDESK_MAIL_ADDRESS='desk@example.org'\n"
    (tmp_path / "helpdesk.env").write_text(lines)
    settings = load_settings(environ | {"HELPDESK_WORKERS": "2"})
    assert (settings.workers, settings.mail_address) == (2, "desk@example.org")


def test_a_settings_file_in_the_data_folder_is_read(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "helpdesk.env").write_text("HELPDESK_WORKERS=3\n")
    assert load_settings(environ).workers == 3


def test_a_slip_in_the_settings_file_is_told_with_its_line(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "desk.env").write_text("HELPDESK_WORKERS=3\nHELPDESK_WROKERS=4\n")
    line = refusal(environ | {"HELPDESK_CONFIG": str(tmp_path / "desk.env")})
    assert "line 2" in line
    assert "HELPDESK_WROKERS" in line
    assert refusal(environ | {"HELPDESK_CONFIG": "none.env"}).startswith("HELPDESK_CONFIG: ")


def test_sockets_stay_short_however_long_the_data_folder_is(tmp_path: Path) -> None:
    settings = load_settings({"HELPDESK_DATA": str(tmp_path / ("long" * 25))})
    runtime = settings.runtime
    try:
        assert len(os.fsencode(runtime / "valkey.sock")) <= 107
        assert settings.redis_url == f"unix://{runtime}/valkey.sock"
        assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
        runtime.chmod(0o755)
        assert "not ours alone" in refusal({"HELPDESK_DATA": str(settings.data)})
    finally:
        runtime.rmdir()


@pytest.mark.parametrize("word", ["sla", "oncall", "up"])
def test_light_commands_load_neither_flask_nor_sqlalchemy(word: str) -> None:
    script = f"""if True:
        import sys
        from helpdesk.cli import main
        try:
            main([{word!r}, "--help"])
        except SystemExit:
            pass
        heavy = [name for name in ("flask", "sqlalchemy", "rq", "gunicorn") if name in sys.modules]
        sys.exit(f"loaded {{heavy}}" if heavy else 0)"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_settings_cannot_be_changed(environ: dict[str, str]) -> None:
    settings: Settings = load_settings(environ)
    with pytest.raises(AttributeError):
        settings.workers = 2  # type: ignore[misc]
