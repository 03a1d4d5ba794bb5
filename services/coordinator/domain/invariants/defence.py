"""Lawyers and pleas: whom a lawyer may defend, and what a plea statement needs. Pure."""

from collections.abc import Iterator

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, Said, cites, weigh
from services.coordinator.domain.invariants.people import MANDATES, has_flag, is_minor, names_of
from services.coordinator.domain.ledger import Act
from services.law.facts import WORDS_OF
from services.law.matters import FLAGS
from services.law.statutes import AP, CPL, MPS, SPC, SPP

_SIGN = "plea_leniency:sign"
#: The rights in a plea are told before or with these; `plead` rests on the notice itself.
_TOLD = (
    "plea_leniency:plead",
    "plea_leniency:plead_in_review",
    "prosecution_review:review",
    "plea_leniency:hear_opinions",
)
_FAST = (frozenset({"minor", "disabled", "limited_capacity"}), cites(CPL[223]), "速裁程序")
_SIMPLE = (frozenset({"disabled", "limited_capacity"}), cites(CPL[215]), "简易程序")
#: The procedures that are not for everybody: for whom not, by which provision, and what they are called.
_NOT_FOR = {
    "plea_leniency:review_fast": _FAST,
    "first_trial:open_fast": _FAST,
    "first_trial:open_simplified": _SIMPLE,
    "first_trial:convert_to_simplified": _SIMPLE,
    "admin_case:handle_fast": (frozenset({"minor", "disabled", "limited_capacity"}), cites(AP[41]), "快速办理"),
}


def lawyers_defend_one(case: Case) -> Iterator[Finding]:
    """INV-42 一名辩护律师不为同案二人辩护，也不是办案人员的近亲属。"""
    latest = {act.subject: act for act in case.ledger.of((*MANDATES, "legal_aid:refuse"))}
    standing = sorted((act for act in latest.values() if act.type in MANDATES), key=lambda act: act.order)
    defends: dict[str, str] = {}
    for act in standing:
        told = case.ledger.told(act)
        lawyers = names_of(told.get("lawyers"))
        broken: list[Said] = []
        missing: list[Said] = []
        for lawyer in lawyers:
            other = defends.setdefault(lawyer, act.subject)
            if other != act.subject:
                name = case.ledger.labels.get(other, "同案的人")
                broken.append((f"律师{lawyer}又为同案的{name}辩护", f"the lawyer also defends {other}"))
        if told.get("lawyer_is_kin") is True:
            broken.append(("律师是办案人员的近亲属", "the lawyer is kin to those who handle the case"))
        if not lawyers:
            missing.append(("律师的姓名", "who the lawyer is"))
        if told.get("lawyer_is_kin") is None:
            missing.append(("律师是否办案人员的近亲属", "whether the lawyer is kin to those who handle the case"))
        yield from weigh(
            case,
            "INV-42",
            act,
            broken,
            missing,
            severity="medium",
            law_ref=cites(MPS[43, 2], SPC[41], SPC[43]),
            repair="通知更换辩护律师",
        )


def pleas_are_witnessed(case: Case) -> Iterator[Finding]:
    """INV-41 认罪认罚具结书在告知权利、听取意见以后，由本人和辩护人或者值班律师签名；不需要签署的，有法定的情形。"""
    for act in case.ledger.by_type.get(_SIGN, ()):
        told = case.ledger.told(act)
        before = {each.type for each in case.ledger.by_subject[act.subject] if not each.follows(act)}
        broken: list[Said] = []
        missing: list[Said] = []
        for key, zh, en in (("signed", "本人", "the person"), ("lawyer_signed", "辩护人或者值班律师", "a lawyer")):
            if told.get(key) is False:
                broken.append((f"{zh}没有签名", f"not signed by {en}"))
            elif told.get(key) is None:
                missing.append((f"{zh}是否签名", f"whether {en} signed"))
        if not names_of(told.get("lawyers")):
            missing.append(("在场的辩护人或者值班律师", "which lawyer was present"))
        if before.isdisjoint(_TOLD):
            broken.append(("此前没有告知诉讼权利和认罪认罚的规定", "the rights were not told before"))
        if "plea_leniency:hear_opinions" not in before:
            broken.append(("此前没有听取意见", "the opinions were not heard before"))
        yield from _weigh_plea(case, act, broken, missing)
    for act in case.ledger.by_type.get("plea_leniency:waive_statement", ()):
        ground = case.ledger.told(act).get("unsigned_ground")
        broken = []
        if ground is not None and str(ground) not in WORDS_OF["unsigned_ground"]:
            broken.append(("所写的不是不需要签署具结书的法定情形", "no ground of the law"))
        elif ground == "minor_objection" and not is_minor(case, act.subject, act.day):
            broken.append(("以未成年人的法定代理人、辩护人有异议为由，而不是未成年人", "the person is no minor"))
        untold_of = [("不需要签署的情形", "why no statement is needed")] if ground is None else []
        yield from _weigh_plea(case, act, broken, untold_of)


def _weigh_plea(case: Case, act: Act, broken: list[Said], missing: list[Said]) -> Iterator[Finding]:
    return weigh(
        case,
        "INV-41",
        act,
        broken,
        missing,
        owner="procuratorate",
        law_ref=cites(CPL[173], CPL[174], SPP[269], SPP[272]),
        repair="不适用速裁程序；告知、听取意见以后重新签署",
    )


def not_for_everybody(case: Case) -> Iterator[Finding]:
    """INV-11 依法不适用速裁程序、简易程序、快速办理的人和案件，不得适用。"""
    for type_, (flags, law_ref, zh) in _NOT_FOR.items():
        for act in case.ledger.by_type.get(type_, ()):
            persons = case.ledger.persons if act.subject == case.ledger.case_id else [act.subject]
            why = [
                flag
                for flag in sorted(flags)
                if any(has_flag(case, person, flag) or _is_young(case, person, flag, act) for person in persons)
            ]
            broken = [(f"{FLAGS[flag]}不适用{zh}", f"not for one who is {flag}") for flag in why]
            checked = case.ledger.told(act).get("no_exclusion")
            if checked is False:
                broken.append((f"有不适用{zh}的情形", "the case is excluded"))
            missing = [(f"有无其他不适用{zh}的情形", "whether the case is excluded")] if checked is None else []
            yield from weigh(case, "INV-11", act, broken, missing, law_ref=law_ref, repair="转换程序，重新计算期限")


def _is_young(case: Case, person: str, flag: str, act: Act) -> bool:
    return flag == "minor" and is_minor(case, person, act.day)
