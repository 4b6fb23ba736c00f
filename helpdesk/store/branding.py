"""The look that an organisation has chosen, as pages and letters read it."""

from pathlib import Path
from typing import NamedTuple

from helpdesk.rules.colours import STANDARD
from helpdesk.store.files import file_path
from helpdesk.store.organisation import Organisation

ROOM = "brand"  # of the data folder


class Brand(NamedTuple):
    """`name` of the desk; `accent` as chosen; `logo` and `logo_type` (None: none)."""

    name: str = "Helpdesk"
    accent: str = STANDARD
    logo: str | None = None
    logo_type: str | None = None

    @property
    def has_own_colour(self) -> bool:
        """Whether the stylesheet needs another beside it."""
        return self.accent != STANDARD


def get_brand(organisation: Organisation | None) -> Brand:
    """The organisation's look; ours for what it has not chosen, and before the first set-up."""
    options = organisation.options if organisation else {}
    logo, logo_type = options.get("logo") or (None, None)
    return Brand(options.get("brand_name") or "Helpdesk", options.get("accent") or STANDARD, logo, logo_type)


def get_logo_path(sha256: str) -> Path:
    """Where the logo lies."""
    return file_path(ROOM, sha256)
