"""How invented tickets go: mostly well, some late, some waiting, reopened, withdrawn or merged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from helpdesk.desk import example_texts as texts
from helpdesk.desk.lives import Life
from helpdesk.rules import hours, sla
from helpdesk.rules.feedback import REASONS, fitting
from helpdesk.rules.lifecycle import OPEN, State
from helpdesk.store.tickets import Ticket

LATE_RESPONSES, LATE_SOLUTIONS = 0.05, 0.08  # shares


@dataclass(frozen=True)
class Players:
    """Ids of those who take part; `twin`: a ticket of the same service, whose duplicate this may be."""

    reporter: int
    agents: tuple[int, ...]
    twin: Ticket | None


def play(life: Life, players: Players, policy: sla.Policy) -> None:
    """Lives the ticket from its report to its end, or to the present (raises Present there).

    The report itself has been written. `policy` gives the hours in which people work on it.
    """
    _Plot(life, players, policy).play()


class _Plot:
    def __init__(self, life: Life, players: Players, policy: sla.Policy) -> None:
        self.life, self.players, self.policy = life, players, policy
        self.random = life.world.random
        self.agent = self.random.choice(players.agents)

    def play(self) -> None:
        """From the report to the end; raises Present."""
        life, random = self.life, self.random
        answered_at, resolved_at = self._instants()
        if random.random() < 0.03 and life.ticket.is_triaged:
            self._withdraw(answered_at)
            return
        if not life.ticket.is_triaged:
            self._triage(life.ticket.reported_at + (answered_at - life.ticket.reported_at) / 3)
        if random.random() < 0.05:
            self._change_severity(life.ticket.reported_at + (answered_at - life.ticket.reported_at) / 2)
        answered_at = life.go_to(answered_at)
        life.accept(answered_at, self.agent)
        if random.random() < 0.45:
            self._say(answered_at + timedelta(minutes=random.randrange(1, 20)), random.choice(texts.ANSWERS))
        if random.random() < 0.04 and self._merge(answered_at + (resolved_at - answered_at) / 2):
            return
        self._work(answered_at, resolved_at)

    def _instants(self) -> tuple[datetime, datetime]:
        """When it is answered and resolved, as shares of what is promised in counted time."""
        targets = self.policy[self.life.ticket.severity]
        late = self.random.random() < LATE_RESPONSES
        share = self.random.uniform(1.05, 2) if late else self.random.betavariate(1.6, 3.4) * 0.97
        answered = self._after(targets.response, self.life.ticket.reported_at, share)
        late = self.random.random() < LATE_SOLUTIONS
        share = self.random.uniform(1.05, 3) if late else self.random.betavariate(1.3, 2.6) * 0.97
        resolved = self._after(targets.resolution, self.life.ticket.reported_at, share)
        return answered, max(resolved, answered + timedelta(minutes=self.random.randrange(5, 60)))

    def _after(self, target: sla.Target, start: datetime, share: float) -> datetime:
        seconds = max(60, int(target.seconds * share))
        horizon = start + timedelta(days=120)
        return hours.add_open(target.calendar, start, seconds, horizon) or horizon

    def _say(self, at: datetime, words: str) -> None:
        at = self.life.go_to(at)
        if self.life.ticket.is_open:
            self.life.happen("replied", at, self.agent, body=words)
            self.life.refresh(at)

    def _triage(self, at: datetime) -> None:
        life = self.life
        at = life.go_to(at)
        works = self.random.choice(("main_function_fails", "small_fault", "small_fault"))
        said = {"works": works, "affected": "me", "core_work_stands_still": False}
        life.happen("triaged", at, self.agent, is_public=False, detail={"reason": "", **said})
        life.ticket.answers = {**life.ticket.answers, **said}
        life.ticket.is_triaged = True
        life.refresh(at)

    def _change_severity(self, at: datetime) -> None:
        life, ticket = self.life, self.life.ticket
        at = life.go_to(at)
        to = {"minor": "major", "major": self.random.choice(("minor", "critical")), "critical": "major"}[
            ticket.severity
        ]
        tighter = to == "critical" or ticket.severity == "minor"
        reason = self.random.choice(texts.SEVERER if tighter else texts.MILDER)
        change = {"from": ticket.severity, "to": to, "reason": reason}
        life.happen("severity_changed", at, self.agent, detail=change)
        ticket.severity, ticket.severity_reason, ticket.is_triaged = to, "by_hand", True
        life.refresh(at)

    def _work(self, answered_at: datetime, resolved_at: datetime) -> None:
        chance = self.random.random()
        middle = answered_at + (resolved_at - answered_at) / 3
        if chance < 0.14:
            resolved_at = self._ask(middle, resolved_at)
        elif chance < 0.19:
            resolved_at = self._wait_for_supplier(middle, resolved_at)
        elif chance < 0.30:
            self._be_asked(middle, resolved_at)
        self._resolve(max(resolved_at, self.life.timeline[-1].at + timedelta(minutes=1)))

    def _ask(self, at: datetime, resolved_at: datetime) -> datetime:
        """A question to the reporter, who answers, or does not; returns when it can be resolved."""
        life = self.life
        at = life.go_to(at)
        life.wait(at, self.agent, "reporter", at + timedelta(days=4), self.random.choice(texts.ASKED))
        if self.random.random() < 0.12:  # never answered: the clock ends it
            life.go_to(at + timedelta(days=40))
            return resolved_at
        answered_at = at + timedelta(minutes=self.random.randrange(20, 4000))
        answered_at = life.go_to(answered_at)
        if life.ticket.is_open:
            life.answer(answered_at, self.players.reporter, self.random.choice(texts.REPLIES))
        back_at = answered_at + timedelta(minutes=self.random.randrange(10, 90))
        self._say(back_at, self.random.choice(texts.NEWS))
        return back_at + (resolved_at - at)

    def _wait_for_supplier(self, at: datetime, resolved_at: datetime) -> datetime:
        life = self.life
        at = life.go_to(at)
        life.wait(at, self.agent, "supplier", at + timedelta(days=2), self.random.choice(texts.SUPPLIERS))
        back_at = max(at + timedelta(hours=self.random.randrange(2, 40)), resolved_at - timedelta(hours=1))
        back_at = life.go_to(back_at)
        if life.ticket.state == State.WAITING:
            life.resume(back_at, self.agent, "by_hand")
        return back_at + timedelta(minutes=self.random.randrange(10, 60))

    def _be_asked(self, at: datetime, resolved_at: datetime) -> None:
        """The reporter asks for news, and gets some."""
        at = self.life.go_to(at)
        self.life.answer(at, self.players.reporter, self.random.choice(texts.REPLIES))
        self._say(at + (resolved_at - at) / 2, self.random.choice(texts.NEWS))

    def _resolve(self, at: datetime) -> None:
        life, random = self.life, self.random
        at = life.go_to(at)
        if life.ticket.state in OPEN:
            solution = random.choice(texts.SOLUTIONS)
            life.resolve(at, self.agent, solution, cause=random.choice(texts.CAUSES))
        at = life.timeline[-1].at
        said_at = at + timedelta(minutes=random.randrange(5, 2500))
        chance = random.random()
        if chance < 0.40:  # nobody says anything: it closes by itself
            life.go_to(at + timedelta(days=60))
        elif chance < 0.46 and life.ticket.state == State.RESOLVED:
            self._reopen(said_at)
        else:
            self._confirm(said_at)

    def _reopen(self, at: datetime) -> None:
        life, random = self.life, self.random
        at = life.go_to(at)
        if life.ticket.state != State.RESOLVED:
            return
        life.reopen(at, self.players.reporter, random.choice(texts.STILL_BROKEN))
        targets = self.policy[life.ticket.severity]
        answered_at = self._after(targets.response, at, random.uniform(0.1, 1.1))
        answered_at = life.go_to(answered_at)
        life.accept(answered_at, self.agent)
        self._resolve(self._after(targets.resolution, answered_at, random.uniform(0.05, 0.5)))

    def _confirm(self, at: datetime) -> None:
        life, random = self.life, self.random
        at = life.go_to(at)
        if life.ticket.state != State.RESOLVED:
            return
        if random.random() < 0.6:
            self._rate(at)
        life.end(at, "closed", self.players.reporter, because="confirmed")

    def _rate(self, at: datetime) -> None:
        life, random = self.life, self.random
        late = any(cycle.state == "breached" for cycle in life.cycles)
        stars = random.choice((1, 2, 3, 4) if late else (3, 4, 4, 5, 5, 5))
        words = random.choice(texts.THANKS if stars > 2 else texts.COMPLAINTS)
        reasons = fitting(stars, random.sample(REASONS, 3))
        said = {"stars": stars, "reasons": reasons} if reasons else {"stars": stars}
        life.happen("rated", at, self.players.reporter, body=words, detail=said)
        life.rating = {
            "ticket_id": life.ticket.id,
            "person_id": self.players.reporter,
            "stars": stars,
            "reasons": reasons,
            "words": words,
            "given_at": at,
            "first_given_at": at,
        }

    def _withdraw(self, at: datetime) -> None:
        at = self.life.go_to(at)
        reason = self.random.choice(texts.WITHDRAWN)
        self.life.end(at, "cancelled", self.players.reporter, reason=reason, withdrawn=True)

    def _merge(self, at: datetime) -> bool:
        """Ends it as a duplicate of its twin, where that one is still open then."""
        life, twin = self.life, self.players.twin
        if twin is None or (twin.closed_at is not None and twin.closed_at <= at):
            return False
        at = life.go_to(at)
        life.ticket.merged_into_id = twin.id
        life.end(at, "merged", self.agent, into=twin.id)
        return True


def reported_instant(random: Random, start: datetime, end: datetime, offset: timedelta) -> datetime:
    """An instant in [start, end) at which people report: mostly in working hours, more on Mondays.

    `offset`: how far the local time is ahead of UTC.
    """
    while True:
        at = start + random.random() * (end - start)
        local = at + offset
        busy = 1.0 if 8 <= local.hour < 17 else 0.25 if 6 <= local.hour < 20 else 0.03
        weekday = (1.0, 0.85, 0.8, 0.8, 0.7, 0.06, 0.04)[local.weekday()]
        if random.random() < busy * weekday:
            return at.replace(microsecond=0)
