"""What an organisation's pages and letters look like: its name for the desk, one colour, a logo."""

import io

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.rules.colours import STANDARD
from helpdesk.rules.pictures import picture_of
from helpdesk.store.branding import ROOM
from helpdesk.store.db import transaction
from helpdesk.store.files import keep_file
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import Organisation

MOST_BYTES = 64_000  # it is part of every first page
MOST_PIXELS = 2000


def state_of(organisation: Organisation) -> State:
    """What the form shows: `brand_name` ("": ours), `accent` ("": ours), `logo` ([]: none, else SHA-256 and
    media type)."""
    options = organisation.options
    return {
        "brand_name": options.get("brand_name", ""),
        "accent": options.get("accent", ""),
        "logo": options.get("logo", []),
    }


def change(
    brand_name: str, accent: str, by: By, seen: str | None, *, logo: bytes = b"", without_logo: bool = False
) -> None:
    """Another name, colour or logo (b"": as before). Raises Refused (logo: no_picture, too_large),
    ChangedMeanwhile."""
    values: State = {"brand_name": brand_name, "accent": "" if accent == STANDARD else accent}
    if without_logo:
        values["logo"] = []
    elif logo:
        values["logo"] = _kept(logo)
    with transaction():
        organisation = get_row_for_change(Organisation, 1)
        options = {"options": {**organisation.options, **values}}
        changes.apply(organisation, options, state_of, "organisation", by, seen)


def _kept(logo: bytes) -> list[str]:
    if len(logo) > MOST_BYTES:
        raise Refused("logo", "too_large")
    picture = picture_of(logo)
    if picture is None:
        raise Refused("logo", "no_picture")
    if max(picture.width, picture.height) > MOST_PIXELS:
        raise Refused("logo", "too_large")
    sha256, _size = keep_file(ROOM, io.BytesIO(logo))
    return [sha256, picture.media_type]
