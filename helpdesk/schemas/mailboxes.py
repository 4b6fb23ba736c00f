"""What is typed about mailboxes that the desk fetches."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from helpdesk.schemas.fields import Line, one_of, whole
from helpdesk.schemas.people import MailAddress

LONGEST_SECRET = 10_000  # characters; tokens of some providers have thousands


class Secret(fields.String):
    """A password or token exactly as typed; nothing: the kept one stays."""

    def __init__(self) -> None:
        super().__init__(
            load_default="",
            load_only=True,
            validate=validate.Length(
                max=LONGEST_SECRET, error=_l("This is too long for a password or token.")
            ),
        )


class MailboxSchema(Schema):
    """A mailbox; its secrets come beside it (`secrets_of`)."""

    name = Line(missing=_l("Give it a name, for example: Support."), longest=80)
    address = MailAddress(_l("Enter the address that people write to."))
    host = Line(missing=_l("Enter the name of the mail server, for example: imap.example.org."), longest=253)
    port = whole(1, 65535)
    privacy = one_of(("tls", "starttls", "none"), _l("Choose how the way there is encrypted."), required=True)
    user = Line(missing=_l("Enter the name that signs in there, often the address."), longest=254)
    folder = Line(missing=_l("Enter the folder, usually INBOX."), longest=200)
    auth = one_of(("password", "oauth"), _l("Choose how to sign in."), required=True)
    token_url = Line(longest=500)
    client_id = Line(longest=300)
    scope = Line(longest=500)
    is_active = fields.Boolean(load_default=False)
    password = Secret()
    client_secret = Secret()
    refresh_token = Secret()


SECRETS = ("password", "client_secret", "refresh_token")


def secrets_of(data: dict[str, Any]) -> dict[str, str]:
    """Takes the secrets out of what MailboxSchema loaded."""
    return {name: data.pop(name) for name in SECRETS}


class SilenceSchema(Schema):
    mailbox_silent_minutes = whole(10, 10_080)
