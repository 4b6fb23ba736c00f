"""A chart as a picture of its own, to take away for a letter or a slide."""

from collections.abc import Iterable
from urllib.parse import urlencode

from flask import Flask, Response, abort, g, render_template, request, url_for
from flask_login import current_user

from helpdesk.desk.security import note_export
from helpdesk.outbound.workbook import ILLEGAL
from helpdesk.web.auth import address
from helpdesk.web.charts.axes import brief, folded, room_for, width_of
from helpdesk.web.charts.bars import Bars, Pareto
from helpdesk.web.charts.heat import Heat
from helpdesk.web.charts.lines import Line
from helpdesk.web.frame import may

Chart = Line | Bars | Pareto | Heat

WIDTH, EDGE, LINE = 760, 24, 20  # pixels: of the picture, around it, of a line of its title and legend
SMALL, LARGE = 12, 16  # pixels: its type, that of its title
CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def init_app(app: Flask) -> None:
    """What templates/charts/draw.html needs."""
    app.add_template_global(picture_url)
    app.add_template_filter(room_for, "room")
    app.add_template_filter(brief, "brief")


def picture_url(chart: Chart) -> str | None:
    """Where the chart of this page is a picture of its own; None for whom figures may not be taken out."""
    if not may("figures.export") or request.endpoint is None:
        return None
    path = url_for(request.endpoint, **(request.view_args or {}))
    # What an address asks is a stranger's: never an argument of url_for (_scheme, endpoint).
    return f"{path}?{urlencode({**request.args.to_dict(), 'chart': chart.name})}"


def picture_asked(charts: Iterable[Chart], subject: str) -> Response | None:
    """The picture that the address asks for (?chart=NAME), or None where it asks for none.

    404 where there is no such chart, and for whom figures may not be taken out. The security log keeps who
    took what; `subject` is its word for the page ("figures:compliance").
    """
    name = request.args.get("chart")
    if name is None:
        return None
    chart = next((each for each in charts if each.name == name), None)
    if chart is None or not may("figures.export"):
        abort(404)
    body = ILLEGAL.sub("", _drawn(chart))
    asked = {key: value for key, value in request.args.items() if key != "chart"}
    note_export(
        f"{subject}:{name}",
        {"name": chart.title, "filter": asked},
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    answer = Response(body, content_type="image/svg+xml; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.svg")
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _drawn(chart: Chart) -> str:
    has_names = chart.kind != "line" or not room_for(chart.tail)
    legend = list(chart.legend) if has_names else []
    left = EDGE + max(map(width_of, chart.lead), default=-8) + 8
    tail = [] if chart.kind == "line" and legend else chart.tail
    right = max(map(width_of, tail), default=0) + 12 + EDGE
    title = folded(chart.title, (WIDTH - 2 * EDGE) * SMALL / LARGE)
    head = EDGE + LINE * len(title) + (LINE if chart.note else 0) + LINE * len(legend) + 6
    return render_template(
        "charts/picture.svg",
        chart=chart,
        legend=legend,
        title=title,
        names_at_end=bool(tail),
        width=WIDTH,
        edge=EDGE,
        line=LINE,
        left=round(left),
        head=head,
        plot=round(WIDTH - left - right),
        height=head + chart.height + EDGE,
    )
