"""Settings: what HELPDESK_* variables and the optional settings file say, checked before anything starts.

Every setting stands once, in SETTINGS; the README's table is held equal to it by a test.
"""

import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

LONGEST_SOCKET_PATH = 107  # bytes; the kernel's sun_path less its final zero
LONGEST_SOCKET_NAME = len("control.sock.4194304")  # the supervisor's, while it is being made
SHORTEST_SECRET = 32  # characters
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared, never bound to


class CannotStart(Exception):
    """Why a command stops before it starts: one line that says what to mend. Exit status 2."""


class SettingsError(CannotStart):
    """A setting that cannot be used; the line names the variable."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class SmtpServer(NamedTuple):
    """Where letters are handed over, and how the way there is kept private."""

    host: str
    port: int
    user: str | None
    password: str | None
    privacy: Literal["tls", "starttls", "starttls-if-offered", "none"]


@dataclass(frozen=True)
class Settings:
    """One installation's settings, each named as its variable without HELPDESK_, in lower case.

    Its repr shows no secret and no address that may hold one.
    """

    bind: Address
    base_url: str  # without a slash at its end
    data: Path  # absolute; exists and can be written to
    database_url: str = field(repr=False)  # SQLAlchemy's: sqlite:///... or postgresql+psycopg://...
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    mail_bind: Address
    lmtp_bind: Address | None
    mail_tls_cert: Path | None
    mail_tls_key: Path | None
    mail_address: str
    mail_aliases: tuple[str, ...]
    smtp_url: str | None = field(repr=False)
    mail_max_bytes: int
    upload_max_bytes: int
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_token: str | None = field(repr=False)
    heartbeat_url: str | None = field(repr=False)
    workers: int
    web_workers: int
    web_threads: int
    backups_kept: int
    log_level: str
    demo: bool

    @property
    def own_addresses(self) -> frozenset[str]:
        """The desk's mail addresses that are set here, in lower case."""
        return frozenset(each.lower() for each in (self.mail_address, *self.mail_aliases))

    @property
    def smtp_server(self) -> SmtpServer | None:
        """What HELPDESK_SMTP_URL names; None: letters are kept to be read on the letters page."""
        return None if self.smtp_url is None else _smtp_server(self.smtp_url)

    @property
    def runtime(self) -> Path:
        """The folder of the running service's sockets, the same for every command on one data folder."""
        return _runtime_folder(self.data)

    @property
    def has_embedded_queue(self) -> bool:
        """Whether `helpdesk up` brings its own Valkey."""
        return self.redis_url == _embedded_redis_url(self.data)

    def as_environ(self) -> dict[str, str]:
        """Variables that give another process of ours exactly these settings, settings file or not."""
        values = {f"HELPDESK_{each.name.upper()}": getattr(self, each.name) for each in fields(self)}
        return {"HELPDESK_CONFIG": os.devnull} | {name: _as_text(value) for name, value in values.items()}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting: a variable first, then the settings file, then the default.

    Makes the data folder and, where none is given, the secret key kept in it.
    Raises SettingsError, one line, at the first setting that cannot be used.
    """
    given = {name: value.strip() for name, value in {**_settings_file(environ), **environ}.items()}
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = given.get(setting.name, "")
        try:
            values[setting.field] = setting.read(text, values) if text else setting.unset(values)
        except ValueError as error:
            raise SettingsError(f"{setting.name}: {error}") from None
    return Settings(**values)


@dataclass(frozen=True)
class Setting:
    """One row of the README's table, and how the value is read.

    `read` takes the given text, `unset` gives the default; both see the settings read before.
    """

    name: str
    default: str
    meaning: str
    read: Callable[[str, dict[str, Any]], Any]
    unset: Callable[[dict[str, Any]], Any]

    @property
    def field(self) -> str:
        return self.name.removeprefix("HELPDESK_").lower()


def _settings_file(environ: Mapping[str, str]) -> dict[str, str]:
    """The KEY=VALUE lines of HELPDESK_CONFIG, or of a helpdesk.env here or in the data folder."""
    named = environ.get("HELPDESK_CONFIG")
    beside = [Path("helpdesk.env"), Path(environ.get("HELPDESK_DATA") or "data", "helpdesk.env")]
    path = Path(named) if named else next((each for each in beside if each.is_file()), None)
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"HELPDESK_CONFIG: cannot read {path} ({_reason(error)})") from None
    return dict(
        _assignment(path, number, line) for number, line in enumerate(lines, 1) if _says_something(line)
    )


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _assignment(path: Path, number: int, line: str) -> tuple[str, str]:
    """One line of the settings file; a name nobody reads is an error, for it is a slip of the pen."""
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not equals or name not in {setting.name for setting in SETTINGS}:
        raise SettingsError(f"{path}, line {number}: {name!r} is no setting; write HELPDESK_NAME=value")
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return name, value


def _address(text: str, _values: dict[str, Any]) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"write host:port, for example 127.0.0.1:8000, not {text!r}")
    return Address(host, int(port))


def _base_url(text: str, _values: dict[str, Any]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"write the address people type, for example https://desk.example.org, not {text!r}")
    return text.rstrip("/")


def _heartbeat_url(text: str, _values: dict[str, Any]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in text):
        raise ValueError("write the http:// or https:// address that waits for the clock's sign of life")
    return text


def _default_base_url(values: dict[str, Any]) -> str:
    bind: Address = values["bind"]
    return f"http://{Address('localhost', bind.port) if bind.host in ANY_ADDRESS else bind}"


def _data_folder(text: str, values: dict[str, Any]) -> Path:
    """The data folder, made and tried. The demonstration lives in one of its own below it."""
    folder = Path(text).expanduser().absolute()
    if values["demo"] and folder.name != "demo":
        folder /= "demo"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(f"cannot write to {folder} ({_reason(error)}); name another folder") from None
    return folder


def _database_url(text: str, _values: dict[str, Any]) -> str:
    scheme, _, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and urlsplit(text).path.strip("/"):
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and not rest.endswith(("/", ":memory:")):
        return f"sqlite:///{Path(rest[1:]).absolute()}"
    raise ValueError("write postgresql://user:password@host/database or sqlite:////folder/file")


def _redis_url(text: str, _values: dict[str, Any]) -> str:
    parts = urlsplit(text)
    if not (parts.path if parts.scheme == "unix" else parts.scheme in ("redis", "rediss") and parts.hostname):
        raise ValueError("write redis://host:6379/0, rediss://... or unix:///folder/socket")
    return text


def _embedded_redis_url(data: Path) -> str:
    return f"unix://{quote(str(_runtime_folder(data) / 'valkey.sock'))}"


def _runtime_folder(data: Path) -> Path:
    """A folder only we may enter, short enough for a socket: below the data folder, else a temporary one."""
    folder = data / "run"
    if len(os.fsencode(folder)) + 1 + LONGEST_SOCKET_NAME > LONGEST_SOCKET_PATH:
        mark = sha256(os.fsencode(data)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir(), f"helpdesk-{os.getuid()}-{mark}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # A temporary folder is open to all: another account may have taken the name first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise SettingsError(f"HELPDESK_DATA: {folder} is not ours alone; remove it or give it mode 700")
    return folder


def _secret_key(text: str, _values: dict[str, Any]) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"at least {SHORTEST_SECRET} characters; leave it unset to have one made and kept")
    return text


def _kept_secret_key(values: dict[str, Any]) -> str:
    """The key in the data folder, made by whoever comes first and never seen half written."""
    path: Path = values["data"] / "secret-key"
    if not path.exists():
        draft = path.with_name(f"secret-key.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        return _secret_key(path.read_text().strip(), values)
    except OSError as error:
        raise ValueError(f"cannot read {path} ({_reason(error)})") from None


def _mail_address(text: str, _values: dict[str, Any]) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or any(c.isspace() or c in "<>,;" for c in text):
        raise ValueError(f"write one mail address, for example helpdesk@example.org, not {text!r}")
    return text


def _mail_addresses(text: str, values: dict[str, Any]) -> tuple[str, ...]:
    return tuple(_mail_address(part.strip(), values) for part in text.split(",") if part.strip())


def _readable_file(text: str, _values: dict[str, Any]) -> Path:
    path = Path(text).absolute()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"cannot read {path} ({_reason(error)})") from None
    return path


def _certificates_key(text: str, values: dict[str, Any]) -> Path:
    if values["mail_tls_cert"] is None:
        raise ValueError("it belongs to a certificate; name that in HELPDESK_MAIL_TLS_CERT")
    return _readable_file(text, values)


def _default_mail_address(values: dict[str, Any]) -> str:
    host = urlsplit(values["base_url"]).hostname or "localhost"
    return f"helpdesk@{'localhost' if _is_ip(host) else host}"


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _smtp_url(text: str, _values: dict[str, Any]) -> str:
    _smtp_server(text)
    return text


def _smtp_server(url: str) -> SmtpServer:
    """Read smtp://user:password@host:port?starttls=required|optional|never or smtps://... (ValueError).

    A password is never sent in the clear unless `starttls=never` says so: with a user STARTTLS is required.
    """
    parts = urlsplit(url)
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    starttls = parse_qs(parts.query).get("starttls", ["required" if user else "optional"])[-1]
    named = {"required": "starttls", "optional": "starttls-if-offered", "never": "none"}
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or starttls not in named:
        raise ValueError(
            "write smtp://user:password@host:587?starttls=required (optional, never) or smtps://..."
        )
    privacy: Any = "tls" if parts.scheme == "smtps" else named[starttls]
    port = parts.port or (465 if parts.scheme == "smtps" else 587 if user else 25)
    return SmtpServer(parts.hostname, port, user, password, privacy)


def _networks(text: str, _values: dict[str, Any]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"write addresses or networks with commas between them ({error})") from None


def _number(least: int, most: int = 2**40) -> Callable[[str, dict[str, Any]], int]:
    def read(text: str, _values: dict[str, Any]) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"write a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def _log_level(text: str, _values: dict[str, Any]) -> str:
    if text.upper() not in (levels := ("DEBUG", "INFO", "WARNING", "ERROR")):
        raise ValueError(f"write one of {', '.join(levels)}, not {text!r}")
    return text.upper()


def _as_given(text: str, _values: dict[str, Any]) -> str:
    return text


def _yes(text: str, _values: dict[str, Any]) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"write 1 or 0, not {text!r}")
    return text == "1"


def _always(value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda _values: value


def _as_text(value: Any) -> str:
    """A setting's value as its variable would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple) and not isinstance(value, Address):
        return ",".join(str(each) for each in value)
    return str(value)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


