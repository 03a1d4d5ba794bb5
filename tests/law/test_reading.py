"""印出的法律就是审定的法律：每一程序的中文与 golden/ 一致，docs/law/ 与之同步。

After a change of the law: `python -m services.law --write-golden tests/law/golden --write-docs docs/law`, and read the
Chinese.
"""

import re
from pathlib import Path

import pytest

from services.kernel.procedure import Limit, Remark, Step
from services.law import CODE, PROCEDURES
from services.law.__main__ import ALL, main
from services.law.page import page
from services.law.reading import KEPT_ONLY, NOT_ENCODED, cited, key, read, runs, spelt_out
from services.law.statutes import CPL, SPP

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parents[2] / "docs" / "law"
VOCABULARY = Path(__file__).parent / "vocabulary.txt"


@pytest.mark.parametrize("edition", ALL, ids=key)
def test_the_printed_text_is_the_approved_text(edition):
    """审定的是中文。"""
    approved = (GOLDEN / f"{key(edition)}.txt").read_text(encoding="utf-8")

    assert read(edition, CODE).text == approved


def test_the_documentation_is_fresh(tmp_path):
    """文档由法律生成，一字不差，没有多余的文件。"""
    main(["--write-docs", str(tmp_path)])
    written, kept = ({path.name: path.read_text(encoding="utf-8") for path in at.iterdir()} for at in (tmp_path, DOCS))

    assert (
        kept.keys()
        == written.keys()
        == {f"{key(each)}.{kind}" for each in ALL for kind in ("md", "svg")} | {"README.md"}
    )
    assert [name for name in written if kept[name] != written[name]] == []


def test_no_approved_text_is_left_over():
    """没有多余的文本。"""
    assert {path.stem for path in GOLDEN.iterdir()} == {key(each) for each in ALL}


def test_a_page_has_every_limit_and_every_document(procedure):
    """期限表和文书表不缺一项。"""
    text = page(procedure, CODE)
    limits, documents = text.split("## 期限\n")[1].split("## 文书\n")
    known = {kind for step in procedure.steps() for kind in CODE.rules[step.type].papers.known}

    assert re.findall(r"<br>`(\w+)` \|", limits) == [limit.name for limit in procedure.limits()]
    assert set(re.findall(r"<br>`(\w+)` \|", documents)) == known
    assert limits.count("| 只登记 |") == sum(not runs(limit) for limit in procedure.limits())
    assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"<br>|`\w+`", "", limits + documents))


def test_every_provision_is_read_in_order(procedure):
    """逐条读出，次序不变。"""
    names = [
        member.type if isinstance(member, Step) else getattr(member, "name", f"{procedure.name}.{name}")
        for name, member in vars(procedure).items()
        if isinstance(member, Step | Limit | Remark) or name in {ban.name for ban in procedure.bans()}
    ]
    provisions = read(procedure, CODE).provisions

    assert [each.name for each in provisions] == names
    assert [each.number for each in provisions] == list(range(1, len(names) + 1))


def test_chinese_throughout(procedure):
    """标点用中文；除编号外没有外文。"""
    text = read(procedure, CODE).text.replace(f"（{procedure.id}）", "", 1)

    assert not re.findall(r"[,;:?!()<>\"'`]", text)
    assert not re.findall(r"。。|，。|；。|，，|、、|（）", text)
    assert not re.findall(r"[A-Za-z]+", text)


def test_marks(procedure):
    """〔只登记〕的期限和〔不编码〕的条文都有标记和理由。"""
    for provision in read(procedure, CODE).provisions:
        limit = CODE.limits.get(provision.name)

        assert (KEPT_ONLY in provision.text) == (limit is not None and not runs(limit))
        assert (NOT_ENCODED in provision.text) == (provision.voice == "remark")
        assert not provision.text.endswith((KEPT_ONLY, NOT_ENCODED))


def test_release_after_refusal():
    """不批准逮捕后，在押的，公安机关应当立即释放（刑事诉讼法第九十一条第三款）。"""
    provisions = {each.name: each.text for each in read(CODE.procedures["arrest_review"], CODE).provisions}

    assert provisions["non_approval_release"].startswith(
        "【不批准逮捕后释放】不批准逮捕后，在押的，公安机关应当立即释放，或者变更为取保候审或者监视居住，或者复议、复核期间释放。"
    )
    assert provisions["arrest_review:approve"] == (
        "人民检察院检察长可以在“已受理”时批准逮捕，须有《批准逮捕决定书》，适用时并附《继续侦查提纲》；此后为“批准逮捕”。"
        "条件：符合逮捕条件。（刑事诉讼法第九十条；人民检察院刑事诉讼规则第二百八十四条）"
    )


def test_citations_are_joined():
    """同一法律、同一条、同一款只写一次。"""
    assert cited((CPL[91, 1], CPL[91, 2], CPL[93], SPP[282])) == (
        "刑事诉讼法第九十一条第一款、第二款、第九十三条；人民检察院刑事诉讼规则第二百八十二条"
    )
    assert cited((CPL[236, 1, 2], CPL[236, 1, 3])) == "刑事诉讼法第二百三十六条第一款第二项、第三项"
    assert cited((CPL[163], CPL[163, 2])) == "刑事诉讼法第一百六十三条、第二款"


@pytest.mark.parametrize(
    ("short", "said"),
    [
        ("释放（CPL 98、99）", "释放（刑事诉讼法第九十八条、第九十九条）"),
        ("CPL 91.2", "刑事诉讼法第九十一条第二款"),
        ("SPP 552-554、564", "人民检察院刑事诉讼规则第五百五十二条至第五百五十四条、第五百六十四条"),
        ("CPL 158 四类", "刑事诉讼法第一百五十八条四类"),
        ("SL15 二(2)", "公安部关于改革完善受案立案制度的意见二（2）"),
        ("死刑/附带民事诉讼", "死刑、附带民事诉讼"),
        ("没有引用", "没有引用"),
    ],
)
def test_short_references_are_spelt_out(short, said):
    """说明中的简称写成全称。"""
    assert spelt_out(short) == said


def test_names_are_for_ever():
    """程序、状态、步骤的名称只增不改：旧案按名称重放。"""
    written = VOCABULARY.read_text(encoding="utf-8").split("\n")
    known = [line for line in written if line and not line.startswith("#")]
    ours = [
        line
        for procedure in PROCEDURES
        for line in (
            f"procedure {procedure.name}",
            *(f"state {procedure.name}:{state.name}" for state in procedure.states()),
            *(f"step {step.type}" for step in procedure.steps()),
        )
    ]

    gone = [line for line in known if line not in ours]
    new = [line for line in ours if line not in known]
    assert not gone, f"names are for ever: {gone}"
    assert not new, "write these at the end of vocabulary.txt:\n" + "\n".join(new)
    assert len(known) == len(set(known))


def test_the_command_prints_and_writes(tmp_path, capsys):
    """`python -m services.law`。"""
    main(["P09"])
    main(["summons", "--write-golden", str(tmp_path)])

    assert capsys.readouterr().out == read(CODE.procedures["arrest_review"], CODE).text
    assert {path.name for path in tmp_path.iterdir()} == {"summons.txt"}
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "there are case_intake" in capsys.readouterr().err
