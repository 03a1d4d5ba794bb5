"""The record of a case itself: who is in it, under which numbers, by which clocks, and what is sealed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from services.coordinator.domain import sealing
from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, cites, untold
from services.coordinator.domain.invariants.documents import silent
from services.coordinator.domain.invariants.people import day_of
from services.coordinator.domain.ledger import Act, Row, deed_type, event_type
from services.coordinator.domain.shared import NUMBERED, kin, numbers
from services.kernel.code import UNTIL, Code
from services.kernel.period import ZONE, Roll, due, local_date, read_moment
from services.kernel.procedure import End, Event, Kept
from services.kernel.who import organ_of
from services.law.dues import first_extensions
from services.law.holidays import CALENDAR
from services.law.juvenile import Juvenile
from services.law.statutes import AP, CPL, MPS, PS25, SPC, SPP

_FILED = ("case_intake:file", "case_intake:file_anew", "supervise_non_filing:file")
_PUNISHED = (
    "admin_case:decide", "admin_case:decide_at_station", "admin_case:decide_after_hearing",
    "admin_case:penalize_on_spot", "admin_case:execute",
)  # fmt: skip
_DROPPED = {"prosecution_review": {"not_charged"}, "investigation_close": {"withdrawn", "terminated_person"}}
_SENTENCED = ("first_trial:pronounce", "first_trial:judge_in_court", "first_trial:judge_absent", "second_trial:change")
_TAKING_DECISIONS = frozenset({"seizure_decision", "seal_decision", "freeze_notice", "mail_seizure_notice"})
_SEALS = ("juvenile:seal", "juvenile:seal_non_prosecution")
#: By which a record goes out to others.
_EXPORTS = (
    "package_handover:seal", "package_handover:offer", "jurisdiction_merge_split:absorb", "jurisdiction_merge_split:join",
    "jurisdiction_merge_split:move",
)  # fmt: skip
#: Five years: up to which the record of a minor is sealed.
_MOST_MONTHS = 60
_PERMIT = deed_type("sealed_record_query_decide")
_DAY = timedelta(days=1)
#: Whose identity nobody need state here.
_UNNAMED = frozenset({"identity_unknown", "victim", "witness"})


def clocks_begin_again_by_law(case: Case) -> Iterator[Finding]:
    """INV-25 羁押期限只因法定事由重新计算。"""
    before: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for custody in case.ledger.custodies.values():
        for title in custody.titles:
            before.setdefault((custody.person, title["kind"]), []).append(title)
    for (person, kind), titles in before.items():
        starts = _starts(case.ledger.code, kind)
        for earlier, title in pairwise(titles):
            since = local_date(read_moment(title["from"]))
            if not starts or since == local_date(read_moment(earlier["from"])):
                continue
            if any(since - _DAY <= act.day <= since for act in case.ledger.of(starts, person)):
                continue
            if case.has_read("case_flow") and case.settled(title["row"], "case_flow"):
                limit = case.ledger.code.limits[kind]
                yield breach(
                    case,
                    "INV-25",
                    person,
                    f"“{limit.zh}”自{since}重新计算，而案件记录中没有引起重新计算的事项。",
                    f"{kind} began again on {since}, and no act of the case begins it then",
                    owner=str(organ_of(str(title["organ"])) or "police"),
                    law_ref=cites(CPL[160], CPL[175, 3], CPL[208], CPL[241]),
                    at=str(title["row"]["occurred_at"]),
                    trigger=str(title["row"]["id"]),
                    repair="恢复原来的期限，原期限已满的立即释放；补齐文书并核查",
                )


def _starts(code: Code, kind: str) -> tuple[str, ...]:
    """The acts from which a limit runs, or runs anew; none where it is no limit of the law."""
    limit = code.limits.get(kind)
    match limit.after if limit is not None else None:
        case None | End():
            return ()
        case Event(name):
            return (event_type(name),)
        case Kept(name):
            return (deed_type(name),)
        case after:
            assert limit is not None, "it has what it begins after"
            return (*code.types(after), *code.types(limit.restarts_at))


def sealed_records_stay_sealed(case: Case) -> Iterator[Finding]:
    """INV-39 封存的未成年人犯罪记录，没有许可不得提供；应当封存的予以封存。"""
    given = {"severity": "critical", "law_ref": cites(CPL[286], SPP[482], SPP[485], SPC[581])}
    yield from _stores_follow(case, given)
    minors = [person for person in case.ledger.persons if "minor" in case.ledger.flags.get(person, ())]
    for person in minors:
        sealed = case.ledger.of(_SEALS, person)
        if not sealed:
            yield from _unsealed(case, person, given)
            continue
        permits = case.ledger.of((_PERMIT, Juvenile.permit_query.type), person)
        for act in case.ledger.of(_EXPORTS):
            concerns = act.subject in {person, case.ledger.case_id} or act.service == "evidence"
            if (
                concerns
                and act.follows(sealed[-1])
                and not any(_covers(case, permit, act) for permit in permits if permit.follows(sealed[-1]))
            ):
                yield breach(
                    case,
                    "INV-39",
                    person,
                    f"犯罪记录已于{sealed[-1].day}封存，{act.day}未经许可向外提供（{act.row['zh']}）。",
                    f"sealed on {sealed[-1].day}, and sent out by {act.type} without a permit",
                    owner=str(organ_of(str(act.row["organ"])) or "procuratorate"),
                    at=str(act.row["occurred_at"]),
                    trigger=act.transition_id,
                    repair="立即收回，停止查阅，报告并重新封存",
                    **given,
                )


def _covers(case: Case, permit: Act, act: Act) -> bool:
    until = day_of(case.ledger.told(permit).get(UNTIL))
    return act.follows(permit) and (until is None or act.day <= until)


def _stores_follow(case: Case, given: Mapping[str, Any]) -> Iterator[Finding]:
    """What the centre and the dossier hold of a sealed record is sealed, too; permits are looked at when they end."""
    for permit in sealing.permits(case.ledger) if sealing.persons(case.ledger) else ():
        over = datetime.combine(permit.until + _DAY, time(), ZONE)
        case.waits.extend([over] if case.reading.now < over else [])
    for store in sealing.stores(case.ledger):
        seal = sealing.sealed_by(case.ledger, store.person)
        if not store.is_sealed and case.settled(seal.row, store.service):
            yield breach(
                case,
                "INV-39",
                store.person,
                f"犯罪记录已于{seal.day}封存，{store.procedure.zh}没有随之登记。",
                f"sealed on {seal.day}, and what {store.service} keeps of it is not",
                owner="detention_center"
                if store.service == "custody_transfer"
                else str(organ_of(str(seal.row["organ"])) or "court"),
                at=str(seal.row["occurred_at"]),
                trigger=store.since,
                repair="立即封存，此前的查阅查明",
                **given,
            )


def _unsealed(case: Case, person: str, given: Mapping[str, Any]) -> Iterator[Finding]:
    """A minor's record that is to be sealed once the judgment is final, by the sentence as it is known."""
    judged = case.ledger.of(_SENTENCED, person)
    final = case.ledger.of(("second_trial:become_final", "second_trial:uphold", "second_trial:change"), person)
    if not judged or not final or not case.settled(final[-1].row, "case_flow"):
        return
    sentence = case.ledger.told(judged[-1]).get("sentence")
    kind, months = (sentence.get("type"), _months(sentence)) if isinstance(sentence, dict) else (None, None)
    if kind is None or (kind == "fixed_term" and months is None):
        yield from untold(case, "INV-39", judged[-1], "判处的刑罚", "the sentence", **given)
    elif kind in {"exempt_from_punishment", "control", "criminal_detention", "fine_only"} or (
        kind == "fixed_term" and months is not None and months <= _MOST_MONTHS
    ):
        yield breach(
            case,
            "INV-39",
            person,
            f"判决已于{final[-1].day}生效，犯罪记录应当封存而没有封存。",
            "the judgment is final, and the record of a minor is not sealed",
            owner="court",
            at=str(final[-1].row["occurred_at"]),
            trigger=final[-1].transition_id,
            repair="立即封存，并通知各机关封存",
            **given,
        )


