"""Which services a window of one covers too."""

from helpdesk.rules.dependencies import covered, in_circle, those_that_need

ERP, REPORTS, SHOP, NETWORK, PAYROLL = range(1, 6)
# Reports and shop need the ERP; the ERP needs the network.
PAIRS = [(REPORTS, ERP), (SHOP, ERP), (ERP, NETWORK)]


def test_whatever_needs_a_service_is_covered_with_it_directly_or_not() -> None:
    assert covered([NETWORK], PAIRS) == {NETWORK, ERP, REPORTS, SHOP}
    assert covered([ERP], PAIRS) == {ERP, REPORTS, SHOP}
    assert covered([SHOP, PAYROLL], PAIRS) == {SHOP, PAYROLL}
    assert covered([], PAIRS) == frozenset()


def test_the_named_ones_are_not_among_those_that_need_them() -> None:
    assert those_that_need([NETWORK], PAIRS) == {ERP, REPORTS, SHOP}
    assert those_that_need([NETWORK, ERP], PAIRS) == {ERP, REPORTS, SHOP}


def test_no_service_needs_itself_round_a_corner() -> None:
    assert in_circle(NETWORK, [SHOP, PAYROLL], PAIRS) == {SHOP}
    assert in_circle(NETWORK, [NETWORK], PAIRS) == {NETWORK}
    assert in_circle(SHOP, [NETWORK, ERP], PAIRS) == frozenset()
    assert in_circle(ERP, [PAYROLL], PAIRS) == frozenset()


def test_a_circle_that_stands_already_is_walked_once() -> None:
    circle = [(ERP, SHOP), (SHOP, ERP)]
    assert covered([ERP], circle) == {ERP, SHOP}
