"""Who is held beside whom, as far as one case shows. Pure."""

from collections.abc import Iterator

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Said, breach, cites, open_custodies, weigh
from services.coordinator.domain.invariants.people import admitted, is_female, is_minor, placed
from services.coordinator.domain.ledger import Act, Custody
from services.kernel.period import local_date
from services.law.statutes import CPL, KSS, MPS, SPP

_LAW = cites(CPL[280, 2], MPS[328], SPP[659], KSS[14])
_CONVICTED = frozenset({"docs_served", "awaiting_delivery", "refused", "in_center"})


def held_apart(case: Case) -> Iterator[Finding]:
    """INV-40 同案的人，男性和女性，成年人和未成年人，已决和未决的，分别羁押。"""
    cells: dict[tuple[str, str], str] = {}
    for custody in open_custodies(case):
        act = placed(case, custody.person)
        if act is None:
            yield from _not_placed(case, custody)
            continue
        told = case.ledger.told(act)
        cell = (str(admitted(custody).get("center")), str(told.get("cell")))
        broken = _misjudged(case, custody.person, act)
        if cell in cells:
            other = case.ledger.labels.get(cells[cell], "同案的人")
            broken.append((f"与同案的{other}同在{cell[1]}监室", f"in one cell with {cells[cell]} of the same case"))
        cells.setdefault(cell, custody.person)
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


def _misjudged(case: Case, person: str, act: Act) -> list[Said]:
    """What was said of somebody when they were given a cell, and is not what the record shows."""
    told = case.ledger.told(act)
    found: list[Said] = []
    today = local_date(case.reading.now)
    if told.get("adult") is True and is_minor(case, person, today):
        found.append(("未成年人按成年人关押", "a minor is held as an adult"))
    if told.get("sex") == "male" and is_female(case, person):
        found.append(("女性按男性关押", "a woman is held as a man"))
    sentenced = case.ledger.lines.get(person, {}).get("execution") in _CONVICTED
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
