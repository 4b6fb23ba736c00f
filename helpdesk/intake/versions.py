"""Which version of a mail's text to show: plain and HTML seldom say just the same."""

import re

_LINK = re.compile(r"<?https?://[^\s>]+>?|<[a-z]{2,10}:[^\s>]+>")
_PICTURE = re.compile(r"\[[^\[\]]{0,300}\]")  # what stands for it says nothing more
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W\u2e80-\u9fff\uac00-\ud7af]+")


def needed(plain: str, rich: str) -> list[str]:
    """Texts that hold the words of both versions: the plain one where it says most of what the HTML does, and
    the lines that only the HTML has; or the other way round; both where they have little in common."""
    said, meant = _word_list(plain), _word_list(rich)
    if plain and not _lacks(said, meant, 2):
        return [plain, *_only_in(rich, said)]
    return [plain, rich] if _lacks(meant, said, 4) else [rich, *_only_in(plain, meant)]


def _lacks(words: list[str], other: list[str], part: int) -> bool:
    """Whether more than one `part` of the other's words is not among the words."""
    known = set(words)
    return sum(word not in known for word in other) * part > len(other)


def _only_in(text: str, words: list[str]) -> list[str]:
    """The text's lines that say something which the words do not."""
    known = set(words)
    lines = [line for line in text.split("\n") if _is_news(_word_list(_PICTURE.sub(" ", line)), known)]
    return ["\n".join(lines)] if lines else []


def _is_news(words: list[str], known: set[str]) -> bool:
    new = sum(word not in known for word in words)
    return new > 2 or (new > 0 and new * 3 >= len(words))


def _word_list(text: str) -> list[str]:
    """Its words, of CJK its characters; addresses of links are none, for HTML has more of them."""
    return _WORD.findall(_LINK.sub(" ", text.lower()))
