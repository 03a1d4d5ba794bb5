"""Packages: a list of files and goods that one organ seals and another accepts. Pure.

Sealing fixes the list as a manifest with a digest of its own; whoever accepts says which digest arrived. Control of the
goods moves with the acceptance and not before, and the step of the law that this is, moves with it in the same row.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.evidence.domain.dossiers import RECORDER, organ_named, subject
from services.kernel.code import Rule
from services.kernel.errors import (
    DigestMismatch,
    OutOfOrder,
    PapersMissing,
    Refused,
    SealedPackage,
    Unfounded,
    WrongOrgan,
)
from services.kernel.procedure import Procedure, Remark, State
from services.kernel.record import Head, TakeStep
from services.kernel.record import State as CaseState
from services.kernel.transition import digest, new_id
from services.kernel.who import HANDLING, Organ, organ_of
from services.law import CODE

#: The step of the law that the acceptance of goods is, by the organs that give and take. Between two organs of one kind
#: (管辖变更), and from court to police for execution, the law knows no step of the goods: only control moves.
HANDED_OVER_BY: Mapping[tuple[Organ | None, Organ | None], str] = {
    (Organ.POLICE, Organ.PROCURATORATE): "property_flow:transfer_to_procuratorate",
    (Organ.PROCURATORATE, Organ.COURT): "property_flow:transfer_to_court",
    (Organ.PROCURATORATE, Organ.POLICE): "property_flow:return_to_police",
    (Organ.COURT, Organ.PROCURATORATE): "property_flow:return_to_procuratorate",
}
#: The rungs of the receipt ladder, by the step that reaches each.
RUNGS = {
    "seal": ("sealed", "已封装"),
    "reseal": ("sealed", "已封装"),
    "offer": ("delivered", "已送达"),
    "inspect": ("signed_in", "已签收清点"),
    "accept": ("accepted", "已接收"),
    "accept_with_reservations": ("accepted_with_reservations", "附保留接收"),
    "return": ("returned", "已退回"),
    "withdraw": ("withdrawn", "已撤回"),
    "expire": ("expired", "已逾期"),
}
#: Why a package is returned, or what is reserved on accepting it.
REASONS = {
    "incomplete": "材料不全",
    "digest_mismatch": "摘要不符",
    "list_mismatch": "清单与实物不符",
    "papers_missing": "缺少法定文书",
    "unreadable": "内容无法读取",
    "damaged": "财物毁损",
    "not_competent": "不属本机关管辖",
    "other": "其他",
}
_SEALED = frozenset({"sealed", "offered", "inspected"})
_OPEN = frozenset({"drafted", "returned"})
#: The steps at which the goods on the list must be able to leave.
_LEAVES = frozenset({"seal", "reseal", "offer"})
_LISTED_OF_PROPERTY = ("kind", "count", "value", "features", "place", "owner")


class PackageRecord(Procedure):
    """移送包登记"""

    id = "R06"
    name = "package_record"
    zh = "移送包登记"
    kept_by = "evidence"
    line = "case"
    in_force = date(2018, 10, 26)

    kept = State("已建台账", initial=True)

    draft = RECORDER.may("拟移送", at=kept, to=kept, ids="R06.01", cite=())
    revise = RECORDER.may("改动拟移送的清单", at=kept, to=kept, ids="R06.02", cite=())

    no_statute = Remark("移送清单的草拟", why="法律从移送开始；拟制清单是移送机关的内部工作")


def drafted(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The package that comes into being. Raises: Unfounded for a list, or a receiver, that cannot be."""
    to_organ = str(command.facts["to_organ"])
    if organ_named(to_organ, "/to_organ") not in HANDLING or to_organ == command.actor.organ_id:
        raise Unfounded(
            "移送包的接收机关须为另一公安机关、人民检察院或者人民法院。",
            "a package goes to another police organ, procuratorate or court",
            errors=[{"pointer": "/to_organ", "code": "not_receiver"}],
        )
    package = {
        "kind": "package",
        "title": command.facts.get("title", ""),
        "from": command.actor.organ_id,
        "to": to_organ,
        **_list(head, command),
    }
    return {"created": {new_id("pkg"): package}}


