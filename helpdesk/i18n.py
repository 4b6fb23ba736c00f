"""Languages, zones and how instants are said: shared by doors and letters."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names, get_timezone_location
from babel.numbers import format_decimal
from babel.support import Translations
from flask_babel import Domain, get_locale
from flask_babel import gettext as _

LOCALES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
# Babel's own patterns say the year, or leave out the weekday; by language, as each orders a date.
_DAY_AND_TIME = {"en": "EEE d MMM, HH:mm", "zh": "M月d日 EEE HH:mm"}
_DAY = {"en": "EEE d MMM", "zh": "M月d日 EEE"}
_DAY_AND_YEAR = {"en": "EEE d MMM y", "zh": "y年M月d日 EEE"}
_DATE = {"en": "d MMM y", "zh": "y年M月d日"}
_BRIEF_DATE = {"en": "d MMM", "zh": "M/d"}
_MONTH = {"en": "MMM y", "zh": "y年M月"}
_TO_THE_SECOND = {"en": "d MMM y, HH:mm:ss", "zh": "y年M月d日 HH:mm:ss"}


class Texts(Domain):
    """The catalogues, each found by its locale alone: a page looks there for some hundred texts."""

    def get_translations(self) -> Translations:
        """The catalogue of the language in force."""
        locale = get_locale()
        key = locale and (locale.language, locale.script)  # Babel hashes a locale by all its parts
        if key not in self.cache:
            self.cache[key] = super().get_translations()
        return self.cache[key]


def negotiate(accepted: list[str]) -> str:
    """The best of our locales for a browser's language tags in order of preference."""
    for tag in accepted:
        parts = tag.replace("_", "-").lower().split("-")
        if parts[0] == "en":
            return "en"
        if parts[0] == "zh":
            traditional = {"hant", "tw", "hk", "mo"} & set(parts[1:])
            return "zh_Hant" if traditional else "zh_Hans"
    return "en"


def load_locales() -> None:
    """Reads what Babel knows of our languages, which it else does when it is first asked."""
    for locale in LOCALES:
        get_day_names("wide", locale=locale)


def html_lang(locale: str) -> str:
    """The BCP 47 tag of a locale for the lang attribute."""
    return locale.replace("_", "-")


def zone_city(zone: str) -> str:
    """A zone in plain words: "Berlin time"."""
    city = get_timezone_location(zone, locale=_present(), return_city=True)
    return _("%(city)s time", city=city)


def say_instant(at: datetime, zone: str) -> str:
    """Day and time in a zone: "Fri 20 Nov, 10:12"; the year is said where it is not obvious from `at`."""
    locale = _present()
    return _instant(at, zone, str(locale), _DAY_AND_TIME[locale.language])


def say_weekday(at: datetime, zone: str) -> str:
    """Weekday and time in a zone, where there is little room: "Fri 10:12"."""
    return _instant(at, zone, str(_present()), "EEE HH:mm")


def say_second(at: datetime, zone: str) -> str:
    """An instant to the second, with its year, as logs say it: "20 Nov 2026, 10:12:05"."""
    locale = _present()
    return _instant(at, zone, str(locale), _TO_THE_SECOND[locale.language])


@lru_cache(maxsize=8192)  # the queue says the same instants again and again
def _instant(at: datetime, zone: str, locale: str, pattern: str) -> str:
    return format_datetime(at, pattern, tzinfo=ZoneInfo(zone), locale=Locale.parse(locale))


def say_day(day: date, today: date) -> str:
    """A day of the calendar: "Fri 20 Nov"; the year is said where it is not that of `today`."""
    patterns = _DAY if day.year == today.year else _DAY_AND_YEAR
    return _date(day, patterns)


def say_weekday_and_date(day: date) -> str:
    """A day with all there is to say: "Fri 20 Nov 2026"."""
    return _date(day, _DAY_AND_YEAR)


def say_date(day: date) -> str:
    """A day without its weekday: "20 Nov 2026"."""
    return _date(day, _DATE)


def say_brief_date(day: date) -> str:
    """A day where there is little room: "20 Nov"."""
    return _date(day, _BRIEF_DATE)


def say_month(day: date) -> str:
    """The month of a day: "Nov 2026"."""
    return _date(day, _MONTH)


def _date(day: date, patterns: dict[str, str]) -> str:
    locale = _present()
    return format_date(day, patterns[locale.language], locale=locale)


def weekday_names(width: Literal["wide", "abbreviated"] = "wide") -> list[str]:
    """The days of the week from Monday on: "Monday", or with the width "abbreviated" "Mon"."""
    names = get_day_names(width, locale=_present())
    return [names[day] for day in range(7)]


def say_time(at: datetime, zone: str) -> str:
    """The time of day in a zone: "10:12"."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def say_end(to_at: datetime, from_at: datetime, zone: str) -> str:
    """The end of a span: "17:00" on the day on which it begins, else as `say_instant`."""
    tz = ZoneInfo(zone)
    same_day = from_at.astimezone(tz).date() == to_at.astimezone(tz).date()
    return say_time(to_at, zone) if same_day else say_instant(to_at, zone)


def say_promise_time(at: datetime, zone: str, now: datetime) -> str:
    """An instant to come, as short as is clear: "14:20", "tomorrow 09:30", "Fri 20 Nov, 10:12"."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return say_time(at, zone)
    if local.date() == today + timedelta(days=1):
        return _("tomorrow %(time)s", time=say_time(at, zone))
    return say_instant(at, zone)


