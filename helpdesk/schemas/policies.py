"""Target policies, as every door validates them."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, post_load

from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.maintenance import COUNTS
from helpdesk.rules.severity import Severity
from helpdesk.schemas.fields import Line, number, one_of, whole
from helpdesk.schemas.spans import LocalInstant, ZonedSchema

TARGETS = ("response", "resolution", "update")
ROUND_THE_CLOCK = "always"
MOST_MINUTES = 525_600
_OF_ALL_SEVERITIES = (
    "supplier_pauses",
    "triage_minutes",
    "maintenance_lead_minutes",
    "maintenance_counts",
)
_SAY_CALENDAR = _l("Choose when it counts.")


class _CalendarChoice(fields.Field[Any]):
    """A calendar's id, or "always" for day and night, loaded as None."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int | None:
        if value == ROUND_THE_CLOCK:
            return None
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValidationError([_SAY_CALENDAR])
        return int(text)


def _targets() -> dict[str, Any]:
    """For each severity and target "critical-response" and "critical-response-calendar", and whether
    maintenance pauses."""
    found: dict[str, Any] = {}
    for severity in Severity:
        for target in TARGETS:
            name = f"{severity}-{target}"
            more = {"load_default": None} if target == "update" else {}
            found[name] = whole(1, MOST_MINUTES, **more)
            found[f"{name}-calendar"] = _CalendarChoice(
                required=True, error_messages={"required": _SAY_CALENDAR}
            )
        found[f"{severity}-maintenance"] = fields.Boolean(load_default=False)
    return found


class TargetsSchema(Schema.from_dict(_targets())):  # type: ignore[misc]
    """What is promised, loaded as the `definition` of a PolicyVersion. An update without minutes is none."""

    supplier_pauses = fields.Boolean(load_default=False)
    triage_minutes = whole(1, 1440)
    maintenance_lead_minutes = whole(0, MOST_MINUTES, load_default=0)
    maintenance_counts = one_of(
        COUNTS, _l("Choose which times of maintenance stop the clock."), load_default=COUNTS[0]
    )
    reason = Line(missing=_l("Say why the targets change."), longest=300)

    @post_load
    def _as_definition(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        definition: dict[str, Any] = {name: data.pop(name) for name in _OF_ALL_SEVERITIES}
        for severity in Severity:
            found: dict[str, Any] = {"maintenance_pauses": data.pop(f"{severity}-maintenance")}
            for target in TARGETS:
                minutes = data.pop(f"{severity}-{target}")
                calendar_id = data.pop(f"{severity}-{target}-calendar")
                if minutes is not None:
                    found[target] = {"minutes": minutes, "calendar_id": calendar_id}
            definition[severity.value] = found
        return {**data, "definition": definition}


class NewPolicySchema(TargetsSchema):
    name = Line(missing=_l("Give these targets a name."), longest=80)


class TrySchema(Schema):
    """A ticket that might come."""

    kind = one_of(tuple(Kind), _l("Choose what it is."), required=True)
    service_id = number(_l("Choose a service from the list."), load_default=None)
    department_id = number(_l("Choose a department from the list."), load_default=None)


class PolicyRuleSchema(TrySchema):
    """Which tickets (None: any) come under which policy; a new one is tried before `before_id`."""

    kind = one_of(tuple(Kind), _l("Choose what it is."), load_default=None)
    policy_id = number(_l("Choose targets from the list."), required=True)
    before_id = number(_l("Choose a place from the list."), load_default=None)
    cover_reason = Line(longest=300)


class PolicyVersionSchema(TargetsSchema, ZonedSchema):
    """Other targets from an instant on."""

    effective_at = LocalInstant(_l("Say from when on this holds."))
    cover_reason = Line(longest=300)


def policy_form(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition as form values, by the names of TargetsSchema."""
    form: dict[str, Any] = {name: definition.get(name) for name in _OF_ALL_SEVERITIES}
    form["maintenance_lead_minutes"] = form["maintenance_lead_minutes"] or 0
    for severity in Severity:
        raw = definition[severity]
        form[f"{severity}-maintenance"] = raw["maintenance_pauses"]
        for target in TARGETS:
            given = raw.get(target)
            calendar_id = given["calendar_id"] if given else raw["resolution"]["calendar_id"]
            form[f"{severity}-{target}"] = given["minutes"] if given else None
            form[f"{severity}-{target}-calendar"] = calendar_id or ROUND_THE_CLOCK
    return form