def revised(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The list written anew. Raises: SealedPackage once it is sealed; WrongOrgan for anyone but the sender."""
    package_id = str(command.facts["package_id"])
    package = subject(head.state, package_id, "package", "/package_id")
    if package["from"] != command.actor.organ_id:
        raise WrongOrgan("清单只能由移送机关改动。", "only the sender may change the list")
    if _stands(head.state, package_id) not in _OPEN:
        raise SealedPackage(
            "移送包已经封装，清单不得改动。",
            "the list of a sealed package stays as it is",
            cure="撤回后另行拟制，或者待接收机关退回后改动。",
            params={"package_id": package_id},
        )
    return {"revised": {package_id: _list(head, command)}}


def sealed(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest, fixed from here on, and its digest."""
    package_id, package = _package(head, body)
    manifest = _manifest(head, package_id, package)
    mark = digest("sm3", canonical(manifest))
    return {"manifest": manifest, "digest": mark, "receipt": _receipt(command, package_id, package, mark)}


def offered(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The receiver, who sees the case from now on.

    Raises: Unfounded for another receiver than the draft's; PapersMissing where goods go without their lists.
    """
    package_id, package = _package(head, body)
    if command.to_organ not in {"", package["to"]}:
        raise Unfounded(
            "接收机关与拟移送时不一致。",
            "another receiver than the draft's",
            errors=[{"pointer": "/to_organ", "code": "not_receiver"}],
        )
    _check_papers(command, package)
    return {
        "to_organ": package["to"],
        "organs": {organ_named(package["to"], "/to_organ").value: package["to"]},
        "digest": package["sealed"]["digest"],
        "receipt": _receipt(command, package_id, package, package["sealed"]["digest"]),
    }


def inspected(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Signed in. A digest that is stated must be the one that was sealed. Raises: DigestMismatch."""
    package_id, package = _package(head, body)
    if "digest" in command.facts:
        _check_digest(command, package)
    return {"receipt": _receipt(command, package_id, package, package["sealed"]["digest"])}


def accepted(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Control moves to the receiver, with the step of the law that this is for the goods.

    Raises: DigestMismatch unless the receiver states the digest that was sealed; Unfounded for reservations not coded.
    """
    package_id, package = _package(head, body)
    _check_digest(command, package)
    receipt = _receipt(command, package_id, package, package["sealed"]["digest"])
    if command.type.endswith(":accept_with_reservations"):
        receipt["reservations"] = _codes(command, "reservations")
    control = dict.fromkeys(package["property_items"], package["to"])
    if package["dossier_items"]:
        control[head.case_id] = package["to"]
    return {
        "moves": [*body["moves"], *_moves_of_goods(head, package)],
        "control": control,
        "digest": package["sealed"]["digest"],
        "receipt": receipt,
    }


def returned(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Why the package goes back. Raises: Unfounded without a coded reason."""
    package_id, package = _package(head, body)
    receipt = _receipt(command, package_id, package, package["sealed"]["digest"])
    return {"receipt": {**receipt, "reasons": _codes(command, "reasons")}}


def ended(head: Head, command: TakeStep, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Withdrawn, or expired: nothing has moved."""
    package_id, package = _package(head, body)
    return {"receipt": _receipt(command, package_id, package, package.get("sealed", {}).get("digest", ""))}


def fold(state: CaseState, body: Mapping[str, Any]) -> None:
    """The drafter holds a new package; lists, seals and receipts stand with it."""
    created = [thing for thing, what in body.get("created", {}).items() if what["kind"] == "package"]
    if created:
        state["holder"] = {**state.get("holder", {}), **dict.fromkeys(created, body["organ"])}
    changed: dict[str, dict[str, Any]] = dict(body.get("revised", {}))
    if "receipt" in body:
        rung = {**body["receipt"], "organ": body["organ"], "at": body["recorded_at"]}
        package_id = rung.pop("package_id")
        changed[package_id] = {"receipts": [*state["subjects"][package_id].get("receipts", []), rung]}
        if "manifest" in body:
            changed[package_id]["sealed"] = {"seq": body["seq"], "digest": body["digest"]}
    if changed:
        subjects = state["subjects"]
        state["subjects"] = {**subjects, **{thing: {**subjects[thing], **new} for thing, new in changed.items()}}


def package_of(state: CaseState, item_id: str) -> str | None:
    """The sealed package on whose list a piece of property stands."""
    return next(
        (
            thing
            for thing, what in state.get("subjects", {}).items()
            if what["kind"] == "package" and item_id in what["property_items"] and _stands(state, thing) in _SEALED
        ),
        None,
    )


def papers_of_goods(package: Mapping[str, Any]) -> Rule | None:
    """The step of the law under which the goods on a list go, whose papers the offer needs; None where none go."""
    step = HANDED_OVER_BY.get((organ_of(package["from"]), organ_of(package["to"])))
    return CODE.rules[step] if step and package["property_items"] else None


def hindrance(head: Head, rule: Rule, package_id: str) -> Refused | None:
    """Why a package may not leave with the goods on its list, if so.

    Another organ controls them, they stand on another list, or the law does not let them go from where they stand.
    """
    if rule.type.partition(":")[2] not in _LEAVES:
        return None
    package = head.state["subjects"][package_id]
    step = HANDED_OVER_BY.get((organ_of(package["from"]), organ_of(package["to"])))
    for item_id in package["property_items"]:
        if head.state["control"][item_id] != package["from"]:
            return WrongOrgan(
                "所列财物不由本机关控制。",
                "another organ controls an item on the list",
                errors=[{"pointer": "/property_items", "code": "not_in_control", "params": {"item_id": item_id}}],
            )
        holding = package_of(head.state, item_id)
        if holding not in {None, package_id}:
            return SealedPackage(
                "所列财物已列入另一封装的移送包。",
                "an item stands on another sealed list",
                params={"package_id": holding},
            )
        now = _goods_stand(head.state, item_id)
        if step and now not in CODE.rules[step].at:
            states = CODE.lines["property_flow"].states_zh
            return OutOfOrder(
                f"所列财物处于“{states[now]}”，“{CODE.rules[step].zh}”须在"
                f"{'、'.join(f'“{states[at]}”' for at in CODE.rules[step].at)}时办理。",
                f"{step} begins at {', '.join(CODE.rules[step].at)}; an item stands at {now}",
                law_ref=CODE.rules[step].law_ref,
                errors=[
                    {"pointer": "/property_items", "code": "not_ready", "params": {"item_id": item_id, "state": now}}
                ],
            )
    return None


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """The one text of a manifest that its digest is of: keys sorted, no spaces, UTF-8. It holds no fractions."""
    return json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _package(head: Head, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    (package_id,) = body["subjects"]
    return package_id, head.state["subjects"][package_id]


def _stands(state: CaseState, package_id: str) -> str:
    now: list[str] = state.get("lines", {}).get(package_id, {}).get("package_handover", ["drafted"])
    return now[0]


def _list(head: Head, command: TakeStep) -> dict[str, Any]:
    files, goods = command.facts.get("dossier_items", []), command.facts.get("property_items", [])
    if not files and not goods:
        raise Unfounded(
            "移送包不得为空。", "a package holds something", errors=[{"pointer": "/dossier_items", "code": "empty"}]
        )
    if len({file["item_id"] for file in files}) != len(files) or len(set(goods)) != len(goods):
        raise Unfounded(
            "清单中有重复。", "the list repeats itself", errors=[{"pointer": "/dossier_items", "code": "repeated"}]
        )
    for file in files:
        item = subject(head.state, file["item_id"], "dossier_item", "/dossier_items")
        if file.get("version", 1) > len(item["versions"]):
            raise Unfounded(
                "所列的版本不存在。",
                "no such version",
                errors=[{"pointer": "/dossier_items", "code": "no_such_version"}],
            )
    for item_id in goods:
        subject(head.state, item_id, "item", "/property_items")
    return {"dossier_items": files, "property_items": goods}


def _check_papers(command: TakeStep, package: Mapping[str, Any]) -> None:
    rule = papers_of_goods(package)
    if rule is None:
        return
    missing = rule.papers.missing(frozenset([*(paper["kind"] for paper in command.documents), *command.known.values()]))
    if missing:
        names = "；".join("或者".join(CODE.catalogue.zh(kind) for kind in group) for group in missing)
        raise PapersMissing(
            f"随案移送财物还缺少：{names}。",
            f"{rule.type} needs papers that were not handed in",
            law_ref=rule.law_ref,
            cure=f"补充{names}后再次提交。",
            errors=[
                {
                    "pointer": "/documents",
                    "code": "missing_document",
                    "params": {"kind": group[0], "any_of": list(group)},
                }
                for group in missing
            ],
        )


def _check_digest(command: TakeStep, package: Mapping[str, Any]) -> None:
    stated = command.facts.get("digest")
    if stated != package["sealed"]["digest"]:
        raise DigestMismatch(
            "收到的移送包摘要与封装时不符。" if stated else "须写明收到的移送包的摘要（facts.digest）。",
            "the digest stated is not the one that was sealed",
            cure="重新计算收到的清单的摘要；仍不相符的，以digest_mismatch退回。",
            available=["package_handover:return"],
            errors=[{"pointer": "/facts/digest", "code": "digest_mismatch" if stated else "missing"}],
        )


def _codes(command: TakeStep, name: str) -> list[str]:
    codes = command.facts.get(name)
    if not isinstance(codes, list) or not codes or any(code not in REASONS for code in codes):
        raise Unfounded(
            f"须写明理由代码（facts.{name}）：{'、'.join(f'{code}（{zh}）' for code, zh in REASONS.items())}。",
            f"facts.{name} must list at least one of {', '.join(REASONS)}",
            errors=[{"pointer": f"/facts/{name}", "code": "no_such_reason", "params": {"any_of": list(REASONS)}}],
        )
    return [str(code) for code in codes]


def _receipt(command: TakeStep, package_id: str, package: Mapping[str, Any], mark: str) -> dict[str, Any]:
    stage, zh = RUNGS[command.type.partition(":")[2]]
    return {
        "package_id": package_id,
        "stage": stage,
        "zh": zh,
        "digest": mark,
        "from": package["from"],
        "to": package["to"],
    }


def _manifest(head: Head, package_id: str, package: Mapping[str, Any]) -> dict[str, Any]:
    state = head.state
    return {
        "case_id": head.case_id,
        "package_id": package_id,
        "from": package["from"],
        "to": package["to"],
        "title": package["title"],
        "files": [_file(state, order, listed) for order, listed in enumerate(package["dossier_items"], 1)],
        "property": [_goods(state, order, item_id) for order, item_id in enumerate(package["property_items"], 1)],
    }


def _file(state: CaseState, order: int, listed: Mapping[str, Any]) -> dict[str, Any]:
    item = state["subjects"][listed["item_id"]]
    version = dict(item["versions"][listed.get("version", len(item["versions"])) - 1])
    return {
        "order": order,
        "item_id": listed["item_id"],
        "volume": item["volume"],
        "title": item["title"],
        "kind": item["of_kind"],
        **version,
    }


def _goods(state: CaseState, order: int, item_id: str) -> dict[str, Any]:
    facts = state["subjects"][item_id]["facts"]
    return {
        "order": order,
        "item_id": item_id,
        "state": _goods_stand(state, item_id),
        **{name: facts[name] for name in _LISTED_OF_PROPERTY if name in facts},
        **state["whereabouts"].get(item_id, {}),
    }


def _goods_stand(state: CaseState, item_id: str) -> str:
    now: list[str] = state.get("lines", {}).get(item_id, {}).get("property_flow", [CODE.lines["property_flow"].initial])
    return now[0]


def _moves_of_goods(head: Head, package: Mapping[str, Any]) -> list[dict[str, Any]]:
    step = HANDED_OVER_BY.get((organ_of(package["from"]), organ_of(package["to"])))
    if step is None:
        return []
    rule = CODE.rules[step]
    moves = []
    for item_id in package["property_items"]:
        now = _goods_stand(head.state, item_id)
        assert now in rule.at, "goods on a sealed list do not move"
        moves.append(
            {
                "subject": item_id,
                "procedure": rule.procedure,
                "step": step.partition(":")[2],
                "id": rule.at[now],
                "from": now,
                "to": rule.to,
                "carried": True,
                **({"decides": True} if rule.decides else {}),
            }
        )
    return moves
