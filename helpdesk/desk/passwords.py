"""Hashing, verifying and judging passwords: Argon2id, and the list of known ones."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.rules.passwords import PasswordRules, fault_of, normal
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person

# OWASP's memory-lean choice: several sign-ins at once must fit into the service's memory.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordRefused(Exception):
    """The password breaks a rule; `code` is rules/passwords.fault_of's, `rules` those in force."""

    def __init__(self, code: str, rules: PasswordRules) -> None:
        super().__init__(code)
        self.code = code
        self.rules = rules


def rules_in_force() -> PasswordRules:
    """The organisation's password rules; the defaults before the first set-up."""
    organisation = find_organisation()
    return PasswordRules.of(organisation.options if organisation else {})


def require_good(password: str, person: Person | None = None, context: tuple[str, ...] = ()) -> None:
    """Raises PasswordRefused where the password cannot be used (by that person)."""
    organisation = find_organisation()
    words = ["helpdesk", *context, *([organisation.name] if organisation else [])]
    if person is not None:
        words += [person.name, *(address.email for address in person.addresses)]
    # An address also as the name before its @, which is how people fold it into passwords.
    words += [word.partition("@")[0] for word in words if "@" in word]
    rules = rules_in_force()
    code = fault_of(password, rules, _known_words(), words)
    if code is not None:
        raise PasswordRefused(code, rules)


def hashed(password: str) -> str:
    """The Argon2id hash to keep."""
    return HASHER.hash(normal(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits the hash. None (no such account) takes as long and never fits."""
    try:
        HASHER.verify(password_hash or _nobodys_hash(), normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash("nobody has this password")


@cache
def _known_words() -> frozenset[str]:
    """Passwords from breaches and common words, as zxcvbn brings them, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # large: loaded with the first password set

    return frozenset(
        word
        for name, words in FREQUENCY_LISTS.items()
        for word in words
        if name == "passwords" or len(word) >= 8
    )
