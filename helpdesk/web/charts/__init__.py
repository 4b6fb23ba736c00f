"""Charts: pictures of figures, told apart by mark, dash and pattern beside colour, each with its table.

    view:      chart = Line("kept", _("Kept"), _("Share kept by month"), months, series, "%", goal, 100)
               if picture := picture_asked([chart], "figures:compliance"):
                   return picture  # ?chart=kept: the picture alone, to take away
    template:  {% import 'charts/draw.html' as charts %}{{ charts.figure(chart, _('Month')) }}

Of all charts: `name` is an id on the page (letters, digits, -), `description` says the picture in a sentence,
`note` stands small below the title (which days, of what: also in the picture that is taken away). A series is
(label, values) or (label, values, tone), a tone one of TONES. `unit` "%" stands beside each number.
Positions are shares of the width (0 to 1), heights pixels from above; templates/charts/draw.html draws them.
"""

from helpdesk.web.charts.bars import Bars, Pareto
from helpdesk.web.charts.heat import Heat
from helpdesk.web.charts.lines import Line
from helpdesk.web.charts.pictures import Chart, init_app, picture_asked
from helpdesk.web.charts.series import TONES, Series

__all__ = ["TONES", "Bars", "Chart", "Heat", "Line", "Pareto", "Series", "init_app", "picture_asked"]
