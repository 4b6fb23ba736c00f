"""What is typed about the queue: a view's name and whom it is shared with, and how the list looks."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from helpdesk.schemas.fields import Line, number, one_of

DENSITIES = ("cosy", "dense")
# What a row shows beside its deadline and subject, in the order in which they stand.
COLUMNS = ("severity", "details", "team", "reporter", "changed", "state", "assignee")
AS_INSTALLED = ("severity", "details", "state", "assignee")


class ViewSchema(Schema):
    name = Line(missing=_l("Give the view a name, for example: ERP this week."), longest=60)
    team_id = number(_l("Choose a team from the list."), load_default=None, allow_none=True)


class LookSchema(Schema):
    density = one_of(DENSITIES, _l("Choose how close together the rows stand."), required=True)
    columns = fields.List(one_of(COLUMNS, _l("Choose columns from the list.")), load_default=list)
