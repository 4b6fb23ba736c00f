"""How instants, hours and lists are said; Berlin is UTC+1 in winter."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from helpdesk import i18n

AT = datetime(2026, 11, 20, 9, 12, 5, tzinfo=UTC)
ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("locale", "instant", "weekday", "second"),
    [
        ("en", "Fri 20 Nov, 10:12", "Fri 10:12", "20 Nov 2026, 10:12:05"),
        ("zh_Hans", "11月20日 周五 10:12", "周五 10:12", "2026年11月20日 10:12:05"),
        ("zh_Hant", "11月20日 週五 10:12", "週五 10:12", "2026年11月20日 10:12:05"),
    ],
)
def test_an_instant_is_said_as_the_language_orders_a_date(
    app: Flask, locale: str, instant: str, weekday: str, second: str
) -> None:
    with app.test_request_context(), force_locale(locale):
        assert i18n.say_instant(AT, ZONE) == instant
        assert i18n.say_weekday(AT, ZONE) == weekday
        assert i18n.say_second(AT, ZONE) == second


def test_the_day_of_a_span_is_said_again_only_where_it_ends_on_another(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert i18n.say_end(AT + timedelta(hours=2), AT, ZONE) == "12:12"
        assert i18n.say_end(AT + timedelta(hours=14), AT, ZONE) == "Sat 21 Nov, 00:12", "midnight of Berlin"


def test_hours_and_lists_are_said_in_a_row(app: Flask) -> None:
    office, none = ((540, 720), (780, 1080)), ()
    with app.test_request_context(), force_locale("en"):
        week = [office] * 5 + [((600, 840),), none]
        said = "Monday to Friday 09:00–12:00, 13:00–18:00; Saturday 10:00–14:00"
        assert i18n.say_hours(week) == said
        assert i18n.say_hours([none] * 7) == ""
        assert i18n.say_list(["Bo", "Chen", "Dee"]) == "Bo, Chen, Dee"
        assert i18n.say_list([]) == ""
        assert (
            i18n.say_sentences(["Within 4 h.", "", "Our team is there."]) == "Within 4 h. Our team is there."
        )
        assert [i18n.say_working_time(s) for s in (14400, 5400, 2700)] == ["4 h", "1 h 30 min", "45 min"]
