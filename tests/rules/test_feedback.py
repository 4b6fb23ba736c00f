import pytest

from helpdesk.rules.feedback import sounds_unsolved


@pytest.mark.parametrize(
    "words",
    [
        "It is still broken.",
        "STILL NOT working",
        "still can't print",
        "It doesn't work",
        "That did not help at all",
        "not solved",
        "same problem as before",
        "还是不行",
        "问题没有解决",
        "問題沒有解決",
        "仍然不能登录",
        "打印机又坏了",
    ],
)
def test_words_that_say_it_is_not_solved(words: str) -> None:
    assert sounds_unsolved(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Works again, thank you",
        "Quick and friendly",
        "It still works, great",
        "谢谢，已经好了",
        "解决了，很快",
    ],
)
def test_words_that_do_not(words: str) -> None:
    assert not sounds_unsolved(words)
