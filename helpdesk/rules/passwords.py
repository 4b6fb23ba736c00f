"""Which passwords are taken, after NIST SP 800-63B (revision 4, section 3.1.1).

Length and a list of known passwords decide; any character counts. Composition and expiry exist for
organisations under rules that ask for them, and are off by default.
"""

import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

LONGEST = 1024  # characters: far above the 64 that must be possible, low enough to hash at once
SHORTEST_ALLOWED = 8


@dataclass(frozen=True)
class PasswordRules:
    """What an organisation asks of passwords and sessions.

    `expires_after` and `idle_timeout` None: never. `composition`: upper and lower case, digit and sign.
    """

    min_length: int = 12
    composition: bool = False
    expires_after: timedelta | None = None
    idle_timeout: timedelta | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "PasswordRules":
        """From organisation.options: password_min_length, password_composition, password_expiry_days,
        idle_timeout_minutes; 0 or absent is off."""
        return cls(
            max(int(options.get("password_min_length") or cls.min_length), SHORTEST_ALLOWED),
            bool(options.get("password_composition")),
            timedelta(days=int(options.get("password_expiry_days") or 0)) or None,
            timedelta(minutes=int(options.get("idle_timeout_minutes") or 0)) or None,
        )

    def has_expired(self, changed_at: datetime | None, now: datetime) -> bool:
        """Whether a password set at that instant must be changed; never where expiry is off."""
        if self.expires_after is None or changed_at is None:
            return False
        return now >= changed_at + self.expires_after


def fault_of(
    password: str, rules: PasswordRules, known: Container[str], context: Iterable[str] = ()
) -> str | None:
    """Why the password cannot be used, or None if it can.

    Codes: too_short, too_long, too_plain (repeats itself or counts), known (on the list `known` of
    lower-case words, also with digits and signs around it), too_close (made of `context`: name,
    address, organisation), composition.
    """
    password = normal(password)
    if len(password) < rules.min_length:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    folded = password.lower()
    core = folded.strip("".join({c for c in folded if not c.isalpha()}))
    if _repeats(folded) or _counts(folded):
        return "too_plain"
    if folded in known or (core and core in known):
        return "known"
    if core and _letters(core) in {_letters(word) for text in context for word in (text, *_words(text))}:
        return "too_close"
    if rules.composition and not _is_mixed(password):
        return "composition"
    return None


def normal(password: str) -> str:
    """The password as it is hashed: the same on every keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _repeats(text: str) -> bool:
    """One piece over and over ("abcabcabc"), or hardly any different characters."""
    return text in (text + text)[1:-1] or len(set(text)) < 4


def _counts(text: str) -> bool:
    """Every character follows the one before it: "123456789012", "abcdefghijkl", also backwards."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()


def _is_mixed(password: str) -> bool:
    tests = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return all(any(test(c) for c in password) for test in tests)
