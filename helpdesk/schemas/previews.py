"""What an escalation preview is asked for."""

from flask_babel import lazy_gettext as _l

from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.schemas.fields import number, one_of
from helpdesk.schemas.spans import LocalInstant, ZonedSchema

_SAY_CHOICE = _l("Choose one of the list.")


class PreviewSchema(ZonedSchema):
    """A ticket of this kind, severity and service, by somebody of that department (None: of none), reported
    at a local time (None: now)."""

    service = number(_SAY_CHOICE, load_default=None)
    severity = one_of(tuple(Severity), _SAY_CHOICE, load_default=Severity.CRITICAL.value)
    kind = one_of(tuple(Kind), _SAY_CHOICE, load_default=Kind.FAULT.value)
    department = number(_SAY_CHOICE, load_default=None)
    at = LocalInstant(load_default=None)
