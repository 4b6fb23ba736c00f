"""Every page that a letter or a chat message leads to by its address is there."""

import re
from pathlib import Path

from flask import Flask

TEMPLATES = Path(__file__).parents[2] / "templates"
ADDRESS = re.compile(r"base_url ~ '(/[^']*)'|\{\{ base_url \}\}(/[a-z-]+)(?=\s|$)")


def test_the_addresses_in_letters_are_those_of_pages(app: Flask) -> None:
    files = [*(TEMPLATES / "mail").iterdir(), *(TEMPLATES / "chat").iterdir()]
    written = {"".join(found) for file in files for found in ADDRESS.findall(file.read_text())}
    assert len(written) >= 3
    pages = app.url_map.bind("desk.example.org")
    for path in written:
        whole = f"{path}1" if path.endswith("/") else path  # the number of a thing follows
        assert pages.test(whole, "GET"), path
