"""What a service needs, who uses it, and that nothing needs itself."""

from typing import Any

import pytest

from helpdesk.desk import services
from helpdesk.desk.changes import By, Refused
from helpdesk.store import db
from helpdesk.store.organisation import Department
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import list_audience_ids, list_dependencies
from tests.conftest import MONDAY_9, House


def saved(house: House, service: Any, **other: Any) -> None:
    services.save(service.id, {**services.state_of(service), **other}, By(MONDAY_9, house.eli.id))


def test_a_service_keeps_what_it_needs_and_who_uses_it(house: House) -> None:
    sales = Department(name="Sales")
    db.session.add(sales)
    db.session.commit()
    saved(house, house.printing, needs=[house.erp.id], departments=[sales.id], is_on_status_page=False)
    assert list_dependencies() == [(house.printing.id, house.erp.id)]
    assert list_audience_ids(house.printing.id) == [sales.id]
    event = db.session.query(SecurityEvent).order_by(SecurityEvent.id.desc()).first()
    assert event is not None
    assert event.detail == {
        "from": {"is_on_status_page": True},
        "to": {"is_on_status_page": False, "needs": [house.erp.id], "departments": [sales.id]},
    }
    saved(house, house.printing, needs=[], departments=[])
    assert (list_dependencies(), list_audience_ids(house.printing.id)) == ([], [])


def test_no_service_needs_itself_directly_or_not(house: House) -> None:
    saved(house, house.printing, needs=[house.erp.id])
    with pytest.raises(Refused) as refused:
        saved(house, house.erp, needs=[house.printing.id])
    assert (refused.value.field, refused.value.code, refused.value.names) == ("needs", "circle", "Printing")
    with pytest.raises(Refused, match="circle"):
        saved(house, house.erp, needs=[house.erp.id])
    assert list_dependencies() == [(house.printing.id, house.erp.id)]
