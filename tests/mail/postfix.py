"""A real Postfix on the loopback, in a folder of its own: it brings us mail, and reports on our letters."""

import grp
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mail.peers import free_port, wait_until
from tests.servers import end_with_parent

PROGRAM = "/usr/sbin/postfix"
MASTER_PROGRAM = "/usr/lib/postfix/sbin/master"
MISSING = "NO POSTFIX: its tests did not run. Install the package postfix, and run them as root."
# Everybody's mail but ours goes to a server of the test's; a domain of nobody's comes back.
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mx.example.org
mydestination =
alias_maps =
local_recipient_maps =
smtpd_reject_unlisted_recipient = no
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtp_tls_security_level = none
transport_maps = inline:{{ {{ desk@example.org = {desk} }},
    {{ gone.example.org = error:5.1.1 No such person here }} }}
default_transport = {elsewhere}
message_size_limit = 50000000
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = {lifetime}
bounce_queue_lifetime = 60s
default_destination_concurrency_failed_cohort_limit = 0
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
helpdesk unix - n n - - pipe flags=Rq user=nobody argv={pipe}
"""


@dataclass
class Postfix:
    """One that runs. `port`: where it takes mail from the loopback."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def hand_over(self, content: bytes, sender: str = "ana@example.org", *to: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
            client.sendmail(sender, to or ["desk@example.org"], content)

    def log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="replace")
        return ""

    def finish(self) -> None:
        """Waits until nothing is on its way any more."""
        try:
            wait_until(lambda: not self.has_mail(), "it keeps a message")
        except AssertionError as fault:
            raise AssertionError(self.log()) from fault

    def has_mail(self) -> bool:
        """Whether a message is on its way."""
        queues = [self.folder / "queue" / name for name in ("incoming", "active", "deferred")]
        return any(path.is_file() for queue in queues for path in queue.rglob("*"))


@contextmanager
def postfix(
    *, desk: str, elsewhere: int | None = None, lifetime: str = "1d", pipe: str = "/bin/false"
) -> Iterator[Postfix]:
    """A Postfix on a free port. Skips, or fails in CI, where it is not installed.

    `desk`: the transport that mail for the desk takes; `elsewhere`: the port of whoever takes the rest (None:
    it is thrown away); `lifetime`: for how long it tries; `pipe`: the command of the transport "helpdesk".
    """
    if not Path(PROGRAM).exists() or os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="hd-postfix-", dir="/tmp"))
    folder.chmod(0o755)
    port = free_port()
    conf, queue, data = (folder / name for name in ("conf", "queue", "data"))
    for path in (conf, queue, data):
        path.mkdir()
    shutil.chown(data, pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)
    rest = f"smtp:[127.0.0.1]:{elsewhere}" if elsewhere else "discard:"
    (conf / "main.cf").write_text(MAIN.format(folder=folder, desk=desk, elsewhere=rest, lifetime=lifetime))
    (conf / "master.cf").write_text(MASTER.format(port=port, pipe=pipe))
    subprocess.run([PROGRAM, "-c", str(conf), "check"], check=True)  # makes the queue's folders
    process = subprocess.Popen(
        [MASTER_PROGRAM, "-d", "-c", str(conf)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    running = Postfix(folder, port, process)
    try:
        wait_until(lambda: _answers(running), "Postfix does not answer")
        yield running
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(running: Postfix) -> bool:
    if running.process.poll() is not None:
        raise AssertionError(running.log())
    with suppress(OSError), socket.create_connection(("127.0.0.1", running.port), 1) as connection:
        return connection.recv(3) == b"220"
    return False
