"""The commands of swaps, as every door validates them."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields

from helpdesk.rules.spans import Span
from helpdesk.schemas.fields import number
from helpdesk.schemas.spans import SpanSchema


class SpanText(fields.Field[Span]):
    """Two instants, "2026-03-05T08:00Z/2026-03-06T08:00Z", as a choice in a list bears them."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Span:
        text = str(super()._deserialize(*args, **kwargs))
        try:
            start, end = (datetime.fromisoformat(part).astimezone(UTC) for part in text.split("/"))
        except ValueError:
            raise ValidationError([_l("Choose a turn from the list.")]) from None
        return start, end


class SwapSchema(SpanSchema):
    """A turn, or a part of it, is offered to one (`offered_to_id`) or to all; `returned` is that one's turn
    taken for it; `reason`: a word to whom it is offered."""

    offered_to_id = number(_l("Choose a person from the list."), load_default=None)
    returned = SpanText(load_default=None)