def _months(sentence: Mapping[str, Any]) -> float | None:
    """How many months a fixed term has, of its years and months."""
    stated = [(sentence.get(name), times) for name, times in (("years", 12), ("months", 1))]
    known = [value * times for value, times in stated if isinstance(value, int | float)]
    return sum(known) if known else None


def ends_compute_again(case: Case) -> Iterator[Finding]:
    """INV-45 期限的届满之日载明历法版本、规则和依据，可以重新计算。"""
    for custody in case.ledger.custodies.values():
        for title in custody.titles:
            told, limit = title.get("proof") or {}, case.ledger.code.limits.get(title["kind"])
            given = {
                "severity": "medium",
                "owner": str(organ_of(str(title["organ"])) or "police"),
                "law_ref": cites(CPL[105]),
                "at": str(title["row"]["occurred_at"]),
                "trigger": str(title["row"]["id"]),
            }
            if not told.get("rules") or (limit is not None and not told.get("calendar")):
                yield breach(
                    case,
                    "INV-45",
                    custody.person,
                    f"羁押依据的届满之日（{title['end']}）没有写明依何种历法、规则算出。",
                    f"the end of {title['kind']} says nothing of its calendar and rules",
                    **{**given, "status": "unknown"},
                    repair="重新计算并附计算依据",
                )
                continue
            end = _end_of(case.ledger.code, title, told)
            if end is not None and end != title["end"]:
                yield breach(
                    case,
                    "INV-45",
                    custody.person,
                    f"羁押依据载明至{title['end']}届满，重新计算为{end}。",
                    f"the title {title['kind']} says {title['end']}; computed again it ends {end}",
                    **given,
                    repair="以重新计算的为准；已经超期的立即释放，并查明差异",
                )


