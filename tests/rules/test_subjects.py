import pytest

from helpdesk.rules.subjects import is_forward_subject, is_reply_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Re: x",
        "RE : x",
        "AW: x",
        "SV: x",
        "Antwort: x",
        "回复：x",
        "答复: x",
        "回覆: x",
        "[EXT] Re[2]: x",
        "Re^2: x",
        "返信：x",
    ],
)
def test_a_reply_is_known_by_its_subject(subject: str) -> None:
    assert is_reply_subject(subject)
    assert not is_forward_subject(subject)


@pytest.mark.parametrize(
    "subject", ["Fwd: x", "FW: Re: x", "WG: x", "TR : x", "RV: x", "转发：x", "轉寄: x", "[EXT] Fw: x"]
)
def test_a_forwarded_mail_is_known_by_its_subject(subject: str) -> None:
    assert is_forward_subject(subject)
    assert not is_reply_subject(subject)


@pytest.mark.parametrize(
    "subject", ["", "Regarding: x", "Forward: x", "x Re: y", "[HD-1] Fwd: x", "回复不了邮件"]
)
def test_other_subjects_are_neither(subject: str) -> None:
    assert not is_reply_subject(subject)
    assert not is_forward_subject(subject)
