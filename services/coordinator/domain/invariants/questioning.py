"""Interrogations, inquiries, searches and seizures: where, who was there, and what was told. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Said, cites, untold, weigh
from services.coordinator.domain.invariants.people import (
    admitted,
    day_of,
    held_at,
    is_female,
    is_minor,
    moment_of,
    names_of,
)
from services.coordinator.domain.ledger import Act, Custody, deed_type, event_type
from services.kernel.period import local_date, read_moment
from services.law.statutes import CPL, JY06, KSS, MPS, SPP

_RECORD = "interrogation:interrogate"
#: Notes that say that somebody was interrogated, and nothing else.
_NOTES = (
    deed_type("detention_first_interrogation"),
    deed_type("arrest_first_interrogation"),
    event_type("first_interrogation"),
)
_SEARCHES = ("search_and_seizure:search", "search_and_seizure:search_without_warrant")
_SEIZURES = ("search_and_seizure:seize", "search_and_seizure:seal")
_TWO = 2
_TAKEN = (event_type("property_taken"), event_type("seal_executed"))


def inside_the_centre(case: Case) -> Iterator[Finding]:
    """INV-08 送看守所羁押以后，讯问在看守所内进行，并凭办案机关有效的提讯提解证。"""
    for act in case.ledger.by_type.get(_RECORD, ()):
        told = case.ledger.told(act)
        custody = held_at(case, act.subject, moment_of(told.get("started_at")) or act.moment)
        if custody is None or not case.settled(act.row, "custody_transfer"):
            continue
        broken: list[Said] = []
        place = str(told.get("place", ""))
        if "看守所" not in place and place != admitted(custody).get("center") and not _is_remote(case, custody, told):
            broken.append((f"送看守所羁押以后，在看守所以外（{place}）讯问", "outside the centre"))
        if not _has_pass(case, custody, act, _day(case, act)):
            broken.append(("讯问没有办案机关有效的提讯提解证", "without a valid pass of the organ"))
        yield from weigh(
            case,
            "INV-08",
            act,
            broken,
            (),
            law_ref=cites(CPL[118, 2], JY06[28], KSS[19]),
            repair="对该笔录的合法性作出说明，或者依法排除；今后凭证在看守所内讯问",
        )
    for act in _only_noted(case):
        if held_at(case, act.subject, act.moment) is not None:
            yield from untold(
                case,
                "INV-08",
                act,
                "讯问的地点和提讯提解证，只登记已经讯问",
                "where and on which pass the person was interrogated",
                law_ref=cites(CPL[118, 2], JY06[28], KSS[19]),
            )


def _only_noted(case: Case) -> Iterator[Act]:
    """The notes of an interrogation of which no record was made within a day."""
    records = case.ledger.by_type.get(_RECORD, ())
    for act in (act for note in _NOTES for act in case.ledger.by_type.get(note, ())):
        if act.subject != case.ledger.case_id and not any(
            each.subject == act.subject and abs(_day(case, each) - act.day) <= timedelta(days=1) for each in records
        ):
            yield act


def _day(case: Case, act: Act) -> date:
    """The day on which something was done, as its record says."""
    return day_of(case.ledger.told(act).get("started_at")) or act.day


def _has_pass(case: Case, custody: Custody, act: Act, day: date) -> bool:
    stands = False
    for row in (row for row in case.ledger.rows if row["service"] == "custody_transfer"):
        given: Mapping[str, Any] | None = row.get("passes", {}).get(custody.id)
        if given is not None and given["organ"] == act.row["organ"]:
            first, last = (local_date(read_moment(given[name])) for name in ("from", "until"))
            stands = stands or first <= day <= last
        if row.get("handover") == "accept" and custody.id in row["subjects"]:
            taken = local_date(read_moment(row["occurred_at"]))
            stands = stands and taken >= day
    return stands


def _is_remote(case: Case, custody: Custody, told: Mapping[str, Any]) -> bool:
    """Whether the person was brought to a screen in the centre for it."""
    day = day_of(told.get("started_at"))
    slots = (slot for row in case.ledger.rows for slot in row.get("slots", {}).get(custody.id, {}).values())
    return any(
        slot.get("mode") == "remote" and slot["state"] in {"out", "back"} and day_of(slot["from"]) == day
        for slot in slots
    )


def minors_are_not_alone(case: Case) -> Iterator[Finding]:
    """INV-09 讯问未成年犯罪嫌疑人、询问未成年被害人和证人，有法定代理人或者合适成年人到场；女性的，有女工作人员在场。"""
    acts = [*case.ledger.by_type.get(_RECORD, ()), *case.ledger.by_type.get("juvenile:interrogate", ())]
    for act in (act for act in acts if is_minor(case, act.subject, act.day)):
        yield from _accompanied(case, act, is_girl=is_female(case, act.subject))
    for act in case.ledger.by_type.get("inquiry:inquire", ()):
        minor = case.ledger.told(act).get("minor")
        if minor is True:
            yield from _accompanied(case, act, is_girl=False)
        elif minor is not False:
            yield from _weigh_company(case, act, [], [("被询问人是否未成年", "whether a minor was asked")])


def _accompanied(case: Case, act: Act, *, is_girl: bool) -> Iterator[Finding]:
    told = case.ledger.told(act)
    broken: list[Said] = []
    missing: list[Said] = []
    if not names_of(told.get("adults_present")):
        # A record that lists who was there shows that no adult was; a paper that called one does not show who came.
        if act.type == "juvenile:interrogate":
            missing.append(("到场的法定代理人或者合适成年人", "which adult was present"))
        else:
            broken.append(("没有法定代理人或者合适成年人到场", "no adult was present"))
    elif told.get("signed") is False:
        broken.append(("到场的人没有签名", "not signed by those present"))
    elif told.get("signed") is None:
        missing.append(("到场的人是否签名", "whether those present signed"))
    if is_girl and told.get("woman_officer_present") is False:
        broken.append(("讯问女性未成年人，没有女工作人员在场", "no woman officer for a girl"))
    elif is_girl and told.get("woman_officer_present") is None:
        missing.append(("有无女工作人员在场", "whether a woman officer was present"))
    yield from _weigh_company(case, act, broken, missing)


def _weigh_company(case: Case, act: Act, broken: list[Said], missing: list[Said]) -> Iterator[Finding]:
    return weigh(
        case,
        "INV-09",
        act,
        broken,
        missing,
        severity="critical",
        law_ref=cites(CPL[281], MPS[323], MPS[324], MPS[326], SPP[465]),
        repair="停止；通知法定代理人或者合适成年人到场后重新进行，注明先前的笔录，报告监督部门",
    )


def two_are_there(case: Case) -> Iterator[Finding]:
    """INV-23 讯问、搜查、查封、扣押由二人以上进行；搜查、查封、扣押有见证人或者被搜查人在场。"""
    for type_ in (_RECORD, *_SEARCHES, *_SEIZURES):
        for act in case.ledger.by_type.get(type_, ()):
            told = case.ledger.told(act)
            broken = []
            if len(names_of(told.get("officers"))) < _TWO:
                broken.append(("办案人员不足二人", "fewer than two officers"))
            if type_ != _RECORD and not _is_witnessed(told):
                broken.append(("没有见证人，被搜查人或者其家属也不在场，又没有录音录像", "nobody witnessed it"))
            yield from _weigh_presence(case, act, broken)
    seized = [act for type_ in _SEIZURES for act in case.ledger.by_type.get(type_, ())]
    for act in (act for type_ in _TAKEN for act in case.ledger.by_type.get(type_, ())):
        if act.service == "evidence" and not any(
            abs(_day(case, each) - act.day) <= timedelta(days=1) for each in seized
        ):
            yield from untold(
                case,
                "INV-23",
                act,
                "查封、扣押时在场的办案人员和见证人",
                "who was there when it was seized",
                severity="medium",
                law_ref=cites(CPL[142], MPS[229]),
            )


def _is_witnessed(told: Mapping[str, Any]) -> bool:
    """Where nobody could be a witness, the reason stands in the witness's place and the act is recorded."""
    there = [name for name in names_of(told.get("witnesses")) if not name.startswith(("无", "没有"))]
    return bool(there) or told.get("searched_present") is True or told.get("recorded") is True


