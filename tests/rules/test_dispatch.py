"""Who is given a ticket by rule."""

import pytest

from helpdesk.rules.dispatch import BY_HAND, Candidate, choose, round_from, way_of

ANA, BO, CHEN = 1, 2, 3
SAP, NETWORK = 10, 11


def team(*candidates: Candidate) -> list[Candidate]:
    known = {candidate.person_id: candidate for candidate in candidates}
    return [known.get(person, Candidate(person)) for person in (ANA, BO, CHEN)]


@pytest.mark.parametrize(("last", "then"), [(None, ANA), (ANA, BO), (BO, CHEN), (CHEN, ANA), (99, ANA)])
def test_in_turn_takes_the_next_after_whoever_had_the_last_one(last: int | None, then: int) -> None:
    assert choose("in_turn", team(), (), last).person_id == then


def test_whoever_had_the_last_turn_and_is_in_the_team_no_more_still_marks_the_place() -> None:
    assert [c.person_id for c in round_from([Candidate(ANA), Candidate(CHEN)], BO)] == [CHEN, ANA]


@pytest.mark.parametrize(
    ("bo", "why"),
    [
        (Candidate(BO, is_away=True), "away"),
        (Candidate(BO, skills=frozenset({NETWORK})), "unskilled"),
        (Candidate(BO, skills=frozenset({SAP}), may_see=False), "barred"),
    ],
)
def test_who_is_away_or_lacks_the_skill_or_may_not_read_it_is_passed_over(bo: Candidate, why: str) -> None:
    others = [Candidate(each, skills=frozenset({SAP, NETWORK})) for each in (ANA, CHEN)]
    choice = choose("in_turn", team(bo, *others), {SAP}, ANA)
    assert (choice.person_id, choice.passed_over) == (CHEN, ((BO, why),))


def test_the_least_loaded_has_the_fewest_and_of_several_the_next_turn() -> None:
    loads = [Candidate(ANA, load=2), Candidate(BO, load=1), Candidate(CHEN, load=1)]
    assert choose("least_loaded", loads, ()).person_id == BO
    assert choose("least_loaded", loads, (), BO).person_id == CHEN
    assert choose("least_loaded", loads, (), BO).load == 1


def test_the_least_loaded_never_is_somebody_away_however_few_they_have() -> None:
    choice = choose("least_loaded", team(Candidate(BO, is_away=True), Candidate(ANA, load=5)), (), ANA)
    assert choice.person_id == CHEN
    busy = [Candidate(ANA, load=5), Candidate(BO, is_away=True)]
    choice = choose("least_loaded", busy, ())
    assert (choice.person_id, choice.load, choice.passed_over) == (ANA, 5, ((BO, "away"),))


def test_on_call_takes_the_first_in_line_then_the_backup_whatever_their_ids() -> None:
    first, backup = Candidate(CHEN), Candidate(ANA)
    assert choose("on_call", [first, backup], (), CHEN).person_id == CHEN
    away = Candidate(CHEN, is_away=True)
    choice = choose("on_call", [away, backup], ())
    assert (choice.person_id, choice.passed_over) == (ANA, ((CHEN, "away"),))


def test_where_nobody_fits_nobody_is_chosen_and_each_reason_is_kept() -> None:
    choice = choose("in_turn", [Candidate(ANA, is_away=True), Candidate(BO)], {SAP})
    assert (choice.person_id, choice.passed_over) == (None, ((ANA, "away"), (BO, "unskilled")))
    assert choose("on_call", [], ()).person_id is None


def test_a_team_that_gives_its_tickets_out_by_hand_has_no_way() -> None:
    assert way_of(BY_HAND) is None
    assert way_of("in_turn") == "in_turn"
