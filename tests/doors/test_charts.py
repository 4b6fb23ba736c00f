"""Charts as pictures: read without colour, without the picture, and in the reader's own numbers."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale

from helpdesk.web.charts import Bars, Chart, Heat, Line, Pareto
from helpdesk.web.charts.axes import folded, scale_of, thinned

PAGE = "{% import 'charts/draw.html' as charts %}{{ charts.figure(chart, 'Month', download=false) }}"

KEPT = Line(
    "kept",
    "Kept <by month>",
    "Share of promises kept",
    ["Jan", "Feb", "Mar", "Apr"],
    [("First answer", [90, None, 95.5, 97]), ("Solution", [80, 82, 84, 91.25])],
    "%",
    goal=[90, 90, 95, 95],
    top=100,
)
STACKED = Bars(
    "load",
    "Load",
    "Tickets of each",
    ["Bo", "张伟"],
    [("Open", [3, 0]), ("Solved", [5, 8])],
    urls=["/a", None],
)
CAUSES = Pareto(
    "causes", "Causes", "How often each", [("Load", 2, None), ("Staffing", 5, "/b"), ("Other", 1, None)]
)
HOURS = Heat("hours", "Arrivals", "By hour", ["Mon", "Tue"], ["00", "01", "02"], [[0, 8, 2], [None, 1, 4]])
CHARTS = [KEPT, STACKED, CAUSES, HOURS]


@pytest.fixture
def drawn(app: Flask) -> Iterator[Callable[[Chart], str]]:
    """What the page of a reader of English shows."""
    with app.test_request_context("/"):
        yield lambda chart: render_template_string(PAGE, chart=chart)


def texts(page: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", page)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.kind)
def test_a_picture_has_a_title_a_description_and_a_table_behind_it(
    drawn: Callable[[Chart], str], chart: Chart
) -> None:
    page = drawn(chart)
    title = chart.title.replace("<", "&lt;").replace(">", "&gt;")
    assert f'role="img" aria-labelledby="{chart.name}-title" aria-describedby="{chart.name}-desc"' in page
    assert f'<title id="{chart.name}-title">{title}</title>' in page
    assert f'<desc id="{chart.name}-desc">{chart.description}</desc>' in page
    assert page.count("<tr>") == 1 + len(chart.table_rows)
    assert "style=" not in page


def test_lines_have_gaps_marks_of_their_own_and_a_goal_that_steps(drawn: Callable[[Chart], str]) -> None:
    page = drawn(KEPT)
    first, second = KEPT.drawn
    assert (len(first.strokes), len(first.marks)) == (1, 3)
    assert (len(second.strokes), len(second.marks)) == (3, 4)
    assert first.marks[0][1] < second.marks[0][1], "more is higher"
    assert KEPT.goal_strokes[0][2] == KEPT.goal_strokes[1][0] == 0.5
    assert {tone for tone, _label in KEPT.legend} == {"accent", "major", "goal"}
    assert {"First answer", "Solution", "Goal"} <= set(texts(page))
    assert '<td class="num">95.5%</td>' in page
    heights = [height for height, _label, _tone in KEPT.ends]
    assert all(two - one >= 15 for one, two in pairwise(heights))


def test_the_way_to_a_target_goes_straight_where_days_lie_unevenly() -> None:
    way = Line("way", "", "", ["a", "b", "c"], [("", [10, 9, None])], goal=[10, 8, 0], positions=[0, 0.2, 1])
    assert [stroke[0::2] for stroke in way.goal_strokes] == [(0, 0.2), (0.2, 1)]
    rises = [(two[3] - two[1]) / (two[2] - two[0]) for two in way.goal_strokes]
    assert rises[0] == pytest.approx(rises[1])


def test_stacked_bars_stand_one_after_another_each_with_its_pattern(drawn: Callable[[Chart], str]) -> None:
    (_y, label, parts, end, said), *_rest = STACKED.bars
    assert (label, said) == ("Bo", "8")
    assert parts[0][1] + parts[1][1] == pytest.approx(end)
    assert parts[1][0] == pytest.approx(parts[0][1])
    page = drawn(STACKED)
    assert 'fill="url(#load-major)"' in page
    assert '<pattern class="t-major" id="load-major"' in page
    assert '<a href="/a">Bo</a>' in page


def test_causes_stand_in_order_with_what_they_make_up_together(drawn: Callable[[Chart], str]) -> None:
    assert [(label, round(together, 3)) for _y, label, _width, together, _said in CAUSES.drawn] == [
        ("Staffing", 0.625),
        ("Load", 0.875),
        ("Other", 1.0),
    ]
    page = drawn(CAUSES)
    assert '<a href="/b">Staffing</a>' in page
    assert "87.5%" in page


def test_a_heat_map_says_its_numbers_and_what_each_level_means(drawn: Callable[[Chart], str]) -> None:
    levels = [[cell[1] for cell in cells] for _y, _name, cells in HOURS.drawn]
    assert levels == [[0, 4, 1], [None, 1, 2]]
    page = drawn(HOURS)
    assert {"8", "2", "1", "4", "Mon", "00"} <= set(texts(page))
    assert [label for _level, label in HOURS.legend] == ["0", "up to 2", "up to 4", "up to 6", "up to 8"]


def test_axes_are_round_begin_at_zero_and_go_below_it_only_where_they_must() -> None:
    assert (scale_of([3, 7, 11]).low, scale_of([3, 7, 11]).high) == (0, 15)
    assert scale_of([1, 2]).ticks == [0, 1, 2]
    assert scale_of([97.5], top=100).ticks == [0, 25, 50, 75, 100]
    assert scale_of([120], top=100).high >= 120
    assert scale_of([Decimal("0.3")]).ticks == pytest.approx([0, 0.1, 0.2, 0.3])
    below = scale_of([-40, 160])
    assert below.low <= -40
    assert below.low + below.step * round(-below.low / below.step) == 0
    assert scale_of([]).high > 0
    assert scale_of([0, 0]).share(0) == 0


def test_names_below_an_axis_keep_apart() -> None:
    found = thinned([str(n) for n in range(24)], [(n + 0.5) / 24 for n in range(24)])
    assert [name.label for name in found if name.where != "narrow-only"] == [str(n) for n in range(0, 24, 2)]
    assert [name.label for name in found if name.where != "wide-only"] == [
        "0",
        "3",
        "6",
        "9",
        "12",
        "15",
        "18",
        "21",
    ]
    days = thinned(["1 Jan 2026", "9 Jan 2026", "31 Dec 2026"], [0, 0.02, 1], keep_last=True)
    assert [(name.label, name.anchor) for name in days] == [("1 Jan 2026", "start"), ("31 Dec 2026", "end")]


def test_numbers_are_said_as_the_reader_writes_them(drawn: Callable[[Chart], str]) -> None:
    saved = Line("saved", "Saved", "In a year", ["Jan"], [("Saved", [Decimal("1234567.25")])], "EUR")
    page = drawn(saved)
    assert "1,234,567.25 EUR" in page
    assert "1.5M" in texts(page)
    assert "EUR" in texts(page)
    with force_locale("zh_Hans"):
        assert "150万" in texts(drawn(saved))


def test_long_names_are_cut_beside_bars_and_whole_behind_them(drawn: Callable[[Chart], str]) -> None:
    name = "供应商没有按时交货" * 6
    page = drawn(Pareto("causes", "Causes", "", [(name, 2, None)]))
    on_a_phone = next(text for text in texts(page) if text.endswith("…"))
    assert name.startswith(on_a_phone[:-1])
    assert f'<th scope="row">{name}</th>' in page
    assert folded("Approval time of purchases", 90) == ["Approval time", "of purchases"]
    assert "".join(folded(name, 200)) == name


def test_a_chart_of_nothing_is_still_a_picture(drawn: Callable[[Chart], str]) -> None:
    for chart in (
        Line("a", "A", "", ["Jan"], [("x", [None])]),
        Bars("b", "B", "", [], [("x", [])]),
        Pareto("c", "C", "", []),
        Heat("d", "D", "", ["Mon"], ["0"], [[0]]),
    ):
        assert f'id="{chart.name}"' in drawn(chart)
