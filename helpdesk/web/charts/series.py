"""What belongs together in a chart, and the lines of the table behind it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from helpdesk.web.charts.axes import Values

TONES = ("accent", "major", "minor", "wait", "critical", "ok")

Url = str | None
Stroke = tuple[float, float, float, float]  # from share and height to share and height
Cell = tuple[str, Url]


class Series(NamedTuple):
    """What belongs together in a chart; `tone` gives colour, mark, dash and pattern ("": the next one)."""

    label: str
    values: Values
    tone: str = ""


class Row(NamedTuple):
    """A line of the table behind a chart."""

    label: str
    url: Url
    cells: list[Cell]


def toned(series: Iterable[Any]) -> list[Series]:
    """The series, each with a tone of its own where it was given none."""
    given = [Series(*each) for each in series]
    free = iter([tone for tone in TONES if tone not in {each.tone for each in given}])
    return [each if each.tone else each._replace(tone=next(free, TONES[0])) for each in given]
