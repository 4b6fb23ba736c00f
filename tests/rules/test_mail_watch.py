"""What is wrong with mail: silence by the age of the last success, sign-ins that end, what piles up."""

from datetime import UTC, datetime, timedelta

from helpdesk.rules.mail_watch import Heard, Pile, Trouble, troubles

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE = Pile(0, None)


def found(
    *boxes: Heard, quarantine: Pile = NONE, stuck: Pile = NONE, silent_after: timedelta = HOUR
) -> list[Trouble]:
    return troubles(boxes, quarantine, stuck, silent_after=silent_after, now=NOON)


def test_a_mailbox_may_be_silent_for_as_long_as_the_organisation_says() -> None:
    box = Heard(3, "Support", NOON - HOUR)
    assert found(box) == []
    assert found(box, silent_after=HOUR - timedelta(seconds=1)) == [
        Trouble("silent:3", "mailbox_silent", NOON - HOUR, "Support")
    ]


def test_a_silence_without_an_error_is_one_all_the_same_and_an_error_is_said_with_it() -> None:
    [trouble] = found(Heard(3, "Support", NOON - 2 * HOUR, fault="refused"))
    assert trouble.fault == "refused"
    assert found(Heard(3, "Support", NOON, fault="refused")) == []


def test_a_sign_in_is_a_trouble_from_a_week_before_its_end_on() -> None:
    week = timedelta(days=7)
    assert found(Heard(3, "Support", NOON, NOON + week)) == []
    for ends_at in (NOON + week - timedelta(seconds=1), NOON - HOUR):
        [trouble] = found(Heard(3, "Support", NOON, ends_at))
        assert (trouble.key, trouble.code, trouble.since) == ("sign_in:3", "sign_in_ends", ends_at)


def test_the_quarantine_is_a_trouble_when_it_is_many_or_one_for_days() -> None:
    assert found(quarantine=Pile(24, NOON - HOUR)) == []
    assert [t.count for t in found(quarantine=Pile(25, NOON - HOUR))] == [25]
    assert found(quarantine=Pile(1, NOON - timedelta(days=3))) == []
    assert [t.code for t in found(quarantine=Pile(1, NOON - timedelta(days=3, seconds=1)))] == ["quarantine"]


def test_letters_that_wait_for_an_hour_are_a_trouble_unless_one_address_alone_takes_none() -> None:
    long_ago = NOON - HOUR - timedelta(seconds=1)
    assert found(stuck=Pile(2, NOON - HOUR)) == []
    assert found(stuck=Pile(1, long_ago)) == []
    assert [t.code for t in found(stuck=Pile(2, long_ago))] == ["backlog"]
