"""The forecast of one case: the clocks that run, and what each lawful next step would start, extend or stop. Pure.

States no rule of its own. A step is lawful where the function that decides moves it, and what would follow from it is
what `duties.running` says of the ledger with one more row, which nobody wrote.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.coordinator.domain.clocks import OWED, Clocks
from services.coordinator.domain.duties import Started, bound, running, text_of
from services.coordinator.domain.ledger import Ledger, Row
from services.kernel.code import Rule
from services.kernel.period import ZONE, Due, Moment, local_date, read_moment
from services.kernel.procedure import Limit
from services.kernel.record import Domain, Head, away, edition_of, fold, moves_of, stands
from services.kernel.transition import instant

#: What is waited for: deeds that are owed, and rights that lapse.
_AWAITED = OWED | {"right"}
#: How often a limit may be extended in a row before we stop looking.
_DEEPEST = 4
#: So much later than everything else a row is that nobody wrote.
_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A limit that runs. `due` is its last day (or minute), empty where it has no end; `deadline` the strict instant.

    `past` says that the end has gone by; whether a deed was then late, the findings say. `paused` clocks stand still
    now, and their end moves on day by day. `met_by` are the steps that meet it.
    """

    limit: str
    zh: str
    voice: str
    owner: str
    subject: str
    since: str
    due: str
    deadline: str
    provisional: bool
    past: bool
    paused: bool
    met_by: tuple[str, ...]
    law_ref: str


@dataclass(frozen=True, slots=True)
class Because:
    """The limit that closes a path. `effect`: the step meets, extends, pauses or voids it while it runs."""

    limit: str
    zh: str
    voice: str
    effect: str
    due: str
    law_ref: str


