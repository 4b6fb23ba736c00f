"""Tables as text: what was pasted from a spreadsheet, or is CSV."""

import csv
from io import StringIO

_LOOKED_AT = 10  # lines
_BETWEEN = "\t;,，"


def cells_of(text: str) -> list[list[str]]:
    """The cells of a table that was pasted (tabs) or is CSV (semicolons or commas), a list for each line;
    [] for what is no table."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    lines = [line for line in text.split("\n", 4 * _LOOKED_AT) if line.strip()][:_LOOKED_AT]

    def likely(mark: str) -> tuple[bool, int, int]:
        # Commas may stand in most cells of a table whose columns semicolons part, but not in its heading.
        return mark == "\t" and mark in text, sum(mark in line for line in lines), text.count(mark)

    try:
        return list(csv.reader(StringIO(text, newline=""), delimiter=max(_BETWEEN, key=likely)))
    except csv.Error:
        return []