# In the order in which they are read: a default may rest on what stands above it.
SETTINGS = (
    Setting(
        "HELPDESK_DEMO",
        "0",
        "1: the example organisation, in the folder `demo` below the data folder; `helpdesk demo` sets it.",
        _yes,
        _always(False),
    ),
    Setting(
        "HELPDESK_BIND",
        "127.0.0.1:8000",
        "Where the pages are served, host:port.",
        _address,
        _always(Address("127.0.0.1", 8000)),
    ),
    Setting(
        "HELPDESK_BASE_URL",
        "http:// and HELPDESK_BIND",
        "The address people type, used in letters and links.",
        _base_url,
        _default_base_url,
    ),
    Setting(
        "HELPDESK_DATA",
        "./data",
        "The data folder: database, attachments, raw mail, backups, secret key.",
        _data_folder,
        lambda values: _data_folder("data", values),
    ),
    Setting(
        "HELPDESK_DATABASE_URL",
        "SQLite, helpdesk.sqlite3 in the data folder",
        "postgresql://user:password@host/database for a PostgreSQL from version 15.",
        _database_url,
        lambda values: f"sqlite:///{values['data'] / 'helpdesk.sqlite3'}",
    ),
    Setting(
        "HELPDESK_REDIS_URL",
        "an embedded Valkey on a unix socket",
        "redis://host:6379/0 for a Redis or Valkey server of yours.",
        _redis_url,
        lambda values: _embedded_redis_url(values["data"]),
    ),
    Setting(
        "HELPDESK_SECRET_KEY",
        "made once, secret-key in the data folder",
        "Signs sessions and links; at least 32 characters, the same on every machine.",
        _secret_key,
        _kept_secret_key,
    ),
    Setting(
        "HELPDESK_MAIL_BIND",
        "127.0.0.1:2525",
        "Where mail is taken in (SMTP), host:port.",
        _address,
        _always(Address("127.0.0.1", 2525)),
    ),
    Setting(
        "HELPDESK_LMTP_BIND",
        "none: no LMTP",
        "Where mail is taken in over LMTP, host:port.",
        _address,
        _always(None),
    ),
    Setting(
        "HELPDESK_MAIL_TLS_CERT",
        "none: no STARTTLS",
        "The certificate (PEM, with its chain) with which mail is taken in over STARTTLS.",
        _readable_file,
        _always(None),
    ),
    Setting(
        "HELPDESK_MAIL_TLS_KEY",
        "none: in the certificate's file",
        "That certificate's private key (PEM).",
        _certificates_key,
        _always(None),
    ),
    Setting(
        "HELPDESK_MAIL_ADDRESS",
        "helpdesk@ and the host of HELPDESK_BASE_URL",
        "The desk's own mail address: letters come from it.",
        _mail_address,
        _default_mail_address,
    ),
    Setting(
        "HELPDESK_MAIL_ALIASES",
        "none: only that one",
        "Further addresses at which mail is taken in, commas between them.",
        _mail_addresses,
        _always(()),
    ),
    Setting(
        "HELPDESK_SMTP_URL",
        "none: letters are read on the letters page",
        "Where letters go: smtp://user:password@host:587?starttls=required (or optional, never), smtps://...",
        _smtp_url,
        _always(None),
    ),
    Setting(
        "HELPDESK_MAIL_MAX_BYTES",
        "36700160",
        "The largest message taken in: attachments of 25 MiB grow by a third on their way.",
        _number(65536),
        _always(35 * 1024**2),
    ),
    Setting(
        "HELPDESK_UPLOAD_MAX_BYTES",
        "26214400",
        "The largest form taken in, attachments and all.",
        _number(65536),
        _always(25 * 1024**2),
    ),
    Setting(
        "HELPDESK_TRUSTED_PROXIES",
        "none",
        "Proxies whose forwarded addresses count: addresses or networks, commas between them.",
        _networks,
        _always(()),
    ),
    Setting(
        "HELPDESK_METRICS_TOKEN",
        "none: /metrics answers the loopback only",
        "Lets /metrics be read from elsewhere with `Authorization: Bearer`.",
        _as_given,
        _always(None),
    ),
    Setting(
        "HELPDESK_HEARTBEAT_URL",
        "none: nobody outside watches",
        "Asked for (GET) once a minute while alarms ring in time: its silence alerts somebody outside.",
        _heartbeat_url,
        _always(None),
    ),
    Setting("HELPDESK_WORKERS", "1", "Worker processes (RQ).", _number(1, 64), _always(1)),
    Setting("HELPDESK_WEB_WORKERS", "2", "Web processes.", _number(1, 64), _always(2)),
    Setting("HELPDESK_WEB_THREADS", "6", "Threads in each web process.", _number(1, 64), _always(6)),
    Setting(
        "HELPDESK_BACKUPS_KEPT",
        "7",
        "Daily backups kept in the data folder; 0: none are made.",
        _number(0, 3660),
        _always(7),
    ),
    Setting("HELPDESK_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", _log_level, _always("INFO")),
)
