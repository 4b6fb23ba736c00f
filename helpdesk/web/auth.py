"""Signing in and out, passwords, invitations, set-up."""

from flask import Blueprint, Flask
from flask_login import LoginManager

from helpdesk.rules.access import Asker, Role
from helpdesk.store.people import Person, find_person

bp = Blueprint("auth", __name__)
login_manager = LoginManager()


class User:
    """A signed-in person as Flask-Login and templates see them, until their session epoch changes."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, person: Person) -> None:
        self.id = person.id
        self.name = person.name
        self.initials = person.initials
        self.role: Role = Role(person.role)
        self.locale = person.locale
        self.zone = person.zone
        self.email = person.email
        self.epoch = person.session_epoch
        self.asker: Asker = person.asker

    def get_id(self) -> str:
        """What the session bears: the id and the epoch, so that raising the epoch signs out everywhere."""
        return f"{self.id}.{self.epoch}"


def load_user(session_id: str) -> User | None:
    """The person of a session, or None if they left or signed out everywhere."""
    person_id, _, epoch = session_id.partition(".")
    person = find_person(int(person_id)) if person_id.isdigit() else None
    if person is None or not person.is_active or str(person.session_epoch) != epoch:
        return None
    return User(person)


def init_app(app: Flask) -> None:
    """Sets up sessions."""
    login_manager.init_app(app)
    login_manager.user_loader(load_user)
