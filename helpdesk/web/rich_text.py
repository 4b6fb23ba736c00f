"""What people write: Markdown to HTML that is safe to show."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# Plain HTML in the text is shown as typed; a line end is a line end, as people mean it.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable(
    ["table", "strikethrough"]
)
_TEXT = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "a", "hr"}
_LISTS = {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
_TAGS = _TEXT | _LISTS | {"h1", "h2", "h3", "h4", "h5", "h6"}
_SCHEMES = {"http", "https", "mailto", "tel"}


LONGEST_KEPT = 4_000  # characters: most messages; 2048 of them stay below 20 MB


def rendered(text: str) -> Markup:
    """The Markdown as HTML without anything active: links say nothing about us and pictures are left out
    (one from elsewhere would tell its owner who reads this)."""
    return _rendered(text) if len(text) <= LONGEST_KEPT else _rendered.__wrapped__(text)


@lru_cache(maxsize=2048)
def _rendered(text: str) -> Markup:
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704 (cleaned just above)
