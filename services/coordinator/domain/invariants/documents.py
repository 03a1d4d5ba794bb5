"""Documents: one number for one text, approved by whoever may, and times that follow each other. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.coordinator.domain.finding import Finding
from services.coordinator.domain.invariants.case import Case, breach, cites, weigh
from services.coordinator.domain.ledger import Act, Row
from services.kernel.code import Code, Rule
from services.kernel.papers import Document
from services.kernel.period import local_date, read_moment
from services.kernel.who import organ_of
from services.law.statutes import CPL, MPS, SPC, SPP

#: The offices whose own step is the approval.
HEADS = frozenset(
    {
        "county_head", "superior_police", "chief", "superior_chief", "provincial", "president", "superior_court",
        "high_court", "supreme_court",
    }
)  # fmt: skip
#: The words by which the catalogue names them.
_HEADS_ZH = ("公安机关负责人", "检察长", "院长")
#: How far an organ's clock may run ahead of ours.
_SKEW = timedelta(seconds=10)
_SUMMONS = ("summons:summon", "summons:compel")


def silent(case: Case, kind: str, untold: Sequence[Row], zh: str, en: str, **more: Any) -> Iterator[Finding]:
    """What acts do not say, in one finding for each organ whose they are; it names the first of them.

    Rows whose organ still has the time to add it are left out.
    """
    late: dict[str, dict[str, Row]] = {}
    for row in _settled(case, untold):
        late.setdefault(str(row["organ"]), {})[str(row["id"])] = row
    for organ_id, rows in late.items():
        first, organ = next(iter(rows.values())), organ_of(organ_id)
        name = organ.zh if organ is not None else organ_id
        yield breach(
            case,
            kind,
            case.ledger.case_id,
            f"{name}办理的{len(rows)}件事项没有写明{zh}，首件为{first['occurred_at'][:10]}“{first['zh']}”，是否合法不明。",
            f"{len(rows)} acts of {organ_id} do not say {en}",
            status="unknown",
            owner=str(organ or "police"),
            at=str(first["occurred_at"]),
            trigger=str(first["id"]),
            repair=f"由{name}补充登记",
            **more,
        )


def _settled(case: Case, rows: Sequence[Row]) -> Iterator[Row]:
    """The rows that are settled, as `Case.settled` says of one; moments are compared as they are written."""
    waiting = set[str]()
    for row in rows:
        service = str(row["service"])
        if row["recorded_at"] <= case.settled_until.get(service, ""):
            yield row
        elif service not in waiting:  # they are in order: the first is the next to be settled
            waiting.add(service)
            case.settled(row, service)


def papers_are_unique(case: Case) -> Iterator[Finding]:
    """INV-20 文书编号唯一，签发以后不得改动，只能以另一文书撤销。"""
    seen: dict[tuple[str, str, str], str] = {}
    unnumbered = []
    for row, _, paper, document in case.ledger.documents:
        number, mark = paper.get("number"), str(paper.get("digest") or "")
        if not number:
            unnumbered.append(row)
            continue
        key = (document.id, str(number), str(paper.get("issued_on") or "")[:4])
        was = seen.get(key, "")
        if mark and was and _algorithm(mark) == _algorithm(was) and mark != was:
            yield _altered(
                case, row, f"{document.zh}（{number}）先后两次提交的内容不同。", f"{document.id} {number}: two texts"
            )
        seen[key] = was or mark
    yield from _versions(case)
    yield from silent(
        case, "INV-20", unnumbered, "文书编号", "the number of a document", severity="critical", law_ref=cites(SPP[665])
    )


def _versions(case: Case) -> Iterator[Finding]:
    """New texts of issued documents in the dossier; a new scan of the same paper is no new text."""
    items: dict[str, str] = {}
    for row in (row for row in case.ledger.rows if row["service"] == "evidence"):
        items |= {item: what["of_kind"] for item, what in row.get("created", {}).items() if "of_kind" in what}
        for item, version in row.get("version_added", {}).items():
            document = case.ledger.code.catalogue.by_id.get(items.get(item, ""))
            if document is not None and document.kind == "document" and version.get("provenance") == "native":
                yield _altered(
                    case,
                    row,
                    f"卷内已经签发的{document.zh}被换成新的文本。",
                    f"a new text of {document.id} in the dossier",
                )


def _algorithm(mark: str) -> str:
    return mark.partition(":")[0]


def _altered(case: Case, row: Row, zh: str, en: str) -> Finding:
    return breach(
        case,
        "INV-20",
        case.ledger.case_id,
        zh,
        en,
        severity="critical",
        owner=str(organ_of(str(row["organ"])) or "police"),
        law_ref=cites(SPP[665]),
        at=str(row["occurred_at"]),
        trigger=str(row["id"]),
        repair="说明理由作废，另行制作并编号，两份都保留",
    )


def papers_are_approved(case: Case) -> Iterator[Finding]:
    """INV-21 决定须附文书，并经有权的负责人批准，方可生效。"""
    code, kinds = case.ledger.code, dict[str, str]()
    unapproved = []
    for row, rule in case.ledger.taken:
        papers = row.get("documents", ())
        kinds.update([(paper["id"], paper["kind"]) for paper in papers if "id" in paper])
        if rule is None or "for" in row:
            continue
        broken = []
        if rule.papers.groups and not row.get("inferred"):
            there = {*[paper["kind"] for paper in papers], *[kinds.get(each, "") for each in row["document_ids"]]}
            missing = rule.papers.missing(frozenset(there))
            if missing:
                names = "、".join(code.catalogue.zh(group[0]) for group in missing)
                broken.append((f"没有{names}", "papers are missing"))
        if row["office"] != rule.office:
            broken.append((f"应当由{rule.office_zh}办理", f"{rule.office} takes this step"))
        for handed in papers if rule.office not in HEADS else ():
            document = code.catalogue.by_id.get(handed["kind"])
            if document is None or not needs_leave(row, rule, document):
                continue
            paper = case.ledger.completed(row, handed)
            if not (paper.get("approved_by") and paper.get("approved_on")):
                unapproved.append(row)
            elif date.fromisoformat(paper["approved_on"]) > local_date(read_moment(row["occurred_at"])):
                broken.append(
                    (f"{document.zh}于{paper['approved_on']}才批准", f"{document.id} was approved afterwards")
                )
        if broken:
            yield _unapproved(case, row, rule, broken)
    yield from silent(
        case,
        "INV-21",
        unapproved,
        "文书由谁、何时批准",
        "who approved the document, and when",
        law_ref=cites(MPS[153], SPP[4], SPC[211]),
    )


def needs_leave(row: Row, rule: Rule, document: Document) -> bool:
    """Whether a document of the acting organ needs the approval of a head, and the step itself is not a head's."""
    return (
        rule.office not in HEADS
        and document.kind == "document"
        and document.issuer == organ_of(str(row["organ"]))
        and any(head in document.approver for head in _HEADS_ZH)
    )


