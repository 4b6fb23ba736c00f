import pytest

from helpdesk.rules.automatic import why_automatic
from helpdesk.rules.threading import Head

DESK = frozenset({"desk@example.org"})


def head(**given: object) -> Head:
    plain: dict[str, object] = {
        "from_address": "ana@example.org",
        "sender": "ana@example.org",
        "recipients": tuple(DESK),
        "subject": "Printer",
        "headers": {},
    }
    return Head(**(plain | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"headers": {"x-helpdesk-instance": "ours"}}, "own_loop"),
        ({"headers": {"x-helpdesk-instance": "another"}}, "other_desk"),
        ({"from_address": "desk+1-aaaa@example.org"}, "own_loop"),
        ({"headers": {"auto-submitted": "auto-replied; owner-email=x"}}, "auto_submitted"),
        ({"headers": {"auto-submitted": "no"}}, None),
        ({"headers": {"x-auto-response-suppress": "OOF"}}, "auto_response_suppress"),
        ({"headers": {"precedence": "Bulk"}}, "precedence"),
        ({"headers": {"precedence": "first-class"}}, None),
        ({"headers": {"list-id": "<team.example.org>"}}, "mailing_list"),
        ({"headers": {"x-autoreply": "yes"}}, "automatic_reply"),
        ({"sender": ""}, "null_return_path"),
        ({"sender": None}, None),
        ({"headers": {"return-path": "<>"}}, "null_return_path"),
        ({"is_report": True}, "delivery_report"),
        ({"subject": "自动回复: 出差"}, "automatic_reply"),
        ({"subject": "自动回复坏了"}, None),
        ({}, None),
    ],
)
def test_each_sign_of_automatic_mail_is_known(given: dict[str, object], cause: str | None) -> None:
    assert why_automatic(head(**given), DESK, "ours") == cause
