"""What people write, as pages show it."""

from helpdesk.web import rich_text


def test_long_texts_are_shown_but_not_kept() -> None:
    kept = rich_text._rendered.cache_info().currsize
    long = "**so** " * rich_text.LONGEST_KEPT
    assert "<strong>so</strong>" in rich_text.rendered(long)
    assert rich_text._rendered.cache_info().currsize == kept
