"""What the pages say about tables that are taken in."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: Mapping[str, Any] = {
    "people": _l("People"),
    "departments": _l("Departments"),
    "locations": _l("Locations"),
    "services": _l("Services"),
}
TAKE_IN: Mapping[str, Any] = {
    "people": _l("Take in people"),
    "departments": _l("Take in departments"),
    "locations": _l("Take in locations"),
    "services": _l("Take in services"),
}
# Also the headings of the templates: rules/imports knows each of them in each of our languages.
COLUMNS: Mapping[str, Any] = {
    "name": _l("Name"),
    "first_name": _l("First name"),
    "last_name": _l("Surname"),
    "email": _l("Mail address"),
    "staff_number": _l("Staff number"),
    "department": _l("Department"),
    "location": _l("Location"),
    "phone": _l("Phone"),
    "locale": _l("Language"),
    "zone": _l("Time zone"),
    "external_id": _l("Id elsewhere"),
    "role": _l("Role"),
    "parent": _l("Belongs to"),
    "address": _l("Address"),
    "description": _l("Description"),
    "team": _l("Team"),
    "owner": _l("Owner"),
    "is_core": _l("Core"),
    "is_restricted": _l("Restricted"),
}
EXAMPLES: Mapping[str, Any] = {
    "email": "ana@example.org",
    "staff_number": "10023",
    "department": _l("Works / Hall 2"),
    "location": _l("Building A, 3rd floor"),
    "phone": "+49 30 1234",
    "locale": _l("English, 简体中文 or 繁體中文"),
    "zone": "Europe/Berlin",
    "external_id": _l("The id in your directory"),
    "role": _l("Reporter, agent, lead … (never guessed: choose the column yourself)"),
    "parent": _l("The department above it"),
    "team": _l("A team that there is here"),
    "owner": _l("A name, mail address or staff number"),
    "is_core": _l("yes or no"),
    "is_restricted": _l("yes or no"),
}
FAULTS: Mapping[str, Any] = {
    "no_key": _l("Give a staff number or a mail address, so that nobody is added twice."),
    "no_name": _l("The name is missing."),
    "twice": _l("The same stands in line %(names)s already."),
    "has_left": _l("%(names)s has left. Take the line out, or say first that they are back."),
    "address_of": _l("This mail address is %(names)s's, who has another staff number."),
    "elsewhere": _l("%(names)s belongs to another department. Take in departments first to move it."),
    "no_team": _l("There is no team “%(names)s”."),
    "no_owner": _l("Nobody at the desk, or more than one person, is called “%(names)s”."),
}
