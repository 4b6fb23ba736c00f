"""The commands of reporting and working a ticket, as every door validates them.

What a schema loads has the names of the desk verb's arguments: `Report(**data)`, `wait(..., **data)`.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validate, validates, validates_schema
from marshmallow.validate import Email

from helpdesk.rules.dispatch import WAYS
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.links import SAID_BY_HAND
from helpdesk.rules.severity import Affected, Answers, Severity, Works
from helpdesk.schemas.fields import Instant, Line, Text, choice, number, one_of

LONGEST_WAIT = timedelta(days=366)


class AnswersSchema(Schema):
    """The questions whose answers give a fault its severity (rules/severity)."""

    works = choice(Works, _l("Say what still works."), load_default=None)
    affected = choice(Affected, _l("Say who is affected."), load_default=None)
    core_work_stands_still = fields.Boolean(
        load_default=False,
        error_messages={"invalid": _l("Answer yes or no: does your core work stand still?")},
    )


class ReportSchema(AnswersSchema):
    """Loads the fields of desk.registration.Report that somebody may fill in.

    Mail and API may leave the questions out; the form asks them of every fault (FormReportSchema).
    """

    subject = Line(missing=_l("Say in a few words what happened."))
    body = Text()
    kind = choice(Kind, _l("Say whether it is a fault, a request or a question."), load_default=Kind.FAULT)
    service_id = number(_l("Choose a service from the list."), load_default=None)
    since = Line(longest=100)


class SentReportSchema(ReportSchema):
    """As ReportSchema, from a program: `fields` answers the service's own questions, by their ids."""

    field_answers = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        data_key="fields",
        error_messages={"invalid": _l("Give answers by the ids of their questions.")},
    )


