"""The commands of the set-up page of mail and letters."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields

from helpdesk.schemas.fields import Line

_DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)


class Domains(Line):
    """Names of domains with commas or blanks between them: a list, in lower case."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(*args, **kwargs).lower().replace(",", " ").split()
        if not all(_DOMAIN.fullmatch(each) for each in found):
            raise ValidationError([_l("Write names of domains, for example: example.org, example.com.")])
        return list(dict.fromkeys(found))


class MailSchema(Schema):
    """What mail may do."""

    mail_authserv = Line(longest=253)
    reply_to_domains = Domains(longest=2000, load_default=[])
    agent_mail = fields.Boolean(load_default=False)


class StopLettersSchema(Schema):
    why = Line(missing=_l("Say why, so that the others know."), longest=200)
