"""Every page that a letter leads to by its address is there."""

import re
from pathlib import Path

from flask import Flask

MAIL = Path(__file__).parents[2] / "templates" / "mail"


def test_the_buttons_of_letters_lead_to_pages_that_exist(app: Flask) -> None:
    written = {
        path for file in MAIL.iterdir() for path in re.findall(r"base_url ~ '(/[^']*)'", file.read_text())
    }
    assert len(written) >= 3
    pages = app.url_map.bind("desk.example.org")
    for path in written:
        assert pages.test(path, "GET"), path
