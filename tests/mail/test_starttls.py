"""STARTTLS (RFC 3207) with certificates of our own making."""

import smtplib
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from tests.conftest import House
from tests.mail.peers import SERVE, environ, large_mail, listening, mail, rows, send

pytestmark = pytest.mark.processes


def write_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of that name and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "mail.crt", folder / "mail.key"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_path, key_path


def shown(port: int, trusted: Path) -> smtplib.SMTP:
    """A session over TLS with a server whose name and certificate are looked at."""
    client = smtplib.SMTP("127.0.0.1", port, timeout=30)
    client._host = "mail.example.org"  # type: ignore[attr-defined] # the name that is asked for and checked
    client.ehlo()
    assert client.has_extn("starttls")
    client.starttls(context=ssl.create_default_context(cafile=str(trusted)))
    client.ehlo()
    assert not client.has_extn("starttls")
    assert not client.has_extn("auth")
    return client


def test_mail_comes_over_tls_and_as_before_without(app: Flask, house: House, tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "mail.example.org")
    content = large_mail(900_000)
    with listening(app, HELPDESK_MAIL_TLS_CERT=str(cert), HELPDESK_MAIL_TLS_KEY=str(key)) as at:
        with shown(at.port, cert) as client:
            client.sendmail("ana@example.org", ["desk@example.org"], content)
        send(at.port, mail(number=2))
    assert [row.size for row in rows()] == [len(content), len(mail())]


def test_a_renewed_certificate_is_shown_without_a_new_start(app: Flask, house: House, tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "mail.example.org")
    with listening(app, HELPDESK_MAIL_TLS_CERT=str(cert), HELPDESK_MAIL_TLS_KEY=str(key)) as at:
        shown(at.port, cert).quit()
        write_certificate(tmp_path, "mail.example.org")
        shown(at.port, cert).quit()
        (trusted := tmp_path / "trusted.crt").write_bytes(cert.read_bytes())
        cert.write_text("half a certificate")
        shown(at.port, trusted).quit()


def test_a_certificate_that_cannot_be_used_is_named_at_the_start(
    app: Flask, house: House, tmp_path: Path
) -> None:
    (broken := tmp_path / "broken.crt").write_text("no certificate")
    program = f"{SERVE}serve.run(create_core(load_settings(os.environ)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ(app, HELPDESK_MAIL_TLS_CERT=str(broken)),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"CannotStart: HELPDESK_MAIL_TLS_CERT: cannot use {broken}".encode() in done.stderr
