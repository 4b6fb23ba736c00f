"""Letters are written by processes that load no pages."""

from pathlib import Path

import pytest
from jinja2 import nodes

from helpdesk.config import load_settings
from helpdesk.core import ROOT, create_core

LETTERS = sorted((ROOT / "templates" / "mail").iterdir())


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.name)
def test_a_letter_needs_no_filter_that_only_pages_know(path: Path, tmp_path: Path) -> None:
    environ = {"HELPDESK_DATA": str(tmp_path), "HELPDESK_REDIS_URL": "redis://127.0.0.1:1/0"}
    environment = create_core(load_settings(environ)).jinja_env
    wanted = {found.name for found in environment.parse(path.read_text()).find_all(nodes.Filter)}
    assert wanted <= environment.filters.keys()
