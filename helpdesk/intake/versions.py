"""Which version of a mail's text to show: plain and HTML seldom say just the same."""

import re

_LINK = re.compile(r"<?https?://[^\s>]+>?")
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W\u2e80-\u9fff\uac00-\ud7af]+")


def needed(plain: str, rich: str) -> list[str]:
    """Which versions of a text are needed for its words: the plain one where it says what the HTML does."""
    said, meant = _word_list(plain), _word_list(rich)
    if plain and not _lacks(said, meant, 2):
        return [plain]
    return [plain, rich] if _lacks(meant, said, 4) else [rich]


def _lacks(words: list[str], other: list[str], part: int) -> bool:
    """Whether more than one `part` of the other's words is not among the words."""
    known = set(words)
    return sum(word not in known for word in other) * part > len(other)


def _word_list(text: str) -> list[str]:
    """Its words, of CJK its characters; addresses of links are none, for HTML has more of them."""
    return _WORD.findall(_LINK.sub(" ", text.lower()))
