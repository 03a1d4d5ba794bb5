"""Custody: one organ, one title after the other, no day too long, and release at once. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import BOTH, Case, breach, leads, open_custodies
from services.coordinator.domain.invariants.judgment import first_sentence_end
from services.coordinator.domain.invariants.measures import late_extensions
from services.coordinator.domain.ledger import Act, Custody, Row
from services.kernel.ends import custody_end
from services.kernel.period import ZONE, Moment, local_date, read_moment
from services.kernel.procedure import End, Event, Kept
from services.kernel.who import organ_of
from services.law import CODE
from services.law.jurisdiction_merge_split import JurisdictionMergeSplit
from services.law.statutes import CPL, KSS, KY14, SPP
from services.law.titles import PENDING, replaces, title_zh

#: Duties whose breach is a breach of an invariant: the invariant, and the limits that it reads.
RELEASES = tuple(
    name
    for name, limit in CODE.limits.items()
    if limit.period is not None and limit.period.at_once and "release" in name
)
_HANDOVER = CODE.limits["handover_certificate_by_receiver"]
assert not isinstance(_HANDOVER.after, Event | End | Kept), "the situations of KY14 are steps"
_SITUATIONS = CODE.types(_HANDOVER.after)
#: Custody, stage and control change in different services within moments of each other; only what lasts is a breach.
_EXEMPT_STAGES = ("execution",)


def holder_is_in_charge(case: Case) -> Iterator[Finding]:
    """INV-01 在押的人只有一个办案机关，并且就是其所处阶段的办案机关。"""
    for custody in open_custodies(case):
        in_charge, since = case.ledger.in_charge.get(custody.person, ("police", None))
        holder = organ_of(custody.holder)
        executing = any(stage in case.ledger.lines.get(custody.person, {}) for stage in _EXEMPT_STAGES)
        if executing or custody.offered is not None or holder is None or holder == in_charge:
            continue
        if custody.person not in case.ledger.in_charge or not (
            case.settled(since, *BOTH) and case.settled(custody.last, *BOTH)
        ):
            continue  # case_flow has not told of this person yet, or one side has only just moved
        yield breach(
            case,
            "INV-01",
            custody.person,
            f"现由{holder.zh}名下羁押，而案件已在其他机关办理，且没有正在进行的换押。",
            f"held for {custody.holder} while {in_charge} is in charge and no hand-over is open",
            severity="critical",
            owner=in_charge,
            law_ref=f"{KY14['一'].zh}、{KSS[15].zh}",
            due=str(since["occurred_at"]) if since else "",
            trigger=str(since["id"]) if since else custody.id,
            repair="办理换押；阶段有误的，由移送机关以文书更正",
        )


def held_on_a_title(case: Case) -> Iterator[Finding]:
    """INV-02 没有有效的羁押依据不得羁押。"""
    for custody in case.ledger.custodies.values():
        bare = [title for title in custody.titles if not title["documents"]]
        late = all(_is_before(custody.began["occurred_at"], title["from"]) for title in custody.titles)
        if not custody.titles or bare or late:
            yield breach(
                case,
                "INV-02",
                custody.person,
                "收押以后，羁押依据才起算。" if late and not bare else "羁押没有文书作为依据。",
                "held before the title began" if late and not bare else "held without a title that rests on a document",
                severity="critical",
                owner=str(organ_of(custody.holder) or "police"),
                law_ref=f"{CPL[85].zh}、{CPL[93].zh}",
                trigger=custody.id,
                repair="立即释放，或者补齐依据并说明",
            )
    named: set[str] = set()
    for act in (act for act in case.ledger.acts if _takes(case, act) and not _is_taken_in(case, act)):
        if act.subject not in named and case.has_read("custody_transfer") and case.settled(act.row, "custody_transfer"):
            named.add(act.subject)
            yield breach(
                case,
                "INV-02",
                act.subject,
                f"{act.day}已被羁押，看守所没有收押记录和羁押依据。",
                "ordered into custody, and the centre has no title on record",
                severity="critical",
                owner="police",
                law_ref=f"{CPL[85, 2].zh}、{CPL[93].zh}",
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="核对收押记录；没有收押的，立即送看守所或者释放",
            )


def _is_before(one: str, other: str) -> bool:
    """Whether one moment is before another, as far as the hours are stated."""
    first, second = read_moment(one), read_moment(other)
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first < second
    return local_date(first) < local_date(second)


def _is_taken_in(case: Case, act: Act) -> bool:
    """Whether the centre has a custody of the person that had not ended before the act."""
    return any(
        custody.person == act.subject
        and (custody.ended is None or local_date(read_moment(custody.ended["occurred_at"])) >= act.day)
        for custody in case.ledger.custodies.values()
    )


def _takes(case: Case, act: Act) -> bool:
    step = case.ledger.code.steps.get(act.type)
    return act.service == "case_flow" and step is not None and step.liberty == "taken"


@dataclass(frozen=True, slots=True)
class Span:
    """A title, its last day (None: it has none), when something took its place or ended it (None: not yet), and what."""

    title: Mapping[str, Any]
    end: date | None
    until: Moment | None
    row: Row | None

    @property
    def is_outlived(self) -> bool:
        """Whether what follows begins after the title was over; an hour that nobody stated proves no gap."""
        if self.end is None or self.until is None:
            return False
        after = self.end + timedelta(days=1)
        if isinstance(self.until, datetime):
            return self.until > datetime.combine(after, time(), ZONE)
        return self.until > after


def spans(case: Case, custody: Custody) -> Iterator[Span]:
    """Each title of a custody. One that was extended in time is not asked for: its own end never counted (R9)."""
    titles = _effective(case, custody)
    ended = read_moment(custody.ended["occurred_at"]) if custody.ended is not None else None
    for place, title in enumerate(titles):
        end = _end(case, custody, title)
        following = next((each for each in titles[place + 1 :] if replaces(each, title)), None)
        if following is None:
            yield Span(title, end, ended, custody.ended)
            continue
        since = read_moment(following["from"])
        if _extends(following, title):
            since = read_moment(following["row"]["occurred_at"])
            if end is None or local_date(since) <= end:
                continue
        if ended is not None and local_date(ended) < local_date(since):
            yield Span(title, end, ended, custody.ended)
        else:
            yield Span(title, end, since, following["row"])


def _effective(case: Case, custody: Custody) -> list[Mapping[str, Any]]:
    """The titles of a custody without the extensions that were granted when there was nothing left to extend (R9)."""
    kept: list[Mapping[str, Any]] = []
    for title in custody.titles:
        old = next((each for each in reversed(kept) if _extends(title, each)), None)
        given = local_date(read_moment(title["row"]["occurred_at"])).isoformat()
        if old is None or given <= old["end"] or not _is_late(case, custody.person, title["kind"]):
            kept.append(title)
    return kept


def _is_late(case: Case, person: str, kind: str) -> bool:
    return any(act.subject == person and duty.limit == kind for act, duty in late_extensions(case))


def _extends(later: Mapping[str, Any], title: Mapping[str, Any]) -> bool:
    return bool(later["kind"] == title["kind"] and later["from"] == title["from"] and title["end"])


def _end(case: Case, custody: Custody, title: Mapping[str, Any]) -> date | None:
    """The last day of a title; while a judgment is not final, never beyond what it sentenced to (R21, R24)."""
    ends = [date.fromisoformat(title["end"])] if title["end"] else []
    over = first_sentence_end(case, custody) if title["kind"] in PENDING else None
    ends += [over] if over is not None else []
    return custody_end(ends) if ends else None


def not_beyond_the_end(case: Case) -> Iterator[Finding]:
    """INV-03 羁押不得超过期限。"""
    today = local_date(min(case.reading.now, case.reading.until(frozenset({"custody_transfer"}))))
    for custody in case.ledger.custodies.values():
        for span in spans(case, custody):
            released = span.row is custody.ended
            until = local_date(span.until) if span.until is not None else None
            if span.end is None or (until or today) <= span.end or not (until is None or released):
                continue
            name = title_zh(span.title["kind"])
            yield breach(
                case,
                "INV-03",
                custody.person,
                f"羁押依据（{name}）至{span.end}届满，" + (f"{until}才释放。" if until else "仍在羁押。"),
                f"the title {span.title['kind']} ended {span.end}; " + (f"released {until}" if until else "still held"),
                severity="critical",
                status="late" if until else "overdue",
                owner=str(organ_of(custody.holder) or "police"),
                law_ref=f"{CPL[98].zh}、{CPL[99].zh}、{SPP[615].zh}",
                due=span.end.isoformat(),
                at=until.isoformat() if until else "",
                trigger=str(span.title["row"]["id"]),
                deed=str(span.row["id"]) if span.row is not None else "",
                repair="立即释放或者变更强制措施，并报告人民检察院",
            )


def titles_without_a_gap(case: Case) -> Iterator[Finding]:
    """INV-04 前后羁押依据之间不得有空档。"""
    for custody in case.ledger.custodies.values():
        for span in spans(case, custody):
            if span.end is None or span.until is None or span.row is custody.ended or not span.is_outlived:
                continue
            name, until = title_zh(span.title["kind"]), local_date(span.until)
            yield breach(
                case,
                "INV-04",
                custody.person,
                f"羁押依据（{name}）至{span.end}届满，下一依据自{until}起，其间没有依据。",
                f"the title {span.title['kind']} ended {span.end} and the next begins {until}",
                severity="critical",
                status="late",
                owner=str(organ_of(str(span.title["organ"])) or "police"),
                law_ref=CPL[98].zh,
                due=span.end.isoformat(),
                at=until.isoformat(),
                trigger=str(span.title["row"]["id"]),
                deed=str(span.row["id"]) if span.row is not None else "",
                repair="确有空档的，追究责任并纠正；只是文书迟到的，补附文书，保留告警",
            )


def handovers_confirmed(case: Case) -> Iterator[Finding]:
    """INV-05 在押人员每次转移办案机关，都有换押证和看守所的签收。"""
    for person in {custody.person for custody in case.ledger.custodies.values()}:
        acts = case.ledger.of(_SITUATIONS, person)
        situations = [act for act in acts if act.held_before and leads(act) and not _is_received_later(act)]
        # What was sent back with reasons was an occasion too, and is done with; what comes of it is another.
        accepted = sum(
            custody.accepted + custody.returned
            for custody in case.ledger.custodies.values()
            if custody.person == person
        )
        is_open = any(custody.offered for custody in case.ledger.custodies.values() if custody.person == person)
        if len(situations) > accepted and not is_open and case.settled(situations[-1].row, *BOTH):
            yield breach(
                case,
                "INV-05",
                person,
                f"应当换押{len(situations)}次，已办理{accepted}次。",
                f"{len(situations)} situations of hand-over, {accepted} done",
                owner=str(organ_of(str(situations[-1].row["organ"])) or _HANDOVER.organ.value),
                law_ref=f"{KY14['一'].zh}、{SPP[615].zh}",
                at=str(situations[-1].row["occurred_at"]),
                trigger=situations[-1].transition_id,
                repair="补办换押；逾期的通知驻所检察",
            )
    for custody in case.ledger.custodies.values():
        if custody.accepted > custody.confirmed and case.settled(custody.taken_over, "custody_transfer"):
            yield breach(
                case,
                "INV-05",
                custody.person,
                f"换押{custody.accepted}次，看守所签收{custody.confirmed}次。",
                f"{custody.accepted} hand-overs and {custody.confirmed} receipts of the centre",
                owner="detention_center",
                law_ref=KY14["一"].zh,
                trigger=custody.id,
                repair="看守所补签回执",
            )


def _is_received_later(act: Act) -> bool:
    """Whether a move to another organ carries a step whose own receipt is the occasion: only in investigation it is not."""
    return act.type == JurisdictionMergeSplit.move.type and any("carried" in move for move in act.row["moves"])


def released_at_once(case: Case) -> Iterator[Finding]:
    """INV-07 应当释放的，立即释放。"""
    for finding in case.owed.findings:
        if finding.kind in RELEASES:
            yield breach(
                case,
                "INV-07",
                finding.subject,
                f"应当立即释放而没有及时释放（{finding.zh}）",
                f"a release was owed at once: {finding.en}",
                severity="critical",
                status=finding.status,
                owner=finding.owner,
                law_ref=f"{CPL[91].zh}、{CPL[178].zh}、{finding.law_ref}",
                due=finding.due,
                at=finding.at,
                trigger=finding.trigger,
                deed=finding.deed,
                repair="立即释放；不等待复议、复核、申诉的结果",
            )
    for custody in open_custodies(case):
        freed = [
            act
            for act in case.ledger.acts
            if act.subject == custody.person and act.service == "case_flow" and _liberty(case, act)
        ]
        if (
            freed
            and _liberty(case, freed[-1]) == "given"
            and case.settled(freed[-1].row, "custody_transfer", within=case.reading.at_once)
        ):
            yield breach(
                case,
                "INV-07",
                custody.person,
                f"办案机关已于{freed[-1].day}释放或者变更措施，看守所仍记为在押。",
                "the organ let the person go and the centre still holds them",
                severity="critical",
                status="overdue",
                owner="detention_center",
                law_ref=f"{CPL[91].zh}、{CPL[178].zh}",
                due=freed[-1].day.isoformat(),
                trigger=freed[-1].transition_id,
                repair="看守所立即释放并发给释放证明书",
            )


def _liberty(case: Case, act: Act) -> str:
    step = case.ledger.code.steps.get(act.type)
    return step.liberty if step is not None else ""


def remedies_do_not_delay(case: Case) -> Iterator[Finding]:
    """INV-32 要求复议、提请复核不影响立即释放。"""
    for act in case.ledger.of(("arrest_review:request_reconsideration",)):
        if act.held_before and case.ledger.by_type.get("arrest_review:refuse"):
            yield breach(
                case,
                "INV-32",
                act.subject,
                f"不批准逮捕后未释放即要求复议（{act.day}），救济不得推迟释放。",
                "a reconsideration was requested while the person was still held",
                owner="police",
                law_ref=CPL[92].zh,
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="立即释放",
            )