class FormReportSchema(ReportSchema):
    """As ReportSchema, where the reporter can be asked: a fault says what still works and for whom."""

    is_shared = fields.Boolean(load_default=False)

    @validates_schema(skip_on_field_errors=False)
    def _answered(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("kind", Kind.FAULT) is not Kind.FAULT:
            return
        missing: dict[str, list[Any]] = {}
        if "works" in data and data["works"] is None:
            missing["works"] = [_l("Say what still works.")]
        if "affected" in data and data["affected"] is None:
            missing["affected"] = [_l("Say who is affected.")]
        if missing:
            raise ValidationError(missing)


class GuestSchema(Schema):
    """Who reports without an account."""

    name = Line(missing=_l("Tell us your name, so that we know whom to answer."), longest=120)
    email = Line(missing=_l("Enter your mail address: the answer goes there."), longest=254)

    @validates("name")
    def _is_no_link(self, value: str, **_kwargs: Any) -> None:
        # It stands in the receipt, and the address may be somebody else's: no advertising through us.
        if "://" in value or "www." in value.lower():
            raise ValidationError([_l("Enter your name alone, without a link.")])

    @validates("email")
    def _is_address(self, value: str, **_kwargs: Any) -> None:
        Email(error=str(_l("Check this mail address; it should look like name@example.org.")))(value)


class ReplySchema(Schema):
    body = Text(missing=_l("Write your message first."))


class AheadSchema(Schema):
    """With instants that are still to come: `zone` is where a time without an offset is meant; `now` refuses
    what has passed (None: the door looks itself)."""

    def __init__(self, *, zone: tzinfo = UTC, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.now = now
        for field in self.fields.values():
            if isinstance(field, Instant):
                field.default_timezone = zone

    def require_ahead(self, value: datetime | None) -> None:
        """Raises ValidationError for what has passed, and for more than LONGEST_WAIT ahead."""
        if value is not None and self.now is not None and not self.now < value <= self.now + LONGEST_WAIT:
            raise ValidationError([_l("Choose a time that is still to come, within a year.")])


class NewsSchema(AheadSchema):
    """By when the reporter is promised news; nothing takes the promise back."""

    update_by = Instant(
        load_default=None,
        allow_none=True,
        format="iso",
        default_timezone=UTC,
        error_messages={"invalid": _l("Enter a day and time, for example 2026-11-24 09:00.")},
    )

    @validates("update_by")
    def _is_ahead(self, value: datetime | None, **_kwargs: Any) -> None:
        self.require_ahead(value)


class AnswerSchema(ReplySchema, NewsSchema):
    """What staff write to the reporter, with the next news they promise."""


class NoteSchema(Schema):
    body = Text(missing=_l("Write your note first."))


class ReasonSchema(Schema):
    """Wherever a change needs only its reason."""

    reason = Line(missing=_l("Say why, in a few words."), longest=500)


class CancelSchema(ReasonSchema):
    """Withdrawn, or cancelled by the desk."""


class WaitSchema(AheadSchema):
    """Waiting for the reporter needs a question; both need the instant at which we look again."""

    waiting_for = one_of(
        ("reporter", "supplier"), _l("Say for whom we wait: the reporter or a supplier."), required=True
    )
    question = Text()
    wake_at = Instant(
        required=True,
        format="iso",
        default_timezone=UTC,
        error_messages={
            "required": _l("Say when we look at it again."),
            "null": _l("Say when we look at it again."),
            "invalid": _l("Enter a day and time, for example 2026-11-24 09:00."),
        },
    )

    @validates("wake_at")
    def _is_ahead(self, value: datetime, **_kwargs: Any) -> None:
        self.require_ahead(value)

    @validates_schema(skip_on_field_errors=False)
    def _asks(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("waiting_for") == "reporter" and "question" in data and not data["question"]:
            raise ValidationError(_l("Ask the reporter what you need to know."), "question")


class ResolveSchema(Schema):
    cause = Text(missing=_l("Say what the cause was; a few words will do."), longest=10_000)
    solution = Text(missing=_l("Say what was done, so that the reporter can try it."))


class SeveritySchema(ReasonSchema):
    severity = choice(Severity, _l("Choose critical, major or minor."), required=True)


class TriageSchema(AnswersSchema):
    """What an agent sets after reading: the answers, or the severity with a reason, or the service."""

    service_id = number(_l("Choose a service from the list."), load_default=None)
    severity = choice(Severity, _l("Choose critical, major or minor."), load_default=None)
    reason = Line(longest=500)

    @validates_schema(skip_on_field_errors=False)
    def _says_why(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("severity") and "reason" in data and not data["reason"]:
            raise ValidationError(_l("Say why, in a few words."), "reason")


class QuestionsSchema(AnswersSchema):
    """The questions asked later, by the link in a receipt: both must be answered."""

    works = choice(Works, _l("Say what still works."), required=True)
    affected = choice(Affected, _l("Say who is affected."), required=True)


def with_answers(loaded: dict[str, Any]) -> dict[str, Any]:
    """What an AnswersSchema loaded, with its fields as one: `answers`, None where none was answered."""
    works, affected, stands_still = (
        loaded.pop(name) for name in ("works", "affected", "core_work_stands_still")
    )
    answers = Answers(works, affected, stands_still) if works or affected else None
    return {**loaded, "answers": answers}


class NotAReopeningSchema(AnswersSchema, ReasonSchema):
    """Why it is something else; subject, answers and service where they differ from the old ticket's."""

    subject = Line()
    service_id = number(_l("Choose a service from the list."), load_default=None)


class AcceptSchema(Schema):
    """`seen`: the id of the last entry that the actor has read; `take_over`: from whomever has it."""

    seen = number(_l("Give the id of an entry."), load_default=None)
    take_over = fields.Boolean(
        load_default=False, error_messages={"invalid": _l("Say true or false: take it over?")}
    )


class AssignSchema(Schema):
    """To a person, without one back to the team; or by a way of dispatch, which chooses whom."""

    assignee_id = number(_l("Choose a person from the list."), load_default=None)
    way = one_of(
        ("person", *WAYS), _l("Choose a person, or one of the ways to find one."), load_default="person"
    )


class HandUpSchema(ReasonSchema):
    """Why somebody more experienced has to look at it."""


class MoveSchema(ReasonSchema):
    """To another service (whose team takes it), or to a team."""

    service_id = number(_l("Choose a service from the list."), load_default=None)
    team_id = number(_l("Choose a team from the list."), load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _somewhere(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "service_id" in data and not data["service_id"] and not data.get("team_id"):
            raise ValidationError(_l("Choose a service or a team."), "service_id")


class OtherTicketSchema(Schema):
    """Names another ticket; doors look it up through the asker's rights (store.ticket_id_of)."""

    number = Line(missing=_l("Enter the other ticket's number, for example HD-12."), longest=24)


class MergeSchema(OtherTicketSchema):
    """Into which ticket this duplicate goes."""


class LinkSchema(OtherTicketSchema):
    how = one_of(SAID_BY_HAND, _l("Say how they belong together."), load_default="relates_to")


class UnlinkSchema(OtherTicketSchema):
    """Which link to take back; `is_ours`: it was said on this ticket, not on the other."""

    how = one_of(SAID_BY_HAND, _l("Say how they belong together."), required=True)
    is_ours = fields.Boolean(load_default=False)


class SplitSchema(AnswersSchema):
    """What becomes of a message that is about something else."""

    subject = Line(missing=_l("Say in a few words what happened."))
    kind = choice(Kind, _l("Say whether it is a fault, a request or a question."), load_default=Kind.FAULT)
    service_id = number(_l("Choose a service from the list."), load_default=None)


class SplitMessageSchema(SplitSchema):
    """With the message, where no address names it."""

    entry_id = number(_l("Give the id of an entry."), required=True)


class RatingSchema(Schema):
    """How the reporter found it; both may be left out."""

    stars = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 5, error=_l("Choose one to five stars.")),
        error_messages={"invalid": _l("Choose one to five stars.")},
    )
    words = Text(longest=5_000)


class FeedbackSchema(RatingSchema):
    """The answer to "is it solved?"; a no needs words."""

    solved = fields.Boolean(
        required=True,
        error_messages={
            "required": _l("Say whether it is solved."),
            "invalid": _l("Say whether it is solved."),
        },
    )
    is_sure = fields.Boolean(load_default=False)

    @validates_schema(skip_on_field_errors=False)
    def _says_what(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("solved") is False and "words" in data and not data["words"]:
            raise ValidationError(_l("Tell us what still does not work."), "words")
