"""The kinds of question that a service's form may ask beyond what it asks for all."""

from enum import StrEnum


class FieldKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    NUMBER = "number"
    FILE = "file"