def _weigh_presence(case: Case, act: Act, broken: list[Said]) -> Iterator[Finding]:
    return weigh(
        case,
        "INV-23",
        act,
        broken,
        (),
        severity="medium",
        law_ref=cites(CPL[118, 1], CPL[139], CPL[142], MPS[229]),
        repair="作出书面说明；不能合理解释的，该证据可能被排除",
    )


def rights_are_told_first(case: Case) -> Iterator[Finding]:
    """INV-30 第一次讯问时告知诉讼权利。"""
    first: dict[str, Act] = {}
    for act in case.ledger.by_type.get(_RECORD, ()):
        first.setdefault(act.subject, act)
    law_ref = cites(CPL[34, 2], MPS[43, 1], SPP[40, 1])
    for act in first.values():
        was_told = case.ledger.told(act).get("rights_told")
        yield from weigh(
            case,
            "INV-30",
            act,
            [("第一次讯问没有告知诉讼权利", "the rights were not told at the first interrogation")]
            * (was_told is False),
            [("第一次讯问时是否告知诉讼权利", "whether the rights were told")] * (was_told is None),
            law_ref=law_ref,
            repair="立即告知，并注明逾期",
        )
    for act in _only_noted(case):
        if first.setdefault(act.subject, act) is act:
            said = "第一次讯问时是否告知诉讼权利，只登记已经讯问"
            yield from untold(case, "INV-30", act, said, "whether the rights were told", law_ref=law_ref)
