"""Writes many rows at once: invented history."""

from collections.abc import Iterator
from typing import Any

from helpdesk.store.db import Base, new_ids

RESERVED = 2000


def rows_of(model: type[Base], objects: list[Any]) -> list[dict[str, Any]]:
    """What the columns of these unsaved objects hold."""
    names = [column.key for column in model.__table__.columns]
    return [{name: getattr(each, name) for name in names} for each in objects]


class Ids:
    """New ids, one after the other, within one transaction. SQLite's go on from what was reserved before."""

    def __init__(self, model: type[Base]) -> None:
        self.model = model
        self._left: list[int] = []
        self._reserved = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if not self._left:
            self._reserved += RESERVED
            self._left = new_ids(self.model, self._reserved)[-RESERVED:][::-1]
        return self._left.pop()
