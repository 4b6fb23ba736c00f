"""What a table that is taken in would do, line by line: shared by all that tables can be of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.desk.changes import By
from helpdesk.store.people import Person


@dataclass(frozen=True)
class Row:
    """A line of the table with what it says; fields whose cells are empty are left out."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """Why a line cannot be taken in: `code` says it of `field`, `names` what stands against it."""

    line: int
    field: str
    code: str
    names: str = ""


@dataclass(frozen=True)
class Line:
    """What a line does to a thing (`own_id` None: it is new): of each field that changes, from and to."""

    line: int
    name: str
    own_id: int | None
    changes: Mapping[str, tuple[Any, Any]]
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a table would do; with `faults` nothing of it is taken in. `departments`, `locations`: what people
    sit in that is not known yet and made too. `missing`: people with a staff number whom the table leaves
    out; nothing is done to them. `write` does it all, inside the transaction in which this was planned."""

    write: Callable[[By], None]
    lines: tuple[Line, ...] = ()
    faults: tuple[Fault, ...] = ()
    departments: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    missing: tuple[Person, ...] = ()

    @property
    def added(self) -> tuple[Line, ...]:
        """What is new."""
        return tuple(line for line in self.lines if line.own_id is None)

    @property
    def changed(self) -> tuple[Line, ...]:
        """What is known and becomes different."""
        return tuple(line for line in self.lines if line.own_id is not None and line.changes)

    @property
    def unchanged(self) -> int:
        """How many lines say what is known."""
        return len(self.lines) - len(self.added) - len(self.changed)

    @property
    def does_anything(self) -> bool:
        """Whether anything would be written."""
        return any(line.own_id is None or line.changes for line in self.lines)
