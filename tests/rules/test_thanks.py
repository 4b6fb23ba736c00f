import pytest

from helpdesk.rules.thanks import is_only_thanks


@pytest.mark.parametrize(
    "text", ["Thanks!", "Thank you, Bo. It works now.", "谢谢！", "好的，谢谢，辛苦了", "Danke"]
)
def test_thanks_are_known(text: str) -> None:
    assert is_only_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It works",
        "Thanks, but it still jams",
        "Thanks. When does the other one come?",
        "Thanks, it doesn’t print",
        "谢谢，但是还不行",
        "谢谢，请再看看",
        "Thanks " * 40,
    ],
)
def test_when_unsure_it_is_more_than_thanks(text: str) -> None:
    assert not is_only_thanks(text)