def _end_of(code: Code, title: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """The end computed again from what the title states; None where another calendar, or no limit, ends it."""
    limit, extensions = code.limits.get(title["kind"]), told.get("extensions")
    if limit is None or limit.period is None or told["calendar"] != CALENDAR.version or not isinstance(extensions, int):
        return None
    ends = due(
        limit.period,
        read_moment(title["from"]),
        extensions=first_extensions(limit, extensions),
        roll=Roll.NEVER,
        month_end=limit.month_end,
        held=True,
        calendar=CALENDAR,
        working_days=limit.working_days,
        strict_custody_days=limit.custody == "always",
    )
    last = ends.last_day or (local_date(ends.deadline) if ends.deadline is not None else None)
    return last.isoformat() if last is not None else None


def persons_are_one(case: Case) -> Iterator[Finding]:
    """INV-46 一个人只有一个身份；身份不明的以文书停止计算侦查羁押期限。"""
    given = {"severity": "critical", "law_ref": cites(CPL[160, 2], MPS[152])}
    first: dict[str, str] = {}
    for row in (row for row in case.ledger.rows if row["service"] == "case_flow" and "created" in row):
        for person, what in row["created"].items():
            if what["kind"] == "person" and person in case.ledger.persons:
                mark = row.get("private_digest")
                told = _identity(case, row, what, first.setdefault(mark, person) if mark else "", person)
                for status, zh, en, repair in told:
                    yield breach(
                        case,
                        "INV-46",
                        person,
                        zh,
                        en,
                        status=status,
                        owner=str(organ_of(str(row["organ"])) or "police"),
                        at=str(row["occurred_at"]),
                        trigger=str(row["id"]),
                        repair=repair,
                        **given,
                    )
    for act in case.ledger.of(("custody_extension:start_unidentified", "custody_extension:identify")):
        if "for" not in act.row and not act.row["documents"] and not act.row["document_ids"]:
            yield breach(
                case,
                "INV-46",
                act.subject,
                f"{act.day}身份不明停止计算或者查清身份，没有文书。",
                f"{act.type} rests on no document",
                owner="police",
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="补齐变更羁押期限的文书；没有的，期限自始计算",
                **given,
            )


def _identity(
    case: Case, row: Row, what: Mapping[str, Any], twin: str, person: str
) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the identity of a person as registered: status, Chinese, English, and the repair.

    `twin` is who was first registered under the same identity, empty where none was stated.
    """
    if what.get("identity") == "wrong":
        yield "violated", "登记的公民身份号码不成立。", "no such identity number can be", "核对户籍证明，更正身份"
    if twin not in {"", person}:
        label = case.ledger.labels.get(twin, twin)
        zh, en = f"与{label}登记为同一身份。", "the identity of another person of the case"
        yield "violated", zh, en, "合并为一人并留痕，重新计算折抵"
    later = case.ledger.supplements.get((str(row["id"]), str(row["organ"])), {})
    stated = twin or later.get("identity") or not _UNNAMED.isdisjoint(what.get("flags", ()))
    if not stated and case.settled(row, "case_flow"):
        zh, en = (
            "没有登记身份，也没有写明身份不明，是否另有记录不明。",
            "neither an identity nor that it is unknown is stated",
        )
        yield "unknown", zh, en, "补充登记身份；身份不明的写明"


def one_act_is_punished_once(case: Case) -> Iterator[Finding]:
    """INV-47 行刑衔接：同一事实不得并罚，行政拘留折抵刑期，查扣的财物转换依据。"""
    ledger = case.ledger
    if "admin_case" not in ledger.lines.get(ledger.case_id, {}) and not any(
        ledger.by_type.get(name) for name in _PUNISHED
    ):
        return
    given = {"law_ref": cites(PS25[110], AP[163], AP[172], CPL[177, 3])}
    filed = ledger.of(_FILED)
    for act in ledger.of(_PUNISHED) if filed and _goes_on(case) else ():
        if act.follows(filed[0]) and act.day > filed[0].day:
            yield breach(
                case,
                "INV-47",
                act.subject,
                f"{filed[0].day}已经刑事立案，{act.day}又以同一事实“{act.row['zh']}”。",
                f"{act.type} while the criminal case of the same facts goes on",
                owner="police",
                at=str(act.row["occurred_at"]),
                trigger=act.transition_id,
                repair="撤销重复的处罚；已经执行的，折抵",
                **given,
            )
    executed = [act for act in ledger.of(("admin_case:execute",)) if not filed or not act.follows(filed[0])]
    for judged in ledger.of(_SENTENCED) if executed else ():
        sentence = case.ledger.told(judged).get("sentence")
        credit = sentence.get("administrative_credit_days") if isinstance(sentence, dict) else None
        if credit is None:
            yield from untold(
                case, "INV-47", judged, "已经执行的行政拘留折抵多少日", "the credit for administrative custody", **given
            )
    yield from _unconverted(case, filed, given)


def _goes_on(case: Case) -> bool:
    """Whether anybody in the case is still prosecuted."""
    dropped = [
        any(case.ledger.lines.get(person, {}).get(name) in states for name, states in _DROPPED.items())
        for person in case.ledger.persons
    ]
    return not dropped or not all(dropped)


def _unconverted(case: Case, filed: Sequence[Act], given: Mapping[str, Any]) -> Iterator[Finding]:
    """Goods secured in the administrative case for which no decision of the criminal case was registered since."""
    secured = [
        act
        for act in case.ledger.of(("admin_case:investigate",))
        if _has_paper(act.row, {"admin_evidence_preservation"})
    ]
    if not secured or not filed or not case.has_read("evidence") or not case.settled(filed[-1].row, "evidence"):
        return
    if not any(
        "created" in row and _has_paper(row, _TAKING_DECISIONS)
        for row in case.ledger.rows
        if row["service"] == "evidence"
    ):
        yield breach(
            case,
            "INV-47",
            case.ledger.case_id,
            f"行政案件中保全的财物，{filed[-1].day}刑事立案后没有转换为刑事查封、扣押、冻结。",
            "goods secured in the administrative case were not converted",
            owner="police",
            at=str(filed[-1].row["occurred_at"]),
            trigger=str(filed[-1].row["id"]),
            repair="作出刑事查封、扣押、冻结决定并登记，或者退还",
            **given,
        )


def _has_paper(row: Row, kinds: frozenset[str] | set[str]) -> bool:
    return any(paper.get("kind") in kinds for paper in row.get("documents", ()))


def numbers_are_their_own(case: Case) -> Iterator[Finding]:
    """INV-51 各阶段的案号一一对应，重新立案的另编新号。"""
    given = {"severity": "medium", "law_ref": cites(SPC[219], SPP[157])}
    unnumbered, seen = list[Row](), dict[str, tuple[str, str]]()
    latest: dict[tuple[str, str], tuple[str, str]] = {}
    for act in case.ledger.of((*NUMBERED, "first_trial:prepare")):
        number, row = case.ledger.told(act).get("case_number"), act.row
        again = act.type == "first_trial:prepare"
        if again and not any(act.follows(each) for each in case.ledger.of(("second_trial:remand",), act.subject)):
            continue
        if not number:
            unnumbered.append(row)
            continue
        stage = "court_intake:file" if again else act.type
        before = latest.get((stage, act.subject))
        other = seen.setdefault(str(number), (stage, str(row["organ"])))
        latest[stage, act.subject] = (str(number), act.transition_id)
        if (before is not None and before == (str(number), before[1]) and before[1] != act.transition_id) or other[
            0
        ] != stage:
            yield breach(
                case,
                "INV-51",
                act.subject,
                f"{act.day}“{row['zh']}”的案号{number}，此前已经用过。",
                f"the number {number} of {act.type} was used before",
                owner=str(organ_of(str(row["organ"])) or "police"),
                at=str(row["occurred_at"]),
                trigger=act.transition_id,
                repair="另编新号，以文书更正对应关系",
                **given,
            )
    yield from silent(case, "INV-51", unnumbered, "案号", "the number of the case", **given)
    for claim in numbers(case.ledger) if case.others else ():
        theirs = [other for other in case.others.get(claim.name, ()) if other.case_id not in kin(case.ledger)]
        if any((other.body["since"], other.case_id) < (claim.body["since"], claim.case_id) for other in theirs):
            yield breach(
                case,
                "INV-51",
                case.ledger.case_id,
                f"案号{claim.key}，另案在先已经用过。",
                f"the number {claim.key} is that of another case, which had it before",
                owner=str(organ_of(claim.body["organ"]) or "police"),
                trigger=claim.subject,
                repair="另编新号，以文书更正对应关系",
                **given,
            )
