"""Whether a mail is from whom it says: only our own mail exchanger is believed (RFC 8601, RFC 7489)."""

import pytest

from helpdesk.rules.authentication import authenticated

ANA = "ana@example.org"


def ask(*values: str, authserv: str = "mx.example.org", sender: str | None = ANA) -> str:
    return authenticated(values, authserv, sender)


def test_without_a_trusted_exchanger_nothing_is_said() -> None:
    assert ask("mx.example.org; dmarc=pass", authserv="") == ""


def test_what_another_server_found_counts_for_nothing() -> None:
    assert ask("mx.elsewhere.example; dmarc=pass header.from=example.org") == "none"
    assert ask() == "none"


def test_only_our_topmost_field_counts_for_the_rest_may_have_come_with_the_mail() -> None:
    assert ask("mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass") == "fail"
    assert ask("mx.example.org; spf=none", "mx.example.org; dmarc=pass header.from=example.org") == "none"
    assert ask("other.example; dmarc=fail", "mx.example.org; dmarc=pass") == "pass"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.example.org; dmarc=pass (p=reject) header.from=example.org", "pass"),
        ("MX.example.org. 1; DMARC=Pass header.from=EXAMPLE.org", "pass"),
        (
            "mx.example.org; dmarc=fail (p=none) header.from=example.org; dkim=pass header.d=example.org",
            "fail",
        ),
        ("mx.example.org; dmarc=pass header.from=evil.example", "fail"),
        ("mx.example.org; dkim=pass header.d=example.org; spf=fail smtp.mailfrom=list.example", "pass"),
        ("mx.example.org; dkim=pass header.i=@example.org", "pass"),
        ("mx.example.org; dkim=pass header.d=elsewhere.example", "none"),
        ("mx.example.org; dkim=pass header.d=mail.example.org", "none"),
        ("mx.example.org; spf=pass smtp.mailfrom=ana@example.org", "pass"),
        ("mx.example.org; spf=pass smtp.mailfrom=bounce@elsewhere.example", "none"),
        ("mx.example.org; spf=softfail smtp.mailfrom=ana@example.org", "fail"),
        ("mx.example.org; dkim=fail (bad signature) header.d=example.org", "fail"),
        ("mx.example.org; dmarc=none; spf=none", "none"),
        ("mx.example.org; none", "none"),
        ("mx.example.org; x=y (dmarc=pass header.from=example.org (nested; dkim=pass))", "none"),
        ("mx.example.org; dmarc=bestguesspass header.from=example.org", "none"),
        ("", "none"),
        ("; dmarc=pass", "none"),
    ],
)
def test_what_our_exchanger_found_decides(value: str, expected: str) -> None:
    assert ask(value) == expected


def test_who_answers_for_a_domain_answers_for_those_below_it_and_not_above() -> None:
    assert ask("mx.example.org; dkim=pass header.d=example.org", sender="ana@it.example.org") == "pass"
    assert ask("mx.example.org; dkim=pass header.d=org") == "none"
    assert ask("mx.example.org; dkim=pass header.d=notexample.org", sender="a@example.org") == "none"


def test_a_mail_without_an_author_is_nobodys() -> None:
    assert ask("mx.example.org; dmarc=pass", sender=None) == "none"
