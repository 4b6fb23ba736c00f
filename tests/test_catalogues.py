"""Every text is there in every language, with the same placeholders."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

HOUSE = Path(__file__).resolve().parent.parent
LANGUAGES = ("zh_Hans", "zh_Hant")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make catalogues` would collect now."""
    template = tmp_path_factory.mktemp("texts") / "messages.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    options = ["-q", "extract", "-F", "babel.cfg", "-k", "_l", "-k", "lazy_gettext", "-o", template, "."]
    subprocess.run([pybabel, *options], cwd=HOUSE, check=True)
    with template.open("rb") as file:
        return read_po(file)


def _singular(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _catalogue(language: str) -> dict[str, str]:
    path = HOUSE / "helpdesk" / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        found = read_po(file, locale=language)
    return {_singular(m.id): _singular(m.string) for m in found if m.id and m.string and not m.fuzzy}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(texts: Catalog, language: str) -> None:
    known = _catalogue(language)
    missing = [_singular(m.id) for m in texts if m.id and not known.get(_singular(m.id))]
    assert not missing, f"{len(missing)} texts lack {language}: run `make catalogues`, then translate them"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(texts: Catalog, language: str) -> None:
    known = _catalogue(language)
    for message in texts:
        if not message.id:
            continue
        forms = [message.id] if isinstance(message.id, str) else list(message.id)
        allowed = set().union(*(PLACEHOLDER.findall(form) for form in forms))
        needed = set(PLACEHOLDER.findall(forms[0])) if len(forms) == 1 else set()
        found = set(PLACEHOLDER.findall(known.get(forms[0], "")))
        assert needed <= found <= allowed, f"{language}: {forms[0]!r}"