def _unapproved(case: Case, row: Row, rule: Rule, broken: Sequence[tuple[str, str]]) -> Finding:
    zh, en = ("；".join(each) for each in zip(*broken, strict=True))
    return breach(
        case,
        "INV-21",
        row["subjects"][0] if row["subjects"] else case.ledger.case_id,
        f"{row['occurred_at'][:10]}“{rule.zh}”：{zh}。",
        f"{rule.type}: {en}",
        owner=str(organ_of(str(row["organ"])) or "police"),
        law_ref=rule.law_ref,
        at=str(row["occurred_at"]),
        trigger=str(row["id"]),
        repair="停止执行；依法可以事后批准的，补办批准手续，不能补办的，撤销",
    )


def times_follow(case: Case) -> Iterator[Finding]:
    """INV-44 时间前后一致：先签发后执行、送达，先移送后接收，没有将来的事，到案时间由本人填写。"""
    lines = case.ledger.code.lines
    latest: dict[tuple[str, str], tuple[date, str]] = {}
    named: set[str] = set()
    for act in case.ledger.acts:
        is_first = act.transition_id not in named
        named.add(act.transition_id)
        broken, untold = _times(case, act) if is_first else ([], [])
        procedure = act.type.partition(":")[0]
        if procedure in lines and not act.row.get("inferred"):
            key = (act.subject, procedure)
            day, step = latest.get(key, (act.day, ""))
            if act.day < day:
                broken.append((f"早于此前的“{step}”（{day}）", f"before the step that it follows ({day})"))
            else:
                latest[key] = (act.day, str(act.row["zh"]))
        if broken or untold:
            yield from weigh(
                case,
                "INV-44",
                act,
                broken,
                untold,
                law_ref=cites(CPL[119], SPP[83]),
                repair="以附签名的说明更正，原记录保留",
            )
    undated = [row for row, _, paper, _ in case.ledger.documents if not paper.get("issued_on")]
    yield from silent(case, "INV-44", undated, "文书的制作日期", "when a document was issued", law_ref=cites(SPP[83]))


def _times(case: Case, act: Act) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What an act says of its times that cannot be, and what it does not say."""
    broken, facts = list[tuple[str, str]](), case.ledger.told(act)
    if act.moment is not act.recorded and _is_ahead(act):
        broken.append(("发生在登记以后", "recorded before it happened"))
    for handed in act.row.get("documents", ()):
        paper = case.ledger.completed(act.row, handed)
        issued, served = paper.get("issued_on"), paper.get("served_on")
        if issued and issued > act.day.isoformat() and _is_document(case.ledger.code, paper):
            broken.append((f"所附文书{issued}才制作", f"its document was issued {issued}"))
        if issued and served and served < issued:
            broken.append((f"文书{served}送达，早于制作", f"served {served}, before it was issued"))
    if "ended_at" in facts and _is_before(facts["ended_at"], facts.get("started_at")):
        broken.append(("结束早于开始", "it ended before it began"))
    if act.type not in _SUMMONS:
        return broken, []
    if facts.get("signed") is False:
        broken.append(("到案时间不是由本人填写", "the time of arrival was not written by the person"))
    told = facts.get("arrived_at") is not None and facts.get("signed") is not None
    return broken, [] if told else [("到案时间和本人签名", "the time of arrival and that the person wrote it")]


def _is_ahead(act: Act) -> bool:
    """Whether an act was recorded before it happened."""
    return act.moment > act.recorded + _SKEW if isinstance(act.moment, datetime) else act.day > local_date(act.recorded)


def _is_document(code: Code, paper: Mapping[str, Any]) -> bool:
    document = code.catalogue.by_id.get(paper.get("kind", ""))
    return document is not None and document.kind == "document"


def _is_before(one: Any, other: Any) -> bool:
    """Whether one moment is before another, as far as both are stated and of one kind."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    first, second = read_moment(one), read_moment(other)
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first < second
    return local_date(first) < local_date(second)
