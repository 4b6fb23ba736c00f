"""Urgent business during maintenance, as it is asked for and decided."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.rules.emergencies import OUTCOMES
from helpdesk.schemas.fields import Line, Text, number, one_of


class EmergencySchema(Schema):
    """What cannot wait, and why."""

    subject = Line(missing=_l("Say in a few words what cannot wait."))
    body = Text(missing=_l("Say until when you need it, and what happens otherwise."))
    service_id = number(_l("Choose a service from the list."), required=True)


class OutcomeSchema(Schema):
    """What is done about it, in words for whoever asked."""

    outcome = one_of(OUTCOMES, _l("Choose what is done about it."), required=True)
    words = Text(missing=_l("Say what that means for whoever asked."))
