"""The pages of `docs/law`: of each procedure its text, its picture, its limits and its documents; and the index.

Adds nothing to the law and leaves nothing out; the same law always gives the same bytes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from services.kernel.code import Code
from services.kernel.papers import ISSUERS
from services.kernel.period import Extension, Mode, Roll
from services.kernel.procedure import Limit, Procedure
from services.law.diagram import diagram
from services.law.reading import KINDS_ZH, SORTS, SORTS_ZH, Provision, Reader, Reading, cited, read, runs, spelt_out

_ROLL = {Roll.ROLL: "顺延", Roll.NEVER: "不顺延", Roll.ONLY_IF_NOT_DETAINED: "在押的不顺延"}
_CUSTODY = {"none": "—", "always": "羁押期限", "if_detained": "在押的为羁押期限"}
#: Issuers in the catalogue that are no organ of the law.
_ISSUERS: Mapping[str, str] = {"appraiser": "鉴定人", "transferor_and_receiver": "移送机关和接收机关"}
#: What the catalogue says of papers that no article asks for by name.
_FORMS = ((r"2024 form (\d+)", r"2024年式样第\1号"), ("form list", "文书式样目录"), (r"known(?: \(.*\))?", "通行文书"))
_KEY = (
    "方框为状态，双框为终结；箭头上为步骤，框内的步骤不改变状态；颜色为机关，灰线为几个机关，数字为条文序号。"
    "打开图片，指向步骤可见条文全文。"
)


def files(procedures: Sequence[type[Procedure]], code: Code) -> Iterator[tuple[str, str]]:
    """Name and text of everything in the folder: a page and a picture of each procedure, and the index."""
    readings = []
    for procedure in procedures:
        drawn = diagram(procedure, code)
        readings.append(drawn.reading)
        yield f"{drawn.reading.name}.svg", drawn.svg
        yield f"{drawn.reading.name}.md", page(procedure, code)
    yield "README.md", index(procedures, readings)


def page(procedure: type[Procedure], code: Code) -> str:
    """One procedure."""
    reading, reader = read(procedure, code), Reader(procedure, code)
    listed = (f"{each.number}. {each.text} `{each.name}`" for each in reading.provisions)
    numbers = {each.name: each for each in reading.provisions}
    picture = f"{reading.name}.svg"
    parts = [
        f"# {reading.title}",
        "\n\n".join(reading.preamble),
        "[条文](#条文) · [状态图](#状态图) · [期限](#期限) · [文书](#文书) · [全部程序](README.md)",
        "## 条文",
        "\n".join(listed),
        "## 状态图",
        _KEY,
        f"[![{reading.title}状态图]({picture})]({picture})",
        "## 期限",
        _table(
            ("条", "名称", "期限", "机关", "对象", "起算", "延长", "节假日", "在押", "届满后果", "依据", "执行"),
            [_limit(limit, reader, numbers[limit.name]) for limit in procedure.limits()],
        ),
        "## 文书",
        _table(("文书", "制作机关", "步骤", "必备", "依据"), list(_papers(procedure, code, reader, numbers))),
    ]
    return "\n\n".join(parts) + "\n"


def index(procedures: Sequence[type[Procedure]], readings: Sequence[Reading]) -> str:
    """The page that lists the pages of all procedures, with how many provisions of each kind they have."""
    rows: list[Sequence[str]] = []
    for procedure, reading in zip(procedures, readings, strict=True):
        zh = reading.title.replace(f"（{procedure.id}）", "")
        rows.append(
            (
                procedure.id,
                f"[{zh}]({reading.name}.md)",
                f"[图]({reading.name}.svg)",
                *(str(each) for each in (len(reading.provisions), *reading.counts.values())),
                f"`{reading.name}`",
            )
        )
    current = [each.counts for procedure, each in zip(procedures, readings, strict=True) if procedure.until is None]
    total = [sum(counts[sort] for counts in current) for sort in SORTS_ZH]
    rows.append(("", "合计（现行）", "", *map(str, (sum(total), *total)), ""))
    return "\n".join(
        [
            "# 法律",
            "",
            "本目录是系统所执行的法律，由 `services/law/` 逐条读出：每一程序一页，有条文、状态图、期限表和文书表。",
            "",
            _table(
                (
                    "编号",
                    "程序",
                    "状态图",
                    "条文",
                    *(f"{KINDS_ZH[SORTS[sort]]}的{zh}" for sort, zh in SORTS_ZH.items()),
                    "名称",
                ),
                rows,
            ),
            "",
            "没有步骤表明的起算、履行和延长，由有关机关登记（诉讼事项登记）；〔只登记〕的期限没有日数；〔不编码〕的条文已经读过，",
            "写明不由系统执行的理由。各条之后是步骤、期限在接口中的名称，期限可以用",
            "`singletrack law due 名称 --from 日期` 计算；`singletrack law coverage --list` 列出每一条属于哪一种。",
            "",
            "这些页面由 `python -m services.law --write-docs docs/law` 生成，不要手改；修改法律，改 `services/law/`。",
            "",
        ]
    )


def _limit(limit: Limit, reader: Reader, provision: Provision) -> tuple[str, ...]:
    period, number = limit.period, bool(limit.period and not limit.period.at_once)
    length = period.zh if period else "没有数字"
    length = length.replace("日", "个工作日") if limit.working_days else length
    length = f"写明的{limit.stated}" if limit.stated else length
    when = f"（{limit.when.zh}的）" if limit.when else ""
    roll = "提前" if limit.before and period and not period.hours else _ROLL[limit.roll]
    return (
        str(provision.number),
        f"{spelt_out(limit.zh)}{when}<br>`{limit.name}`",
        f"{'以前' if limit.before else ''}{length}",
        limit.organ.zh,
        limit.to.zh if limit.to is not None else "—",
        reader.since(limit) + ("（向前计算）" if limit.before else ""),
        "<br>".join(map(_extension, limit.extensions)) or "—",
        roll if number else "—",
        _CUSTODY[limit.custody],
        spelt_out(limit.on_expiry) or "—",
        cited(reader.cite(limit)),
        "执行" if runs(limit) else "只登记",
    )


def _extension(extension: Extension) -> str:
    length = extension.period.zh if extension.period else "期限不定"
    said = f"{'延长至' if extension.mode is Mode.REPLACE else '延长'}{length}"
    ground = spelt_out(extension.ground)
    return said + (f"：{ground}" if ground else "")


def _papers(
    procedure: type[Procedure], code: Code, reader: Reader, numbers: Mapping[str, Provision]
) -> Iterator[tuple[str, ...]]:
    """Each document once for each manner in which steps ask for it, in the order in which they do."""
    asked: dict[tuple[str, str], list[str]] = {}
    zh = code.catalogue.zh
    for step in procedure.steps():
        papers, named = reader.rule(step).papers, f"{numbers[step.type].number} {step.zh}"
        for group in papers.groups:
            for kind in group:
                others = "、".join(f"《{zh(other)}》" for other in group if other != kind)
                asked.setdefault((kind, f"择一（或者{others}）" if others else "必备"), []).append(named)
        for kind in sorted(papers.optional, key=lambda kind: step.needs.index(zh(kind))):
            asked.setdefault((kind, "适用时"), []).append(named)
    for (kind, manner), steps in asked.items():
        document = code.catalogue.by_id[kind]
        issuer = _ISSUERS.get(document.issuer) or ISSUERS[document.issuer].zh
        yield f"{document.zh}<br>`{kind}`", issuer, "<br>".join(steps), manner, _basis(document.basis) or "—"


def _basis(text: str) -> str:
    for short, said in _FORMS:
        text = re.sub(rf"\b{short}", said, text)
    return spelt_out(re.sub(r"(?<=\d),(?=\d)", "、", text))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "（没有）"
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
