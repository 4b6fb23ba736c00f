"""The severity of a report from its answers: one rule, first match."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much stands still, the gravest first."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


EMERGENCY = "emergency"
"""The reason of a severity that no rule gives: urgent business during maintenance, which no window pauses."""


class Works(StrEnum):
    """What still works."""

    NOTHING = "nothing"
    MAIN_FUNCTION_FAILS = "main_function_fails"
    SMALL_FAULT = "small_fault"


class Affected(StrEnum):
    """Who is affected, from few to many."""

    ME = "me"
    SEVERAL = "several"
    DEPARTMENT = "department"
    EVERYONE = "everyone"


@dataclass(frozen=True)
class Answers:
    """What the reporter said; `works` or `affected` None where the question was not asked."""

    works: Works | None
    affected: Affected | None
    core_work_stands_still: bool = False


@dataclass(frozen=True)
class Verdict:
    """The severity and why: `reason` is a code that doors put into words."""

    severity: Severity
    reason: str


def severity_of(answers: Answers, service_is_core: bool) -> Verdict:
    """The severity of a report, by the first of these that holds (the issue's intake rule):

    critical where nothing works on a core service, or core work stands still, for a department or more;
    major where nothing works or a main function fails for several or more, or core work stands still
    for anyone; else minor. Questions that were not asked count as the mildest answer.
    """
    many = answers.affected in (Affected.DEPARTMENT, Affected.EVERYONE)
    several = many or answers.affected is Affected.SEVERAL
    nothing = answers.works is Works.NOTHING
    if many and nothing and service_is_core:
        return Verdict(Severity.CRITICAL, "core_service_down_for_many")
    if many and answers.core_work_stands_still:
        return Verdict(Severity.CRITICAL, "core_work_stands_still_for_many")
    if several and nothing:
        return Verdict(Severity.MAJOR, "nothing_works_for_several")
    if several and answers.works is Works.MAIN_FUNCTION_FAILS:
        return Verdict(Severity.MAJOR, "main_function_fails_for_several")
    if answers.core_work_stands_still:
        return Verdict(Severity.MAJOR, "core_work_stands_still")
    return Verdict(Severity.MINOR, "otherwise")
