"""Which policy a ticket comes under: the first rule that fits, in the order that people see."""

import pytest

from helpdesk.rules.policies import Rule, first_fitting, never_reached

ERP, PAYROLL = 1, 2
SALES, EXPORT, PLANT = 10, 11, 12  # export belongs to sales
ABOVE = {SALES: (SALES,), EXPORT: (EXPORT, SALES), PLANT: (PLANT,)}
RULES = (
    Rule(1, 100, kind="request", service_id=ERP),
    Rule(2, 200, department_id=SALES),
    Rule(3, 300, service_id=ERP),
    Rule(4, 400, kind="question"),
    Rule(5, 500),
)


@pytest.mark.parametrize(
    ("kind", "service", "department", "policy"),
    [
        ("request", ERP, SALES, 100),
        ("fault", ERP, SALES, 200),
        ("fault", ERP, EXPORT, 200),
        ("fault", ERP, PLANT, 300),
        ("fault", ERP, None, 300),
        ("question", ERP, None, 300),
        ("question", PAYROLL, None, 400),
        ("question", None, None, 400),
        ("fault", None, PLANT, 500),
        ("request", None, None, 500),
    ],
)
def test_the_first_rule_that_fits_decides(
    kind: str, service: int | None, department: int | None, policy: int
) -> None:
    departments = ABOVE[department] if department else ()
    found = first_fitting(RULES, kind, service, departments)
    assert found is not None
    assert found.policy_id == policy


def test_where_no_rule_fits_there_is_none() -> None:
    assert first_fitting(RULES[:1], "fault", ERP, ()) is None


def test_a_rule_behind_one_that_takes_all_its_tickets_is_never_reached() -> None:
    rules = (
        Rule(1, 100, service_id=ERP),
        Rule(2, 100, kind="fault", service_id=ERP),
        Rule(3, 100, department_id=SALES),
        Rule(4, 100, department_id=EXPORT),
        Rule(5, 100, kind="request", department_id=EXPORT),
        Rule(6, 100, department_id=PLANT),
        Rule(7, 100),
    )
    assert never_reached(rules, ABOVE) == {2, 4, 5}


def test_a_department_does_not_take_the_tickets_of_the_one_above_it() -> None:
    assert never_reached((Rule(1, 1, department_id=EXPORT), Rule(2, 1, department_id=SALES)), ABOVE) == set()
