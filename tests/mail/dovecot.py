"""A real Dovecot on the loopback, in a folder of its own and without root; and a server that gives tokens."""

import getpass
import grp
import imaplib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.mail.peers import free_port, wait_until
from tests.mail.test_starttls import write_certificate

PROGRAM = "/usr/sbin/dovecot"
MISSING = "NO DOVECOT: the IMAP tests did not run. Install the package dovecot-imapd."
NOBODY = 65534
PASSWORD = "correct horse"
PLAN = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {account}
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{folder}/mail.crt
ssl_key = <{folder}/mail.key
disable_plaintext_auth = {only_private}
auth_mechanisms = plain login {oauth_mechanism}
auth_failure_delay = 0
{oauth}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
protocol imap {{
  {imap}
}}
"""
OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
OAUTH_PLAN = """
introspection_mode = get
introspection_url = {tokens}/introspect?token=
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """A server that runs. Users: "desk" and "second", with PASSWORD."""

    folder: Path
    port: int
    tls_port: int
    process: "subprocess.Popen[bytes]"

    @contextmanager
    def client(self, user: str = "desk") -> Iterator[imaplib.IMAP4]:
        """Somebody else who is signed in at the mailbox."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as client:
            client.login(user, PASSWORD)
            yield client

    def deliver(
        self,
        content: bytes,
        *,
        user: str = "desk",
        folder: str = "INBOX",
        flags: str = "",
        at: datetime | None = None,
    ) -> None:
        """Puts a message into a folder, as if it had come at that instant."""
        date = imaplib.Time2Internaldate(at) if at else None
        with self.client(user) as client:
            answer = client.append(folder, flags, date, content)
        assert answer[0] == "OK", answer

    def unseen(self, user: str = "desk", folder: str = "INBOX") -> int:
        with self.client(user) as client:
            client.select(folder, readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())

    def files(self, user: str = "desk") -> list[Path]:
        """The messages of the inbox as they lie on the disk."""
        box = self.folder / "mail" / user
        return sorted(path for part in ("cur", "new") for path in (box / part).glob("*"))

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def dovecot(
    *, tokens: str = "", only_private: bool = False, imap: str = "", port: int | None = None
) -> Iterator[Dovecot]:
    """A Dovecot on free ports. `tokens`: the address of a server that knows the tokens of XOAUTH2; `imap`:
    further settings of its IMAP. Skips, or fails in CI, where Dovecot is not installed."""
    if not Path(PROGRAM).exists():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="hd-", dir="/tmp"))
    is_root = os.geteuid() == 0
    uid, gid = (NOBODY, NOBODY) if is_root else (os.getuid(), os.getgid())
    account, group = ("nobody", "nogroup") if is_root else (getpass.getuser(), grp.getgrgid(gid).gr_name)
    port, tls_port = port or free_port(), free_port()
    write_certificate(folder, "localhost")
    (folder / "mail").mkdir()
    (folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in ("desk", "second")))
    (folder / "oauth2.conf").write_text(OAUTH_PLAN.format(tokens=tokens))
    (folder / "dovecot.conf").write_text(
        PLAN.format(
            folder=folder,
            account=account,
            group=group,
            uid=uid,
            gid=gid,
            port=port,
            tls_port=tls_port,
            only_private="yes" if only_private else "no",
            oauth_mechanism="xoauth2 oauthbearer" if tokens else "",
            oauth=OAUTH.format(folder=folder) if tokens else "",
            imap=imap,
        )
    )
    if is_root:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    process = subprocess.Popen(
        [PROGRAM, "-F", "-c", str(folder / "dovecot.conf")],
        **({"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root else {}),
    )
    running = Dovecot(folder, port, tls_port, process)
    try:
        wait_until(lambda: _answers(running), "Dovecot does not answer")
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(running: Dovecot) -> bool:
    if running.process.poll() is not None:
        raise AssertionError(running.log())
    with suppress(OSError), socket.create_connection(("127.0.0.1", running.port), 1) as connection:
        return bool(connection.recv(1))
    return False


@dataclass
class TokenServer:
    """Gives access tokens and tells Dovecot whose they are. Each refresh token counts once."""

    url: str = ""
    refresh_token: str = "refresh-1"
    lasts: int = 3600
    is_granting: bool = True
    live: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)

    def grant(self, asked: dict[str, str]) -> tuple[int, dict[str, object]]:
        """The answer to a request for a token (RFC 6749 5)."""
        self.asked.append(asked)
        is_own = asked["grant_type"] == "client_credentials" and asked.get("client_secret") == "client secret"
        if not self.is_granting or not (is_own or asked.get("refresh_token") == self.refresh_token):
            return 400, {"error": "invalid_grant", "error_description": "The token was called back."}
        token = f"access-{len(self.asked)}"
        self.live.add(token)
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts}
        if not is_own:
            self.refresh_token = f"refresh-{len(self.asked) + 1}"
            answer |= {"refresh_token": self.refresh_token, "refresh_token_expires_in": 86400}
        return 200, answer


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """A server of tokens on the loopback."""
    tokens = TokenServer()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            words = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*tokens.grant(dict(urllib.parse.parse_qsl(words))))

        def do_GET(self) -> None:
            token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("token", [""])[0]
            if token in tokens.live:
                self.answer(200, {"active": "true", "username": "desk"})
            else:
                self.answer(200, {"active": "false"})

        def answer(self, status: int, words: dict[str, object]) -> None:
            content = json.dumps(words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    tokens.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
