"""What the API answers with, and how lists are asked for."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Severity
from helpdesk.schemas.fields import Instant, choice, number

LARGEST_PAGE = 100


class PageSchema(Schema):
    """Filters and paging: `before` is the last number of the page before."""

    state = choice(State, _l("Choose a state from the list."))
    severity = choice(Severity, _l("Choose critical, major or minor."))
    kind = choice(Kind, _l("Say whether it is a fault, a request or a question."))
    service_id = number(_l("Choose a service from the list."))
    team_id = number(_l("Choose a team from the list."))
    assignee_id = number(_l("Choose a person from the list."))
    changed_since = Instant(
        format="iso", error_messages={"invalid": _l("Enter an instant, for example 2026-11-24T09:00:00Z.")}
    )
    before = fields.String()
    limit = fields.Integer(load_default=50, validate=validate.Range(1, LARGEST_PAGE))


class NamedShape(Schema):
    """A person, team or service by its name."""

    id = fields.Integer()
    name = fields.String()


class PersonShape(NamedShape):
    phone = fields.String()


class TicketShape(Schema):
    number = fields.String(metadata={"example": "HD-12"})
    subject = fields.String()
    kind = fields.String()
    state = fields.String()
    severity = fields.String()
    severity_reason = fields.String()
    is_triaged = fields.Boolean()
    service = fields.Nested(NamedShape, allow_none=True)
    team = fields.Nested(NamedShape)
    assignee = fields.Nested(NamedShape, allow_none=True)
    reporter = fields.Nested(NamedShape)
    door = fields.String()
    reported_at = fields.DateTime()
    accepted_at = fields.DateTime(allow_none=True)
    resolved_at = fields.DateTime(allow_none=True)
    closed_at = fields.DateTime(allow_none=True)
    changed_at = fields.DateTime()
    waiting_for = fields.String(allow_none=True)
    wake_at = fields.DateTime(allow_none=True)
    update_by = fields.DateTime(
        allow_none=True, metadata={"description": "By when the reporter is promised news."}
    )
    next_target = fields.String(allow_none=True)
    next_due_at = fields.DateTime(allow_none=True)
    field_answers: fields.Field = fields.Dict(
        attribute="fields",
        data_key="fields",
        metadata={"description": "What the service's own questions were answered, by their ids."},
    )


class EntryShape(Schema):
    id = fields.Integer()
    kind = fields.String()
    at = fields.DateTime()
    recorded_at = fields.DateTime()
    actor = fields.Nested(NamedShape, allow_none=True)
    door = fields.String()
    is_public = fields.Boolean()
    body = fields.String()
    detail: fields.Field = fields.Dict()
    voided_at = fields.DateTime(
        allow_none=True, metadata={"description": "Since when it counts as if it had never been."}
    )


# What the page of a report says of each public entry (web/words.event_for_reporter), and no more: the rest
# is for the desk (causes, rules, mail headers, numbers of others' tickets).
REPORTERS_DETAIL = {
    "waiting": {"until"},
    "severity_changed": {"to", "reason"},
    "nudged": {"about"},
    "closed": {"because"},
    "cancelled": {"withdrawn", "reason"},
    "merged": {"into"},
    "rated": {"stars"},
    "moved": {"reason"},
    "accepted": {"update_by"},
    "replied": {"update_by"},
    "update_promised": {"update_by"},
    "linked": {"how", "ticket", "reason"},
    "shared": {"is_shared"},
    "split": {"ticket"},
}


class ReportersEntryShape(EntryShape):
    """An entry as those read it who are not at the desk."""

    detail = fields.Function(
        lambda entry: {
            name: value
            for name, value in entry.detail.items()
            if name in REPORTERS_DETAIL.get(entry.kind, set())
        },
        metadata={"type": "object"},
    )


class SegmentShape(Schema):
    """Why an interval counted or did not."""

    from_ = fields.String(data_key="from", attribute="from")
    to = fields.String()
    counted = fields.Boolean()
    reason = fields.String()


class TargetShape(Schema):
    target = fields.String()
    cycle = fields.Integer()
    state = fields.String()
    started_at = fields.String()
    stopped_at = fields.String(allow_none=True)
    due_at = fields.String(allow_none=True)
    breached_at = fields.String(allow_none=True)
    allowance_seconds = fields.Integer()
    elapsed_seconds = fields.Integer()
    remaining_seconds = fields.Integer()
    segments = fields.List(fields.Nested(SegmentShape))


class DetailShape(Schema):
    ticket = fields.Nested(TicketShape)
    targets = fields.List(fields.Nested(TargetShape))
    entries = fields.List(fields.Nested(EntryShape))


class ReportersDetailShape(DetailShape):
    entries = fields.List(fields.Nested(ReportersEntryShape))


class PolicyShape(Schema):
    """The version of the policy under which the ticket was reported."""

    name = fields.String()
    version = fields.Integer()
    effective_at = fields.String()


class ChangeShape(Schema):
    """What an event did to an open cycle; a due instant is null while it waits."""

    at = fields.String()
    event = fields.String(metadata={"example": "severity_changed"})
    target = fields.String()
    cycle = fields.Integer()
    elapsed_seconds = fields.Integer()
    length_before = fields.Integer(
        metadata={"description": "What the severity in force promised, in seconds"}
    )
    length_after = fields.Integer()
    allowance_before = fields.Integer()
    allowance_after = fields.Integer()
    due_before = fields.String(allow_none=True)
    due_after = fields.String(allow_none=True)


class MoveShape(Schema):
    """A deadline that a changed calendar (window null) or maintenance window moved, and the reason."""

    at = fields.String()
    target = fields.String()
    cycle = fields.Integer()
    from_ = fields.String(data_key="from", attribute="from")
    to = fields.String()
    window = fields.Integer(allow_none=True)
    step = fields.String(metadata={"description": "Of the window: announced, moved, extended, finished ..."})
    reason = fields.String(allow_none=True)
    why = fields.String(metadata={"description": "What was said of that step"})


class MaintenanceShape(Schema):
    """A window as planned, and when it really began and ended (null: not yet). `is_late`: announced too late
    to stop any clock."""

    service = fields.String()
    starts_at = fields.String()
    ends_at = fields.String()
    announced_at = fields.String()
    started_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
    is_late = fields.Boolean()
    reason = fields.String()


class ExplanationShape(Schema):
    """Why each deadline is when it is. `helpdesk sla explain` of `scenario` prints the same `cycles`."""

    ticket = fields.String(metadata={"example": "HD-12"})
    now = fields.String()
    cycles = fields.List(fields.Nested(TargetShape))
    policy = fields.Nested(PolicyShape)
    changes = fields.List(fields.Nested(ChangeShape))
    moves = fields.List(fields.Nested(MoveShape))
    maintenance = fields.List(fields.Nested(MaintenanceShape))
    scenario = fields.Dict(metadata={"description": "A scenario file: calendars, policy, windows and events"})


class ReportersExplanationShape(ExplanationShape):
    """Without the reasons that the desk gave itself, as in its timeline."""

    moves = fields.List(fields.Nested(MoveShape(exclude=("reason", "why"))))
    maintenance = fields.List(fields.Nested(MaintenanceShape(exclude=("reason",))))


class ListShape(Schema):
    """A page of tickets; `next` is the address of the following one."""

    tickets = fields.List(fields.Nested(TicketShape))
    next = fields.String(allow_none=True)


class OnCallShape(Schema):
    team = fields.Nested(NamedShape)
    on_call = fields.Nested(PersonShape, allow_none=True)
    until = fields.DateTime(allow_none=True)
    next = fields.Nested(PersonShape, allow_none=True)
    backup = fields.Nested(PersonShape, allow_none=True)
    backup_until = fields.DateTime(allow_none=True)
    backup_next = fields.Nested(PersonShape, allow_none=True)


class ProblemShape(Schema):
    """RFC 9457; `errors` holds messages by field."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
