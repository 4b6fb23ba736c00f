"""Reviews of broken promises: what each wants before it is closed, and by when.

Source: "Every breach wants a cause, an owner and an action, with a deadline".
"""

WORKING_DAYS = 5
"""From the opening of a review to its deadline, of the desk's own calendar, where nothing else is set."""

CAUSES = (
    "Staffing",
    "Knowledge",
    "Supplier",
    "Wrong severity",
    "Late hand-over",
    "Wrong routing",
    "Tool or access missing",
    "Reporter unreachable",
    "Load",
    "Other",
)
"""What a desk begins with; the names are codes, which doors say in the reader's language."""


def missing(cause_id: int | None, owner_id: int | None, action: str) -> list[str]:
    """What still keeps a review from being closed, as names of its fields; [] where it may be."""
    given = {"cause_id": cause_id is not None, "owner_id": owner_id is not None, "action": bool(action)}
    return [name for name, is_given in given.items() if not is_given]
