"""The variables of canned answers: {{ticket.number}} and the like, a fixed list, filled by plain text."""

import re
from collections.abc import Iterable, Mapping

VARIABLES = (
    "ticket.number",
    "ticket.subject",
    "reporter.name",
    "service",
    "team",
    "agent.name",
    "promise",
    "organisation",
    "hotline",
)
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def unknown_in(text: str) -> list[str]:
    """What stands between two pairs of braces and is no variable, in the text's order, each once; "{{" or
    "}}" for a pair without its other."""
    found = [name for name in _VARIABLE.findall(text) if name not in VARIABLES]
    rest = _VARIABLE.sub("", text)
    return list(dict.fromkeys(found + [mark for mark in ("{{", "}}") if mark in rest]))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the variables' values; one without a value becomes "…", a gap that whoever
    sends it sees. What a value holds is not looked at again."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or "…", text)


def text_for(texts: Mapping[str, str], locales: Iterable[str | None]) -> str:
    """The text in the first of these languages that has one, else in any; "" where there is none at all."""
    wanted = [texts[locale] for locale in locales if locale and texts.get(locale)]
    return next(iter([*wanted, *filter(None, texts.values())]), "")
