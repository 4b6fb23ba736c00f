"""Pages are light: what goes over the wire is compressed, and what has not changed does not go at all."""

import re
from collections.abc import Callable

import pytest

from tests.conftest import Browser, House
from tests.doors.test_queue import report

KIB = 1024


@pytest.fixture
def bo(house: House, browser: Callable[[], Browser]) -> Browser:
    for n in range(50):
        report(house, f"Printer {n} prints stripes")
    return browser().known_as(house.bo)


def weight(reader: Browser, url: str, etag: str = "") -> tuple[int, str]:
    """How many bytes come, and the entity tag."""
    answer = reader.get(url, headers={"Accept-Encoding": "gzip, br, zstd", "If-None-Match": etag})
    return len(answer.data), answer.headers.get("ETag", "")


def test_the_queue_is_light_and_lighter_once_its_files_are_there(bo: Browser) -> None:
    page = bo.get("/queue").text
    files = re.findall(r'(?:src|href)="(/(?:static|brand)[^"]+)"', page)
    assert {name.rpartition("/")[2] for name in files} >= {"helpdesk.css", "helpdesk.js", "queue.js"}
    known = {url: weight(bo, url) for url in dict.fromkeys(files)}
    first = weight(bo, "/queue")[0] + sum(size for size, _etag in known.values())
    assert first < 150 * KIB
    again = weight(bo, "/queue")[0] + sum(weight(bo, url, etag)[0] for url, (_size, etag) in known.items())
    assert again < 20 * KIB


@pytest.mark.parametrize("url", ["/queue/rows", "/bell/news"])
def test_what_polls_hears_in_short_that_nothing_has_changed_also_where_it_is_compressed(
    bo: Browser, url: str
) -> None:
    size, etag = weight(bo, url)
    assert size
    assert bo.get(url, headers={"Accept-Encoding": "br", "If-None-Match": etag}).status_code == 304
    assert bo.get(url, headers={"If-None-Match": etag}).status_code == 304
