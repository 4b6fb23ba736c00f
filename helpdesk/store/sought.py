"""What people are found by beside their names as written: pinyin, its initials, letters without accents."""

import os
import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

MOST_READINGS = 32  # of a whole name
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LEFT_OUT = str.maketrans("", "", "'’`·\0")  # PostgreSQL takes no NUL


def sought_of(name: str) -> str:
    """The words of Person.sought, a space before each, so that a search finds them by how they begin.

    張偉 is found as zhangwei, zw, zhang, wei and weizhang, in every reading of its characters; Müller as
    muller. "" where the name itself says all of it.
    """
    folded = words_of(name)
    plain = [_plain(word) for word in folded]
    pinyin = [word for run in _HAN.findall(name) for word in _pinyin(run)]
    # Databases differ in which letters their lower() knows: only ASCII's on SQLite.
    held = name.translate(_ASCII_LOWER)
    kept = dict.fromkeys(word for word in (*folded, *plain, *pinyin) if word not in held)
    return "".join(f" {word}" for word in kept)


def words_of(text: str) -> list[str]:
    """The words that somebody looks for, without case and width; signs at their ends do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LEFT_OUT)
    return [word for part in folded.split() if (word := part.strip(",.;，、。()（）"))]


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _pinyin(run: str) -> list[str]:
    """A Chinese name's readings joined, its initials, its given name, its syllables, and surname last."""
    found: list[str] = []
    for syllables in islice(product(*map(_readings, run)), MOST_READINGS):
        given = "".join(syllables[1:])
        found += ["".join(syllables), "".join(s[0] for s in syllables), given, *syllables]
        found.append(given + syllables[0])
    return list(filter(None, found))


@lru_cache(maxsize=4096)
def _readings(character: str) -> tuple[str, ...]:
    """How a character is read, without tones, ü as v; as itself where nobody knows."""
    # Its tables take 40 ms and 11 MB, for those alone who write a Chinese name; those of phrases, which names
    # do not need, would take five times as much.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, v_to_u=False)[0]
    return tuple(dict.fromkeys(found))


_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
