"""Channels: verified before they count, sealed, kept away from this machine, and never in the way of mail."""

import logging
import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from helpdesk.desk import channels, failures, leavers
from helpdesk.desk.changes import By
from helpdesk.desk.channels import Owner
from helpdesk.desk.sign_in import Throttled
from helpdesk.jobs import tasks
from helpdesk.outbound import channels as outbound
from helpdesk.outbound.channels import Unusable
from helpdesk.outbound.notices import gather
from helpdesk.outbound.sending import Sending
from helpdesk.store import db
from helpdesk.store.channels import Channel, list_reaches, list_team_channels
from helpdesk.store.letters import Letter, list_seen_letters
from helpdesk.store.security import SecurityEvent
from helpdesk.store.tickets import Entry
from tests.chat import Chat
from tests.conftest import MONDAY_9, House
from tests.outbound.test_notices import reported, told
from tests.outbound.test_smtp import Server
from tests.outbound.test_smtp import server as server  # the fixture
from tests.stories.service import wait_until

MINUTE = timedelta(minutes=1)


def send(at: datetime = MONDAY_9) -> Sending:
    return outbound.send_waiting(at, failures.give_up_letter)


def by(house: House, at: datetime = MONDAY_9) -> By:
    return By(at, house.bo.id)


def added(house: House, chat: Chat, at: datetime = MONDAY_9, owner: Owner | None = None) -> Channel:
    owner = owner or Owner(person_id=house.bo.id)
    return channels.add(owner, "My phone", chat.url("room?token=s3cretword"), by=by(house, at), may_hook=True)


def verified(house: House, chat: Chat, owner: Owner | None = None) -> Channel:
    channel = added(house, chat, owner=owner)
    send()
    assert channels.verify(channel.id, code_in(chat), by=by(house)) == "verified"
    chat.said.clear()
    return channel


def code_in(chat: Chat) -> str:
    found = re.search(r"\b\d{6}\b", f"{chat.said[-1]['title']} {chat.said[-1]['message']}")
    assert found is not None
    return found[0]


def letters(kind: str) -> list[Letter]:
    db.session.rollback()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def test_a_channel_counts_once_its_owner_has_typed_the_code_that_came_there(house: House, chat: Chat) -> None:
    channel = added(house, chat)
    assert list_reaches({house.bo.id})[house.bo.id].channels == ()
    assert send() == Sending(sent=1)
    assert (
        channels.verify(channel.id, f" {code_in(chat)[:3]} {code_in(chat)[3:]}", by=by(house)) == "verified"
    )
    assert list_reaches({house.bo.id})[house.bo.id].channels == (channel.id,)
    whats = [event.what for event in db.session.query(SecurityEvent).order_by(SecurityEvent.id)]
    assert whats == ["channel_added", "channel_verified"]


def test_nothing_but_the_code_goes_to_a_channel_that_is_not_verified(house: House, chat: Chat) -> None:
    channel = added(house, chat)
    send()
    chat.said.clear()
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    assert send() == Sending(failed=1)
    assert chat.said == []
    assert letters("escalated")[0].fault == "the channel is not verified"


def test_a_code_lasts_fifteen_minutes_and_five_tries(house: House, chat: Chat) -> None:
    channel = added(house, chat)
    send()
    code = code_in(chat)
    wrong = "000000" if code != "000000" else "000001"
    assert channels.verify(channel.id, code, by=by(house, MONDAY_9 + 15 * MINUTE)) == "expired"
    tries = [channels.verify(channel.id, wrong, by=by(house)) for _ in range(5)]
    assert tries == ["wrong"] * 4 + ["spent"]
    assert channels.verify(channel.id, code, by=by(house)) == "spent"
    channels.send_code(channel.id, by=by(house, MONDAY_9 + MINUTE))
    send(MONDAY_9 + MINUTE)
    assert channels.verify(channel.id, code_in(chat), by=by(house, MONDAY_9 + MINUTE)) == "verified"


def test_codes_cannot_be_had_without_end(house: House, chat: Chat) -> None:
    channel = added(house, chat)
    for _ in range(2):
        channels.send_code(channel.id, by=by(house))
    with pytest.raises(Throttled):
        channels.send_code(channel.id, by=by(house))
    with pytest.raises(Throttled):
        added(house, chat)


def test_an_alarm_reaches_a_verified_channel_with_all_that_matters(house: House, chat: Chat) -> None:
    channel = verified(house, chat)
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    assert send() == Sending(sent=1)
    (said,) = chat.said
    assert said["title"] == "[HD-1] Major: Down"
    for words in (
        "HD-1 has no answer yet.",
        "Service: ERP",
        "Mon 2 Mar, 11:00",
        "http://desk.example.org/alarm/",
    ):
        assert words in said["message"]
    assert letters("escalated")[0].state == "sent"
    assert send() == Sending()


