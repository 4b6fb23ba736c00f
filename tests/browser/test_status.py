"""The public status pages as a stranger sees them."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.maintenance import Window, WindowService
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House

HOUR = timedelta(hours=1)


def test_the_status_pages_look_as_they_should(
    house: House, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    now = clock.now()
    for days, hours in ((80, 4), (31, 9), (12, 2)):
        start = now - timedelta(days=days)
        past = Window(starts_at=start, ends_at=start + HOUR * hours, announced_at=start - timedelta(days=9))
        past.started_at, past.ended_at, past.state = past.starts_at, past.ends_at, "finished"
        past.covered = [WindowService(service_id=house.printing.id)]
        db.session.add(past)
    for service, start, reason in (
        (house.printing, now - HOUR, "New version of the print server"),
        (house.erp, now + timedelta(days=4), "Year's archive"),
    ):
        told = Window(starts_at=start, ends_at=start + 3 * HOUR, announced_at=now - 8 * HOUR, reason=reason)
        told.state, told.covered = "announced", [WindowService(service_id=service.id)]
        db.session.add(told)
    db.session.commit()
    answers = {"works": Works.NOTHING, "affected": Affected.EVERYONE}
    command = tickets.Report("Stands still", "", service_id=house.erp.id, **answers)
    tickets.report(command, house.ana, now=now - 30 * HOUR, door="web")
    for width, theme, language in ((1280, "light", "en"), (390, "dark", "zh_Hans")):
        for name, path in (("status", "/status"), ("status-erp", f"/status/{house.erp.id}")):
            page = visit(None, f"{path}?lang={language}", width=width, theme=theme)
            keep_picture(page, f"{name}-{width}-{language}")
            axe_clean(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
