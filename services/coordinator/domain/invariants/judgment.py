"""Judgments: how long a sentence lasts, when it takes effect, and that nobody fares worse for an appeal. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Said, breach, cites, open_custodies, untold, weigh
from services.coordinator.domain.invariants.limits import in_time
from services.coordinator.domain.ledger import Act, Custody
from services.kernel.period import ZONE, MonthEnd, credit_days, local_date, plus_months, read_moment, sentence_end
from services.law.statutes import CPL, MPS, PC, PL26, SPC

judgments_are_executed = in_time(
    "INV-38",
    "执行文书十日以内送达，一个月以内送交监狱执行。",
    "execution_documents_service delivery_to_prison",
    severity="high",
    repair="立即送达、送交；人民检察院提出纠正意见",
)

_JUDGED = ("first_trial:pronounce", "first_trial:judge_in_court", "first_trial:judge_absent")
_CHANGED = "second_trial:change"
#: What ends the time in which a judgment of first instance has no effect yet.
_DECIDED = (
    "second_trial:uphold",
    _CHANGED,
    "second_trial:remand",
    "second_trial:permit_withdrawal",
    "second_trial:withdraw",
    "second_trial:terminate",
)
_APPEALS = ("second_trial:appeal", "second_trial:protest")
#: Sentences from the lightest to the heaviest, as a judgment's fact `sentence.type` names them.
_RANKS = {
    name: rank
    for rank, names in enumerate(
        (
            ("acquittal",),
            ("exempt_from_punishment",),
            ("fine_only", "deprivation_of_rights"),
            ("control",),
            ("criminal_detention",),
            ("fixed_term",),
            ("life",),
            ("death_suspended",),
            ("death",),
        )
    )
    for name in names
}
#: What else makes a result worse: more of it, or (of `suspended`) less.
_MORE = {
    "probation_months": "缓刑考验期",
    "fine": "罚金",
    "deprivation_months": "剥夺政治权利的期限",
    "commutation_restricted": "限制减刑",
    "prohibitions": "禁止令",
}
_THREE_MONTHS = 3
_TERMS = frozenset({"fixed_term", "criminal_detention"})


def _sentence(case: Case, act: Act | None) -> Mapping[str, Any]:
    """What a judgment says of the sentence; empty where it says nothing that can be read."""
    told = case.ledger.told(act).get("sentence") if act is not None else None
    return told if isinstance(told, dict) and isinstance(told.get("type"), str) else {}


def _number(sentence: Mapping[str, Any], name: str) -> float | None:
    value = sentence.get(name)
    return float(value) if isinstance(value, int | float) else None


def _months(sentence: Mapping[str, Any]) -> float | None:
    """The length of a term in months (half a month is 0.5); None where there is none that can be counted."""
    years, months = _number(sentence, "years"), _number(sentence, "months")
    if sentence.get("type") not in _TERMS or (years is None and months is None):
        return None
    found = 12 * (years or 0) + (months or 0)
    return found if 0 < found <= _LONGEST else None


#: No term is longer: 刑法第六十九条, twenty-five years.
_LONGEST = 25 * 12


def _ends(start: date, months: float, credit: int = 0) -> date:
    return sentence_end(start, months=int(months), days=15 if months % 1 else 0, credit=credit)


def _first_day(case: Case, custody: Custody) -> date:
    """Since when somebody was deprived of their liberty without a break: the arrest may be earlier than the centre."""
    began = local_date(read_moment(custody.began["occurred_at"]))
    since = began
    for act in case.ledger.by_subject.get(custody.person, ()):
        step = case.ledger.code.steps.get(act.type)
        if act.service == "case_flow" and step is not None and step.liberty and act.day <= began:
            since = min(since, act.day) if step.liberty == "taken" else began
    return since


def sentences_are_counted(case: Case) -> Iterator[Finding]:
    """INV-35 刑期的届满之日依照判决和折抵计算。"""
    for custody in case.ledger.custodies.values():
        for title in (title for title in custody.titles if title["kind"] == "sentence" and title["end"]):
            judged = [
                act
                for act in case.ledger.of((*_JUDGED, _CHANGED), custody.person)
                if local_date(read_moment(title["row"]["occurred_at"])) >= act.day
            ]
            if not judged:
                continue
            months = _months(_sentence(case, judged[-1]))
            law_ref = cites(PC[41], PC[44], PC[47], CPL[76], SPC[202])
            if months is None:
                said = "刑种和刑期，刑满日无从核对"
                yield from untold(
                    case, "INV-35", judged[-1], said, "the sentence", severity="critical", law_ref=law_ref
                )
                continue
            due = {end.isoformat() for end in _rightly(case, custody, title, months)}
            if title["end"] in due:
                continue
            yield breach(
                case,
                "INV-35",
                custody.person,
                f"登记的刑满日为{title['end']}，依照判决和先行羁押计算为{min(due)}。",
                f"the sentence is said to end {title['end']} and ends {min(due)}",
                severity="critical",
                owner="court",
                law_ref=law_ref,
                due=min(due),
                at=str(title["row"]["occurred_at"]),
                trigger=str(title["row"]["id"]),
                repair="重新计算，更正执行通知书；刑期已满的立即释放",
            )


def _rightly(case: Case, custody: Custody, title: Mapping[str, Any], months: float) -> Iterator[date]:
    """When a term ends: it begins with unbroken custody, or its earlier parts are credited from the day of execution."""
    began = local_date(read_moment(title["from"]))
    since = _first_day(case, custody)
    others = [each for each in case.ledger.custodies.values() if each.person == custody.person and each is not custody]
    elsewhere = sum(_days(_first_day(case, each), each) for each in others)
    designated = _designated(case, custody.person)
    if not elsewhere and not designated:
        yield _ends(since, months)
        return
    held = max(0, (began - since).days) + elsewhere
    yield _ends(max(began, since), months, credit_days(held, designated=designated))


def _days(since: date, custody: Custody) -> int:
    until = local_date(read_moment(custody.ended["occurred_at"])) if custody.ended is not None else since
    return (until - since).days + 1


def _designated(case: Case, person: str) -> int:
    """Days of residential surveillance at a designated place."""
    days, since = 0, None
    for act in (act for act in case.ledger.by_subject.get(person, ()) if act.service == "case_flow"):
        if act.type.startswith("residential_surveillance:execute_designated"):
            since = since or act.day
        elif since is not None and any(
            move["procedure"] == "residential_surveillance" and move["to"] != "executing_designated"
            for move in act.row["moves"]
            if move["subject"] == person and move["to"] != "redecided"
        ):
            days, since = days + (act.day - since).days, None
    return days


def not_beyond_the_first_judgment(case: Case) -> Iterator[Finding]:
    """INV-35 上诉、抗诉期间，羁押不超过第一审判处的刑期。"""
    today = local_date(min(case.reading.now, case.reading.until(frozenset({"custody_transfer"}))))
    for custody in open_custodies(case):
        judged = case.ledger.of(_JUDGED, custody.person)
        if not judged or any(act.follows(judged[-1]) for act in case.ledger.of(_FINAL, custody.person)):
            continue
        law_ref = cites(CPL[98], SPC[170])
        sentence = _sentence(case, judged[-1])
        if not sentence:
            said = "判处的刑罚，羁押是否已满刑期无从核对"
            yield from untold(case, "INV-35", judged[-1], said, "the sentence", severity="critical", law_ref=law_ref)
            continue
        end = first_sentence_end(case, custody)
        if end is not None and today > end:
            yield breach(
                case,
                "INV-35",
                custody.person,
                f"第一审判处的刑期至{end}已满，判决尚未生效，仍在押。",
                f"held beyond the sentence of the first judgment, which is over on {end}",
                severity="critical",
                status="overdue",
                owner="court",
                law_ref=law_ref,
                due=end.isoformat(),
                trigger=judged[-1].transition_id,
                repair="立即释放或者变更强制措施",
            )
        elif end is not None:
            case.waits.append(datetime.combine(end + timedelta(days=1), time(), ZONE))


def first_sentence_end(case: Case, custody: Custody) -> date | None:
    """The last day of what the judgment of first instance sentenced to, while it is not final; None if it set no term."""
    judged = case.ledger.of(_JUDGED, custody.person)
    if not judged or any(act.follows(judged[-1]) for act in case.ledger.of(_FINAL, custody.person)):
        return None
    months = _months(_sentence(case, judged[-1]))
    return _ends(_first_day(case, custody), months) if months is not None else None


_FINAL = (*_DECIDED, "second_trial:become_final")


def nobody_fares_worse(case: Case) -> Iterator[Finding]:
    """INV-36 只有被告人一方上诉的，不得加重任何被告人的刑罚；发回重审没有新的犯罪事实补充起诉的，也不得加重。"""
    for person in case.ledger.persons:
        first = case.ledger.of(_JUDGED, person)
        again = [*case.ledger.of((_CHANGED,), person), *(act for act in first[1:] if _is_remanded(case, person, act))]
        for act in again:
            before = [
                each for each in case.ledger.of((*_JUDGED, _CHANGED), person) if act.follows(each) and each is not act
            ]
            protests = case.ledger.of(("second_trial:protest",), person)
            if not before or any(not each.follows(act) for each in protests):
                continue
            was, now = _sentence(case, before[0]), _sentence(case, act)
            unread = next(
                (each for each, told in ((before[0], was), (act, now)) if told.get("type") not in _RANKS), None
            )
            law_ref = cites(CPL[237], SPC[401])
            if unread is not None:
                yield from untold(case, "INV-36", unread, "判处的刑罚，有无加重不明", "the sentence", law_ref=law_ref)
                continue
            yield from weigh(
                case, "INV-36", act, [*_worse(was, now)], (), law_ref=law_ref, repair="不得加重；交合议庭重新评议、纠正"
            )


def _is_remanded(case: Case, person: str, act: Act) -> bool:
    """Whether somebody was tried again for what they had been charged with before."""
    back = [each for each in case.ledger.of(("second_trial:remand",), person) if act.follows(each)]
    added = case.ledger.of(("first_trial:amend_charge",), person)
    return bool(back) and not any(each.follows(back[-1]) and act.follows(each) for each in added)


def _worse(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Said]:
    before, after = _RANKS[was["type"]], _RANKS[now["type"]]
    if after > before:
        yield "刑种加重", f"{was['type']} became {now['type']}"
    longer = (_months(was) or 0, _months(now) or 0)
    if after == before and longer[1] > longer[0]:
        yield f"刑期由{longer[0]:g}个月加重为{longer[1]:g}个月", f"{longer[0]:g} months became {longer[1]:g}"
    if was.get("suspended") is True and now.get("suspended") is not True and after >= _RANKS["criminal_detention"]:
        yield "撤销缓刑", "the sentence is no longer suspended"
    for name, zh in _MORE.items():
        if (_number(now, name) or 0) > (_number(was, name) or 0):
            yield f"{zh}加重", f"more of {name}"


def effective_when_all_are_through(case: Case) -> Iterator[Finding]:
    """INV-37 全部受送达人的上诉、抗诉期限届满而没有上诉、抗诉，判决才发生法律效力。"""
    for act in case.ledger.by_type.get("second_trial:become_final", ()):
        judged = [each for each in case.ledger.of(_JUDGED, act.subject) if not each.follows(act)]
        if not judged:
            continue
        together = [each for each in case.ledger.persons if each in judged[-1].row["subjects"]]
        broken: list[Said] = []
        missing: list[Said] = []
        for person in together:
            name = case.ledger.labels.get(person, person)
            served = [
                each for each in case.ledger.of(("first_trial:serve_judgment",), person) if each.follows(judged[-1])
            ]
            ends = (
                [
                    day
                    for right in case.owed.rights
                    if right.limit == "appeal_judgment"
                    and right.subject == person
                    and right.trigger == served[-1].transition_id
                    if (day := right.due)
                ]
                if served
                else []
            )
            appealed = [
                each for each in case.ledger.of(_APPEALS, person) if each.follows(judged[-1]) and not each.follows(act)
            ]
            through = [
                each for each in case.ledger.of(_DECIDED, person) if each.follows(judged[-1]) and not each.follows(act)
            ]
            if appealed and not through:
                broken.append((f"{name}一方已经上诉、抗诉，尚未终审", f"an appeal about {person} is pending"))
            elif not appealed and ends and act.day.isoformat() <= ends[-1]:
                broken.append((f"{name}的上诉、抗诉期限至{ends[-1]}才届满", f"the time of {person} ends {ends[-1]}"))
            elif not served and not through:
                missing.append((f"{name}收到判决书的日期", f"when {person} was served"))
        yield from weigh(
            case,
            "INV-37",
            act,
            broken,
            missing,
            owner="court",
            law_ref=cites(CPL[230], CPL[259]),
            repair="撤回执行；全部期限届满或者终审以后再交付执行",
        )


def short_terms_stay(case: Case) -> Iterator[Finding]:
    """INV-38 剩余刑期在三个月以上的，不留看守所执行。"""
    for act in case.ledger.by_type.get("execution:stay", ()):
        titles = [
            title["end"]
            for custody in case.ledger.custodies.values()
            if custody.person == act.subject
            for title in custody.titles
            if title["kind"] == "sentence"
        ]
        sentence = _sentence(case, next(iter(reversed(case.ledger.of((*_JUDGED, _CHANGED), act.subject))), None))
        broken: list[Said] = []
        missing: list[Said] = []
        if not titles and sentence.get("type") != "criminal_detention":
            missing.append(("剩余的刑期", "how much of the sentence is left"))
        elif titles and sentence.get("type") != "criminal_detention":
            last = plus_months(act.day, _THREE_MONTHS, MonthEnd.CORRESPONDING)
            if titles[-1] is None or date.fromisoformat(titles[-1]) > last:
                broken.append(
                    (f"刑期至{titles[-1] or '（无期）'}，留看守所执行", f"the sentence lasts until {titles[-1]}")
                )
        yield from weigh(
            case,
            "INV-38",
            act,
            broken,
            missing,
            law_ref=cites(CPL[264, 2], MPS[301], PL26[31, 3]),
            repair="送交监狱执行",
        )
