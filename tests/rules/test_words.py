import pytest

from helpdesk.rules.highlights import marked, snippet
from helpdesk.rules.words import (
    LONGEST,
    MOST_OF_TEXT,
    Term,
    marked_spans,
    places,
    term_of,
    tokens_of,
    weight_of,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Printer jams, HD-12!", ["printer", "jams", "hd", "12"]),
        ("snake_case 10.0.0.1", ["snake", "case", "10", "0", "0", "1"]),
        ("打印机卡纸", ["打印", "印机", "机卡", "卡纸", "纸"]),
        ("二楼东侧 x 字", ["二楼", "楼东", "东侧", "侧", "x", "字"]),
        ("ＶＰＮ ﬁle STRASSE Straße", ["vpn", "file", "strasse", "strasse"]),
        ("café cafe\u0301", ["café", "café"]),
        ("ｶﾞｽ ガス", ["ガス", "ス", "ガス", "ス"]),
        ("①½", ["11", "2"]),
        ("A4纸", ["a4", "纸"]),
        ('\'; DROP "x" \\ \x00', ["drop", "x"]),
    ],
)
def test_a_text_falls_into_words_and_pairs_of_characters(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("printer", Term(("printer",))),
        ("HD-12", Term(("hd", "12"))),
        ("卡纸", Term(("卡纸",))),
        ("打印机", Term(("打印", "印机"))),
        ("纸", Term(("纸",), is_prefix=True)),
        ("A4纸", Term(("a4", "纸"), is_prefix=True)),
        ("打印机 A4", Term(("打印", "印机", "机", "a4"))),
        ("!?", None),
    ],
)
def test_what_is_looked_for_is_tokens_in_a_row(text: str, term: Term | None) -> None:
    assert term_of(text) == term


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("打印机卡纸, 二楼", wanted) for wanted in ("打印机卡纸", "印机", "机", "纸", "二楼", "楼", "卡纸 二楼")]
    + [("Paper jam in A4纸盒", wanted) for wanted in ("JAM", "paper jam", "a4纸", "纸盒", "盒")],
)
def test_whatever_stands_in_a_text_is_found_in_it(text: str, wanted: str) -> None:
    term = term_of(wanted)
    assert term is not None
    assert marked_spans(list(places(text)), [term])


@pytest.mark.parametrize("wanted", ["印纸", "jam paper", "pape", "卡纸机"])
def test_what_does_not_stand_in_a_row_is_not_found(wanted: str) -> None:
    term = term_of(wanted)
    assert term is not None
    assert not marked_spans(list(places("打印机卡纸 paper jam")), [term])


def test_of_one_text_no_more_is_kept_than_both_databases_hold() -> None:
    for text in ("a " * 100_000, "word" * 100_000, "字" * 100_000, ("long" * 15 + " ") * 10_000):
        tokens = tokens_of(text)
        assert tokens
        assert weight_of(tokens) <= MOST_OF_TEXT
        assert 2 * len(tokens) < 16_000
        assert max(map(len, tokens)) <= LONGEST


def said(text: str, *wanted: str) -> str:
    terms = [term for each in wanted if (term := term_of(each)) is not None]
    return "".join(f"<{part.text}>" if part.is_marked else part.text for part in marked(text, terms))


def test_what_was_looked_for_is_marked_as_it_stands_in_the_text() -> None:
    assert said("The PRINTER jams; printers do", "printer") == "The <PRINTER> jams; printers do"
    assert said("打印机卡纸，又卡纸", "卡纸") == "打印机<卡纸>，又<卡纸>"
    assert said("纸盒没有纸", "纸") == "<纸>盒没有<纸>"
    assert said("Die Straße ist gesperrt", "strasse", "ist gesperrt") == "Die <Straße> <ist gesperrt>"
    assert said("nothing here", "else") == "nothing here"


def test_a_snippet_begins_shortly_before_the_first_mark() -> None:
    text = "word " * 100 + "the needle lies here " + "word " * 100
    term = term_of("needle")
    assert term is not None
    parts = snippet(text, [term])
    whole = "".join(part.text for part in parts)
    assert whole.startswith("… ")
    assert whole.endswith(" …")
    assert len(whole) < 240
    assert [part.text for part in parts if part.is_marked] == ["needle"]
    assert snippet("nothing of the kind", [term]) == []
