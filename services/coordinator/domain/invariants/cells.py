"""Who is held beside whom, in this case and in others. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Said, breach, cites, open_custodies, weigh
from services.coordinator.domain.invariants.people import is_female, is_minor, placed
from services.coordinator.domain.ledger import Act, Custody
from services.coordinator.domain.shared import CONVICTED, Claim, cells, kin
from services.kernel.period import ZONE, local_date
from services.law.statutes import CPL, KSS, MPS, SPP

_LAW = cites(CPL[280, 2], MPS[328], SPP[659], KSS[14])


def held_apart(case: Case) -> Iterator[Finding]:
    """INV-40 同案的人，男性和女性，成年人和未成年人，已决和未决的，分别羁押。"""
    taken: dict[str, str] = {}
    placements = {claim.subject: claim for claim in cells(case.ledger)}
    for custody in open_custodies(case):
        act = placed(case, custody.person)
        if act is None:
            yield from _not_placed(case, custody)
            continue
        broken, mine = _misjudged(case, custody.person, act), placements[custody.person]
        cell = mine.key.partition("|")[2]
        if mine.key in taken:
            other = case.ledger.labels.get(taken[mine.key], "同案的人")
            broken.append((f"与同案的{other}同在{cell}监室", f"in one cell with {taken[mine.key]} of the same case"))
        taken.setdefault(mine.key, custody.person)
        if beside := case.others.get(mine.name):
            broken += _mixed(case, cell, mine, beside)
        yield from weigh(
            case,
            "INV-40",
            act,
            broken,
            (),
            owner="detention_center",
            law_ref=_LAW,
            repair="立即调整监室，并登记",
        )


def _mixed(case: Case, cell: str, mine: Claim, beside: Sequence[Claim]) -> Iterator[Said]:
    """What must be kept apart from the persons of other cases in the same cell. Of whom else it says nothing more."""
    today = local_date(case.reading.now)
    mates = [mine.body, *(claim.body for claim in beside)]
    of_age = sorted({date.fromisoformat(mate["minor_until"]) for mate in mates if mate["minor_until"]})
    case.waits.extend(datetime.combine(day, time(), ZONE) for day in of_age if today < day < date.max)
    minors = {bool(mate["minor_until"]) and today < date.fromisoformat(mate["minor_until"]) for mate in mates}
    split = kin(case.ledger)
    told = {
        "与分案办理的同案的人同押": (
            "with somebody of a case that was split",
            any(each.case_id in split for each in beside),
        ),
        "男女混押": ("men and women together", {"male", "female"} <= {mate["sex"] for mate in mates}),
        "成年人与未成年人混押": ("minors and adults together", len(minors) > 1),
        "已决与未决的人混押": ("convicts and the untried together", len({mate["convicted"] for mate in mates}) > 1),
    }
    for zh, (en, is_so) in told.items():
        if is_so:
            yield f"{cell}监室{zh}", f"in one cell: {en}"


def _misjudged(case: Case, person: str, act: Act) -> list[Said]:
    """What was said of somebody when they were given a cell, and is not what the record shows."""
    told = case.ledger.told(act)
    found: list[Said] = []
    today = local_date(case.reading.now)
    if told.get("adult") is True and is_minor(case, person, today):
        found.append(("未成年人按成年人关押", "a minor is held as an adult"))
    if told.get("sex") == "male" and is_female(case, person):
        found.append(("女性按男性关押", "a woman is held as a man"))
    sentenced = case.ledger.lines.get(person, {}).get("execution") in CONVICTED
    last = next(
        (each for each in reversed(case.ledger.by_type.get("execution:serve", ())) if each.subject == person), None
    )
    if told.get("convicted") is False and sentenced and case.settled(last.row if last else None, "custody_transfer"):
        found.append(("判决已经生效，仍按未决的人关押", "a convict is held among the untried"))
    if told.get("convicted") is True and not sentenced:
        found.append(("未决的人按已决犯关押", "an untried person is held among convicts"))
    return found


def _not_placed(case: Case, custody: Custody) -> Iterator[Finding]:
    if case.settled(custody.began, "custody_transfer"):
        yield breach(
            case,
            "INV-40",
            custody.person,
            "收押以后没有登记监室，是否分别羁押不明。",
            "the centre does not say in which cell",
            status="unknown",
            owner="detention_center",
            law_ref=_LAW,
            at=str(custody.began["occurred_at"]),
            trigger=str(custody.began["id"]),
            repair="由看守所登记监室和分押情况",
        )