def test_the_address_is_sealed_and_in_no_log(
    house: House, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = verified(house, chat)
    chat.answers = [500]
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    assert send() == Sending(again=1)
    db.session.refresh(channel)
    assert "500" in channel.fault
    for place in (
        channel.sealed_url,
        channel.fault,
        caplog.text,
        str([e.detail for e in db.session.query(SecurityEvent)]),
    ):
        assert "s3cretword" not in place
        assert "/room" not in place


def test_a_service_that_fails_is_tried_again_later_each_time_and_then_its_owner_gets_mail(
    house: House, chat: Chat
) -> None:
    channel = verified(house, chat)
    chat.answers = [503] * 6
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    tries = [minute for minute in range(40) if send(MONDAY_9 + minute * MINUTE) != Sending()]
    assert tries == [0, 1, 3, 7, 15, 30]
    assert letters("escalated")[0].state == "failed"
    (mail,) = letters("channel_failed")
    assert (mail.to_address, mail.channel_id) == ("bo@example.org", None)
    assert "An answer is due by Mon 2 Mar, 11:00" in mail.text
    assert db.session.query(Entry).filter_by(kind="letter_failed").one().detail["to"] == "My phone"
    db.session.refresh(channel)
    assert channel.fault


def test_whoever_stands_in_for_an_owner_without_mail_gets_no_link_that_acts_for_them(
    house: House, chat: Chat
) -> None:
    channel = verified(house, chat)
    house.bo.addresses.clear()
    db.session.commit()
    chat.answers = [503] * 6
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    for minute in (0, 1, 3, 7, 15, 30):
        send(MONDAY_9 + minute * MINUTE)
    (mail,) = letters("channel_failed")
    assert mail.to_address == "eli@example.org"
    assert "/alarm/…" in mail.text


def test_what_goes_well_again_clears_the_fault(house: House, chat: Chat) -> None:
    channel = verified(house, chat)
    chat.answers = [503]
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    send()
    assert send(MONDAY_9 + MINUTE) == Sending(sent=1)
    db.session.refresh(channel)
    assert channel.fault == ""


def test_a_teams_channel_is_the_leads_who_hear_when_it_fails(house: House, chat: Chat) -> None:
    channel = verified(house, chat, Owner(team_id=house.team.id))
    assert list_team_channels(house.team.id) == (channel.id,)
    chat.answers = [503] * 6
    told(reported(house, "Down"), None, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    for minute in (0, 1, 3, 7, 15, 30):
        send(MONDAY_9 + minute * MINUTE)
    assert [mail.to_address for mail in letters("channel_failed")] == ["chen@example.org"]


def test_a_removed_channel_is_forgotten_and_what_waited_goes_by_mail(house: House, chat: Chat) -> None:
    channel = verified(house, chat)
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    channels.remove(channel.id, by=by(house))
    assert send() == Sending(failed=1)
    assert chat.said == []
    db.session.refresh(channel)
    assert channel.sealed_url == ""
    assert len(letters("channel_failed")) == 1


def test_the_channels_of_a_leaver_end_with_their_sessions(house: House, chat: Chat) -> None:
    channel = verified(house, chat)
    leavers.leave(house.bo.id, By(MONDAY_9, house.eli.id))
    db.session.refresh(channel)
    assert (channel.removed_at, channel.sealed_url) == (MONDAY_9, "")


def test_a_redirect_is_not_followed(house: House, chat: Chat) -> None:
    added(house, chat)
    chat.answers = [307]
    assert send() == Sending(again=1)
    assert chat.said == []


def test_the_code_is_read_where_it_was_sent_and_nowhere_else(house: House, chat: Chat) -> None:
    added(house, chat)
    for person in (house.bo, house.eli):
        assert list_seen_letters(person.asker, state="", kind="", ticket_id=None, limit=10) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("not an address", "unknown"),
        ("json://", "unknown"),
        ("file:///etc/passwd", "unknown"),
        ("syslog://", "not_offered"),
        ("dbus://", "not_offered"),
        ("mailto://user:pass@example.org", "not_offered"),
        ("apprise://example.org/token", "not_offered"),
        ("json://example.org/hook", "only_administrators"),
        ("ntfy://127.0.0.1/alarms", "this_machine"),
        ("ntfy://localhost/alarms", "this_machine"),
        ("gotify://169.254.169.254/abcdefghijklmno", "this_machine"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd", "reads_files"),
        ("ntfy://example.org/alarms?attach=http://127.0.0.1/", "reads_files"),
        ("ntfy://example.org/alarms?optional=yes", "reads_files"),
        ("ntfy://example.org/" + "x" * 2000, "too_long"),
    ],
)
def test_an_address_that_must_not_be_is_refused(app: Flask, url: str, code: str) -> None:
    with pytest.raises(Unusable) as refused:
        outbound.check(url, may_hook=False)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("wechat://corpid:corpsecret@1000002/bo", "WeCom"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdef", "WeCom Bot"),
        ("dingtalk://secret@token12345/13800000000", "DingTalk"),
        ("feishu://token12345", "Feishu"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "Telegram"),
        ("ntfys://chat.example.org/alarms", "ntfy"),
        ("ntfys://10.1.2.3/alarms", "ntfy"),
    ],
)
def test_services_are_known_by_their_addresses(app: Flask, url: str, name: str) -> None:
    assert outbound.check(url, may_hook=False).name == name


def test_a_name_that_leads_to_this_machine_gets_no_connection(house: House, chat: Chat, app: Flask) -> None:
    channel = verified(house, chat)
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    gather(MONDAY_9)
    app.config["CHANNELS_REACH_LOOPBACK"] = False
    assert send() == Sending(again=1)
    assert chat.said == []


def test_a_chat_server_that_does_not_answer_holds_up_no_mail(
    house: House, chat: Chat, server: Server, app: Flask
) -> None:
    channel = verified(house, chat)
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel)
    told(reported(house, "Slow"), house.bo, MONDAY_9)
    chat.goes_on.clear()
    tasks.send_letters()
    assert "bo@example.org" in [mail["To"] for mail in server.received]
    assert chat.said == []
    chat.goes_on.set()
    wait_until(lambda: chat.said and letters("escalated")[0].state == letters("escalated")[1].state == "sent")
