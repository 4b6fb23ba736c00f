"""What is typed about channels."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.rules.channels import LONGEST_URL
from helpdesk.schemas.fields import Line


class ChannelSchema(Schema):
    name = Line(missing=_l("Give it a name, for example: my phone."), longest=80)
    url = Line(missing=_l("Paste the address that the service gave you."), longest=LONGEST_URL)


class CodeSchema(Schema):
    code = Line(missing=_l("Type the code from the message."), longest=20)