@dataclass(frozen=True, slots=True)
class Following:
    """A limit as it would run after a step taken now; `due_at_latest` if the step is taken on its last day.

    `extension` is which of the law's extensions of the limit this would be, counted from 1 (0: the limit begins), on
    which `ground` and granted by whom (`approver`); `further` are the extensions that could follow it.
    """

    limit: str
    zh: str
    voice: str
    owner: str
    subject: str
    due: str
    due_at_latest: str
    deadline: str
    provisional: bool
    law_ref: str
    extension: int = 0
    ground: str = ""
    approver: str = ""
    further: tuple["Path", ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A step that the lines allow now: who may take it (`office` of `organ`), by when, and what follows.

    `by` is the last day (or minute), empty where no limit closes the path; `lapsed` says that it has gone by. `subject`
    is what the step is to be taken for: a custody of the person where it is the detention centre's record.
    """

    step: str
    zh: str
    procedure: str
    subject: str
    organ: str
    office: str
    condition: str
    law_ref: str
    by: str
    deadline: str
    lapsed: bool
    because: Because | None
    then: tuple[Following, ...]


@dataclass(frozen=True, slots=True)
class Barred:
    """A step that the lines would allow and the law forbids before another was taken."""

    step: str
    zh: str
    subject: str
    ban: str
    because: str
    law_ref: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """One person, or the case itself: where the lines stand (in Chinese), what runs, and what may come."""

    subject: str
    label: str
    in_charge: str
    lines: Mapping[str, str]
    clocks: tuple[OpenClock, ...]
    paths: tuple[Path, ...]
    barred: tuple[Barred, ...]


@dataclass(frozen=True)
class Scene:
    """A case as its logs show it, or as they would after one more step. `now` is when it is looked at."""

    ledger: Ledger
    heads: Mapping[str, Head]
    clocks: Clocks
    domain: Domain
    now: datetime

    @classmethod
    def of(cls, ledger: Ledger, clocks: Clocks, domain: Domain, now: datetime) -> "Scene":
        """The case as it stands."""
        heads: dict[str, Head] = {}
        # Rows of another case made nothing of this one: who came from there brought along where they stood.
        own = (row for row in ledger.rows if "for" not in row)
        for row in sorted(own, key=lambda row: int(row["seq"])):
            heads[row["service"]] = _folded(heads.get(row["service"], Head(ledger.case_id)), row, domain)
        return cls(ledger, heads, clocks, domain, now)

    def head(self, rule: Rule) -> Head:
        """The record in which a step would be written."""
        return self.heads.get(rule.kept_by, Head(self.ledger.case_id))

    def moves(self, rule: Rule, subject: str) -> tuple[Rule, Sequence[Mapping[str, Any]]] | None:
        """What a step would move if it were taken now; None where the law does not let it begin from here."""
        head, code, day = self.head(rule), self.ledger.code, local_date(self.now)
        edition, unknown = edition_of(head, code, rule, subject, day)
        standing = stands(head, code.lines[rule.procedure], subject)
        if unknown or away(head, code, edition, subject, standing):
            return None
        return edition, list(moves_of(head, code, edition, subject, day))

    def after(
        self, rule: Rule, subject: str, moves: Sequence[Mapping[str, Any]], when: Moment, **facts: Any
    ) -> "Scene":
        """The case after one more step, recorded last of all."""
        head = self.head(rule)
        moments = [self.now, *(read_instant(each["recorded_at"]) for each in self.ledger.rows[-1:])]
        recorded = max([*moments, when] if isinstance(when, datetime) else moments) + _NEXT
        row: dict[str, Any] = {
            "id": f"then_{len(self.ledger.rows)}",
            "service": rule.kept_by,
            "seq": head.version + 1,
            "type": rule.type,
            "zh": rule.zh,
            "subjects": [subject],
            "moves": moves,
            "organ": "",
            "occurred_at": instant(when) if isinstance(when, datetime) else when.isoformat(),
            "recorded_at": instant(recorded),
            "documents": [],
            "facts": facts,
            "law_ref": rule.law_ref,
            **({"in_charge": rule.hands_to.value} if rule.hands_to else {}),
            **({"counted": True} if rule.at_most else {}),
        }
        ledger = Ledger(self.ledger.case_id, [*self.ledger.rows, row], self.ledger.code)
        heads = {**self.heads, rule.kept_by: _folded(head, row, self.domain)}
        return Scene(ledger, heads, self.clocks, self.domain, recorded)

    def newest(self) -> str:
        """The row written last."""
        return str(self.ledger.rows[-1]["id"])


def forecast(ledger: Ledger, clocks: Clocks, domain: Domain, now: datetime, only: str = "") -> list[Outlook]:
    """The outlook of the case itself, then of each person in it (or of one)."""
    scene = Scene.of(ledger, clocks, domain, now)
    awaited = [started for started in running(ledger, clocks, now) if _is_awaited(started)]
    persons = [person for person in ledger.persons if only in {"", person}]
    return [_outlook(scene, subject, awaited) for subject in (ledger.case_id, *persons)]


def read_instant(text: str) -> datetime:
    """An instant of a row."""
    moment = read_moment(text)
    assert isinstance(moment, datetime), "recorded_at is an instant"
    return moment


def _folded(head: Head, row: Row, domain: Domain) -> Head:
    return Head(head.case_id, int(row["seq"]), fold(head.state, row, domain))


def _is_awaited(started: Started) -> bool:
    limit = started.clock.limit
    # A limit that counts back from a step is behind us once the step is taken.
    behind = limit.before and bool(started.clock.after)
    return started.closing is None and limit.kind in _AWAITED and not behind


def _outlook(scene: Scene, subject: str, awaited: Sequence[Started]) -> Outlook:
    ledger = scene.ledger
    # What is supervised belongs to the case, and each matter answers for itself.
    matters = list(ledger.matters) if subject == ledger.case_id else []
    mine = [started for started in awaited if started.trigger.subject in {subject, *matters}]
    # A limit of the whole case may be met for any person, and a step of the case concerns them all.
    concerning = [
        started
        for started in awaited
        if subject == ledger.case_id or started.trigger.subject in {subject, ledger.case_id}
    ]
    custodies = [each.id for each in ledger.custodies.values() if each.person == subject and each.ended is None]
    kinds = {"case": [subject], "matter": matters}
    if subject != ledger.case_id:
        kinds = {"person": [subject], "custody": custodies}
    paths: list[tuple[datetime, Path]] = []
    barred: list[Barred] = []
    for rule in ledger.code.rules.values():
        for thing in kinds.get(rule.line, ()):
            found = scene.moves(rule, thing)
            if found is None:
                continue
            ban = _ban(ledger, found[0], subject)
            if ban is None:
                about = [each for each in concerning if thing not in matters or each.trigger.subject == thing]
                paths.append(_path(scene, *found, thing, about))
            else:
                barred.append(ban)
    paths.sort(key=lambda each: each[0])
    states = ((name, line.states_zh) for name, line in ledger.code.lines.items())
    stands = ledger.lines.get(subject, {})
    running_on = sorted(mine, key=lambda started: started.ends.moment)
    return Outlook(
        subject=subject,
        label=ledger.labels.get(subject, "本案"),
        in_charge=ledger.in_charge[subject][0] if subject in ledger.in_charge else "",
        lines={name: zh[stands[name]] for name, zh in states if name in stands},
        clocks=tuple(_clock(scene, each) for each in running_on if not _is_lapsed_right(each, scene.now)),
        paths=tuple(path for _, path in paths),
        barred=tuple(barred),
    )


def _is_lapsed_right(started: Started, now: datetime) -> bool:
    return started.clock.limit.kind == "right" and started.ends.moment <= now


def _clock(scene: Scene, started: Started) -> OpenClock:
    limit, ends = started.clock.limit, started.ends
    return OpenClock(
        limit=limit.name,
        zh=limit.zh,
        voice=limit.voice,
        owner=_owner(scene, started),
        subject=started.trigger.subject,
        since=instant(started.since) if isinstance(started.since, datetime) else started.since.isoformat(),
        due=text_of(ends),
        deadline=_deadline(started),
        provisional=ends.provisional,
        past=ends.moment <= scene.now,
        paused=bool(started.excluded) and not _has_resumed(started),
        met_by=tuple(sorted(started.clock.by)),
        law_ref=started.clock.law_ref,
    )


def _has_resumed(started: Started) -> bool:
    turns = [
        act.type in started.clock.resume
        for act in started.window
        if act.type in started.clock.pause | started.clock.resume
    ]
    return turns[-1]


def _deadline(started: Started) -> str:
    deadline = started.ends.deadline
    return "" if deadline is None else deadline.astimezone(ZONE).isoformat(timespec="minutes")


def _ban(ledger: Ledger, rule: Rule, subject: str) -> Barred | None:
    for ban in ledger.code.bans.values():
        if rule.type in ledger.code.types(ban.steps) and not ledger.of(ledger.code.types(ban.unless), subject):
            cite = ban.cite if isinstance(ban.cite, tuple) else (ban.cite,)
            law_ref = "、".join(citation.zh for citation in cite)
            return Barred(rule.type, rule.zh, subject, ban.name, ban.zh, law_ref)
    return None


def _path(
    scene: Scene,
    rule: Rule,
    moves: Sequence[Mapping[str, Any]],
    subject: str,
    awaited: Sequence[Started],
    depth: int = 0,
) -> tuple[datetime, Path]:
    """A step, and the moment at which the path closes, for sorting."""
    taken = {f"{move['procedure']}:{move['step']}" for move in moves if "step" in move}
    touched = [(effect, started) for started in awaited for effect in _effects(started, taken)]
    closing = min(touched, key=lambda each: each[1].ends.moment, default=None)
    if closing is not None and closing[1].ends.open_ended:
        closing = None
    ends = closing[1].ends if closing is not None else None
    lapsed = ends is not None and ends.moment <= scene.now
    latest: Moment | None = None if ends is None or lapsed else ends.deadline or ends.last_day
    times = [scene.now] if latest is None else [scene.now, latest]
    extended = [started for effect, started in touched if effect == "extends"]
    then = [*_begun(scene, rule, moves, subject, times)] if _begins(scene, taken) else []
    for started in extended:
        then += _longer(scene, rule, moves, subject, started, latest or scene.now, depth)
    path = Path(
        step=rule.type,
        zh=rule.zh,
        procedure=rule.procedure_zh,
        subject=subject,
        organ=rule.organ.zh,
        office=rule.office_zh,
        condition=scene.ledger.code.steps[rule.type].condition,
        law_ref=rule.law_ref,
        by=text_of(ends) if ends is not None else "",
        deadline=_deadline(closing[1]) if closing is not None else "",
        lapsed=lapsed,
        because=_because(*closing) if closing is not None else None,
        then=tuple(then),
    )
    return (ends.moment if ends is not None else datetime.max.replace(tzinfo=ZONE)), path


def _begins(scene: Scene, taken: set[str]) -> bool:
    return not taken.isdisjoint(scene.clocks.starting)


def _effects(started: Started, taken: set[str]) -> Iterator[str]:
    """What a step does to a clock that runs, the deed before all else."""
    clock = started.clock
    effects = {"meets": clock.by, "extends": clock.extend, "pauses": clock.pause, "voids": clock.void}
    return (effect for effect, steps in effects.items() if not taken.isdisjoint(steps))


def _because(effect: str, started: Started) -> Because:
    limit = started.clock.limit
    return Because(limit.name, limit.zh, limit.voice, effect, text_of(started.ends), started.clock.law_ref)


def _begun(
    scene: Scene, rule: Rule, moves: Sequence[Mapping[str, Any]], subject: str, times: Sequence[Moment]
) -> Iterator[Following]:
    """The limits that a step would begin, taken now and at the latest."""
    told: list[dict[tuple[str, str], Started]] = []
    for when in times:
        after = scene.after(rule, subject, moves, when)
        began = running(after.ledger, scene.clocks, after.now, of=after.newest())
        told.append({(each.clock.limit.name, each.trigger.subject): each for each in began if _is_awaited(each)})
    for key, started in told[0].items():
        yield _following(scene, started, text_of(told[-1][key].ends) if key in told[-1] and len(told) > 1 else "")


def _longer(
    scene: Scene,
    rule: Rule,
    moves: Sequence[Mapping[str, Any]],
    subject: str,
    started: Started,
    when: Moment,
    depth: int,
) -> Iterator[Following]:
    """The limit that a step would extend, for each of the law's extensions that this could be."""
    clock, trigger = started.clock, started.trigger
    for place, extension in enumerate(clock.limit.extensions):
        if place >= len(clock.extend) or clock.extend[place] != rule.type:
            continue
        after = scene.after(rule, subject, moves, when, extension=place + 1)
        now = [
            each
            for each in running(after.ledger, scene.clocks, after.now, of=trigger.transition_id)
            if each.clock is clock and each.trigger.subject == trigger.subject and each.closing is None
        ]
        if now and _is_later(now[0].ends, started.ends):
            further: list[tuple[datetime, Path]] = []
            for name in dict.fromkeys(clock.extend) if depth < _DEEPEST else ():
                found = after.moves(scene.ledger.code.rules[name], subject)
                if found is not None:
                    further.append(_path(after, *found, subject, now, depth + 1))
            yield _following(
                scene,
                now[0],
                text_of(now[0].ends),
                extension=place + 1,
                ground=extension.ground,
                approver=extension.approver,
                further=tuple(path for _, path in further if path.then),
            )


def _is_later(ends: Due, before: Due) -> bool:
    return ends.open_ended or ends.moment > before.moment


def _owner(scene: Scene, started: Started) -> str:
    return bound(scene.ledger, started.clock.limit, started.trigger)[0]


def _following(scene: Scene, started: Started, due_at_latest: str, **more: Any) -> Following:
    limit: Limit = started.clock.limit
    return Following(
        limit=limit.name,
        zh=limit.zh,
        voice=limit.voice,
        owner=_owner(scene, started),
        subject=started.trigger.subject,
        due=text_of(started.ends),
        due_at_latest=due_at_latest,
        deadline=_deadline(started),
        provisional=started.ends.provisional,
        law_ref=started.clock.law_ref,
        **more,
    )