def say_answer_by(due_at: datetime | None, zone: str, now: datetime | None = None) -> str:
    """The promise: "Someone answers by 14:20 (Berlin time)"; `due_at` None: no opening hours to come.

    `now` None: it may be read on another day (letters), so the day is said too.
    """
    if due_at is None:
        return _("Someone answers as soon as the desk is open again")
    time = say_promise_time(due_at, zone, now) if now else say_instant(due_at, zone)
    return _("Someone answers by %(time)s (%(zone)s)", time=time, zone=zone_city(zone))


def say_hours(week: Sequence[Sequence[tuple[int, int]]]) -> str:
    """Opening hours of a week from Monday on, in minutes of the day, days that are alike in one:
    "Monday to Friday 09:00–12:00, 13:00–18:00; Saturday 10:00–14:00"."""
    names = get_day_names("wide", locale=_present())
    said = []
    for intervals, group in groupby(range(7), key=lambda day: tuple(week[day])):
        days = list(group)
        if not intervals:
            continue
        between = say_list(f"{a // 60:02}:{a % 60:02}–{b // 60:02}:{b % 60:02}" for a, b in intervals)
        first, last = names[days[0]], names[days[-1]]
        span = first if len(days) == 1 else _("%(first)s to %(last)s", first=first, last=last)
        said.append(_("%(days)s %(hours)s", days=span, hours=between))
    return say_apart(said)


def say_list(items: Iterable[str]) -> str:
    """Several things in a row: "Bo, Chen, Dee"; empty for none."""
    said = list(items)
    return reduce(lambda first, then: _("%(first)s, %(next)s", first=first, next=then), said) if said else ""


def say_apart(items: Iterable[str]) -> str:
    """Several things in a row that may hold commas themselves; empty for none."""
    said = list(items)
    return reduce(lambda first, then: _("%(first)s; %(next)s", first=first, next=then), said) if said else ""


def say_sentences(sentences: Iterable[str]) -> str:
    """Sentences one after another; empty for none."""
    said = [each for each in sentences if each]
    return reduce(lambda first, then: _("%(first)s %(next)s", first=first, next=then), said) if said else ""


def say_of(name: str, said: str) -> str:
    """A thing and what is said of it: "Reason: nobody was there"."""
    return _("%(name)s: %(said)s", name=name, said=said)


def say_duration(seconds: float | timedelta) -> str:
    """A length of time in its two largest units: "2 h 05 min", "18 min", "3 d 4 h"."""
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    minutes, hours, days = total // 60 % 60, total // 3600 % 24, total // 86400
    if days:
        return _("%(days)d d %(hours)d h", days=days, hours=hours)
    if hours:
        return _("%(hours)d h %(minutes)s min", hours=hours, minutes=f"{minutes:02d}")
    if minutes or total < 1:
        return _("%(minutes)d min", minutes=minutes)
    return _("%(seconds)d s", seconds=total)


def say_working_time(seconds: int) -> str:
    """A counted time, never in days, for a working day has fewer hours: "4 h", "1 h 30 min", "45 min"."""
    hours, minutes = divmod(seconds // 60, 60)
    if hours and minutes:
        return _("%(hours)d h %(minutes)s min", hours=hours, minutes=minutes)
    return _("%(hours)d h", hours=hours) if hours else _("%(minutes)d min", minutes=minutes)


def say_number(value: float | Decimal | None, unit: str = "") -> str:
    """A number as the reader writes it, with its unit; a dash for none. Decimals say up to four places, other
    numbers two."""
    if value is None:
        return "–"
    said = _number(value, "#,##0.####" if isinstance(value, Decimal) else "#,##0.##", str(_present()))
    if unit == "%":
        return f"{said}%"
    return _("%(number)s %(unit)s", number=said, unit=unit) if unit else said


@lru_cache(maxsize=8192)  # a chart and its table say the same numbers again and again
def _number(value: float | Decimal, pattern: str, locale: str) -> str:
    return format_decimal(value, pattern, locale=Locale.parse(locale))


def say_size(size: int) -> str:
    """The size of a file: "830 kB", "2.4 MB"."""
    if size < 999_500:
        return _("%(size)s kB", size=format_decimal(max(1, round(size / 1000)), locale=_present()))
    return _("%(size)s MB", size=format_decimal(round(size / 1_000_000, 1), locale=_present()))


def _present() -> Locale:
    return get_locale() or Locale("en")


# For templates of pages and letters alike.
FILTERS = {
    "duration": say_duration,
    "zone_city": zone_city,
    "answer_by": say_answer_by,
    "opening_hours": say_hours,
    "say_list": say_list,
    "say_of": say_of,
    "say_size": say_size,
    "say_sentences": say_sentences,
}
