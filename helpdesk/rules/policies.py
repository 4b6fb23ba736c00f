"""Which policy a ticket comes under: the first rule that fits, in an order that people see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Tickets of this kind, about this service, of reporters in this department or below it (None: any) come
    under this policy."""

    id: int
    policy_id: int
    kind: str | None = None
    service_id: int | None = None
    department_id: int | None = None

    def fits(self, kind: str, service_id: int | None, departments: Collection[int]) -> bool:
        """`departments`: the reporter's and those above it; empty where the reporter has none."""
        return (
            self.kind in (None, kind)
            and self.service_id in (None, service_id)
            and (self.department_id is None or self.department_id in departments)
        )

    @property
    def is_for_all(self) -> bool:
        """Whether no ticket gets past it."""
        return self.kind is None and self.service_id is None and self.department_id is None


def first_fitting(
    rules: Sequence[Rule], kind: str, service_id: int | None, departments: Collection[int]
) -> Rule | None:
    """The first of the rules, in their order, that fits (`departments` as in Rule.fits); None: none does."""
    return next((rule for rule in rules if rule.fits(kind, service_id, departments)), None)


def never_reached(rules: Sequence[Rule], above: Mapping[int, Collection[int]]) -> set[int]:
    """The ids of the rules that no ticket comes to, for one rule before them fits all that they fit.

    `above`: for each department itself and those above it.
    """
    return {
        rule.id for place, rule in enumerate(rules) if any(_takes_all(r, rule, above) for r in rules[:place])
    }


def _takes_all(earlier: Rule, later: Rule, above: Mapping[int, Collection[int]]) -> bool:
    department = later.department_id
    return (
        earlier.kind in (None, later.kind)
        and earlier.service_id in (None, later.service_id)
        and (
            earlier.department_id is None
            or (department is not None and earlier.department_id in above.get(department, (department,)))
        )
    )
