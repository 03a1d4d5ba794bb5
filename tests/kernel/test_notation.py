"""The notation in which the law is written: papers, citations, and every way of writing the law wrongly."""

from datetime import date

import pytest

from services.kernel.code import Code, LawError
from services.kernel.papers import Catalogue, Document, Papers
from services.kernel.period import Extension, Mode, days, months
from services.kernel.procedure import (
    ANEW,
    STAY,
    Limit,
    Office,
    Procedure,
    Remark,
    State,
    Steps,
    add,
    lasts,
    may_within,
    must,
    must_not,
    open_ended,
    step_refs,
    up_to,
)
from services.kernel.statute import Edition, chinese
from services.kernel.who import Organ, organ_of

CHIEF = Office(Organ.PROCURATORATE, "chief", "检察长")
LAW = Edition("LAW", "中华人民共和国示例法", date(2018, 10, 26))
CATALOGUE = Catalogue(
    Document("receipt", "批准/不批准逮捕决定执行回执", "police", "receipt"),
    Document("approval", "批准逮捕决定书", "procuratorate", "document"),
    Document("refusal", "不批准逮捕决定书", "procuratorate", "document"),
    Document("ruling", "刑事裁定书（驳回上诉、抗诉，维持原判）", "court", "document"),
    Document("list", "清单", "police", "list"),
    Document("seal_list", "查封/解除查封清单", "police", "list"),
    Document("seal", "查封", "police", "document"),
)


def procedure(name: str = "example", **members: object) -> type[Procedure]:
    """A procedure with one state and one step, and whatever else is given."""
    first = State("开始", initial=True)
    usual: dict[str, object] = {
        "id": "P00",
        "name": name,
        "zh": "示例",
        "in_force": date(2018, 10, 26),
        "first": first,
        "act": CHIEF.may("办理", at=first, to=first, ids="P00.T01", cite=LAW[1]),
    }
    return type(name.title(), (Procedure,), usual | members)


@pytest.mark.parametrize(
    ("sentence", "groups", "optional"),
    [
        ("", (), ()),
        ("批准逮捕决定书", (("approval",),), ()),
        ("批准逮捕决定书、清单", (("approval",), ("list",)), ()),
        ("批准逮捕决定书/不批准逮捕决定书", (("approval", "refusal"),), ()),
        ("清单、批准逮捕决定书/不批准逮捕决定书、查封", (("list",), ("approval", "refusal"), ("seal",)), ()),
        ("批准逮捕决定书、[清单]", (("approval",),), ("list",)),
        ("[清单、查封]", (), ("list", "seal")),
        ("[清单]、批准逮捕决定书", (("approval",),), ("list",)),
    ],
)
def test_papers(sentence, groups, optional):
    """`、` together, `/` either, `[ ]` only if it applies."""
    assert CATALOGUE.read(sentence) == Papers(groups, frozenset(optional))


@pytest.mark.parametrize(
    ("sentence", "groups"),
    [
        ("批准/不批准逮捕决定执行回执", (("receipt",),)),
        ("查封/解除查封清单", (("seal_list",),)),
        ("查封/清单", (("seal", "list"),)),
        ("查封、查封/解除查封清单/清单", (("seal",), ("seal_list", "list"))),
        ("刑事裁定书（驳回上诉、抗诉，维持原判）、清单", (("ruling",), ("list",))),
        ("批准逮捕决定书/批准/不批准逮捕决定执行回执", (("approval", "receipt"),)),
    ],
)
def test_papers_whose_names_contain_the_signs(sentence, groups):
    """The longest name that fits is read; a name is never split."""
    assert CATALOGUE.read(sentence).groups == groups


def test_papers_missing_and_known():
    """Each group asks for one of its kinds."""
    papers = CATALOGUE.read("清单、批准逮捕决定书/不批准逮捕决定书、[查封]")

    assert papers.missing(frozenset()) == [("list",), ("approval", "refusal")]
    assert papers.missing(frozenset({"refusal", "list"})) == []
    assert papers.known == {"list", "approval", "refusal", "seal"}
    assert Papers().known == frozenset()


@pytest.mark.parametrize("sentence", ["起诉书", "批准逮捕决定书、起诉书", "批准逮捕决定书，清单", "批准逮捕决定书 "])
def test_papers_that_no_catalogue_has(sentence):
    """The place where nothing fits is named."""
    with pytest.raises(ValueError, match="no document of the catalogue fits"):
        CATALOGUE.read(sentence)


def test_a_catalogue_names_each_document_once():
    """Two documents of one name could not be told apart."""
    with pytest.raises(AssertionError):
        Catalogue(Document("one", "清单", "police", "list"), Document("two", "清单", "court", "list"))


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (91, "九十一"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (282, "二百八十二"),
        (1000, "一千"),
        (1005, "一千零五"),
        (1050, "一千零五十"),
        (9999, "九千九百九十九"),
    ],
)
def test_chinese_numerals(number, written):
    """As statutes write them."""
    assert chinese(number) == written


@pytest.mark.parametrize("number", [-1, 10000])
def test_numbers_that_no_statute_has(number):
    with pytest.raises(ValueError, match="no statute counts"):
        chinese(number)


@pytest.mark.parametrize(
    ("citation", "zh", "ref"),
    [
        (LAW[91], "示例法第九十一条", "LAW-2018:91"),
        (LAW[91, 3], "示例法第九十一条第三款", "LAW-2018:91.3"),
        (LAW[170, 1, 3], "示例法第一百七十条第一款第三项", "LAW-2018:170.1.3"),
        (LAW["二(一)"], "示例法二(一)", "LAW-2018:二(一)"),
    ],
)
def test_citations(citation, zh, ref):
    """刑事诉讼法第九十一条第三款, and the form that machines compare."""
    assert (citation.zh, citation.ref) == (zh, ref)
    assert LAW.short == "示例法"


def test_three_voices():
    """应当, 可以, 期限为; a limit has the name it is given."""

    class Example(Procedure):
        id, name, zh, in_force = "P00", "example", "示例", date(2018, 10, 26)
        first = State("开始", initial=True)
        last = State("结束", end=True)
        act = CHIEF.may("办理", at=first | last, to=last, ids="P00.T01 P00.T02", cite=(LAW[1], LAW[2]))
        act_ = CHIEF.may("再办理", at=first, to=last, ids="P00.T03", cite=LAW[1])
        duty = must(Organ.PROCURATORATE, "应当", days(3), after=act, by=act)
        right = may_within(Organ.PARTY, "可以", days(5), after=act, by=act)
        term = lasts(
            Organ.POLICE, "期限", months(2), after="example:act", extensions=(add(months(1)), up_to(months(5)))
        )
        no_act = must_not(Organ.POLICE, "不得", steps=act | act_, unless="")
        remark = Remark("其他", why="无可编码")

    assert [Example.duty.voice, Example.right.voice, Example.term.voice] == ["应当", "可以", "期限为"]
    assert [limit.name for limit in Example.limits()] == ["duty", "right", "term"]
    assert [step.type for step in Example.steps()] == ["example:act", "example:act"], (
        "an underscore avoids a state's name"
    )
    assert Example.act.id_from(Example.last) == "P00.T02"
    assert Example.act_.id_from(Example.first) == "P00.T03"
    assert [ban.name for ban in Example.bans()] == ["no_act"]
    assert Example.initial() is Example.first
    assert step_refs(Example.act | Example.act_) == Steps(Example.act, Example.act_)
    assert list(step_refs("a:b c:d")) == ["a:b", "c:d"]
    assert list(step_refs("")) == []
    assert str(Example.act) == "example:act"
    assert repr(Example.first) == "example:first"


def test_extensions():
    """延长 adds, 延长至 replaces, and some have no number."""
    assert add(days(4), "特殊情况") == Extension(days(4), Mode.ADD, "特殊情况")
    assert up_to(days(30)).mode is Mode.REPLACE
    assert open_ended().period is None


def test_the_law_is_compiled():
    """Names are resolved once, papers are read once."""
    example = procedure()
    code = Code(CATALOGUE, (example,))

    rule = code.rules["example:act"]
    assert (rule.at, rule.to, rule.law_ref, rule.refs) == (
        {"first": "P00.T01"},
        "first",
        "示例法第一条",
        ("LAW-2018:1",),
    )
    assert code.lines["example"].initial == "first"
    assert not code.lines["example"].opened
    assert [each.type for each in code.kept_by("case_flow")] == ["example:act"]
    assert list(code.kept_by("evidence")) == []
    assert code.types("example:act example:act") == ("example:act", "example:act")


def test_the_law_grows_by_what_a_service_adds():
    """The law itself stays as it was."""
    code = Code(CATALOGUE, (procedure(),))

    more = code.extended(procedure("another"))

    assert set(more.procedures) == {"example", "another"}
    assert set(code.procedures) == {"example"}


def test_anew_and_stay_belong_to_every_procedure():
    """A line may begin by an act, and an act may move nothing."""
    begin = CHIEF.may("开始", at=ANEW, to=STAY, ids="P00.T02", cite=LAW[1])

    rule = Code(CATALOGUE, (procedure(begin=begin),)).rules["example:begin"]

    assert (dict(rule.at), rule.to) == ({"anew": "P00.T02"}, "stay")


FIRST, SECOND = State("一", initial=True), State("二")
FOREIGN = procedure("foreign")


def step(**said: object) -> object:
    """A step of the example, said otherwise."""
    usual: dict[str, object] = {"at": FIRST, "to": SECOND, "ids": "P00.T02", "cite": LAW[1]}
    return CHIEF.may("办理", **(usual | said))


def limit(**said: object) -> Limit:
    """A limit of the example, said otherwise."""
    usual: dict[str, object] = {"after": "example:act", "by": "example:act"}
    return must(Organ.POLICE, "期限", days(3), **(usual | said))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"second": State("又一", initial=True)}, "2 initial states"),
        ({"first": State("开始")}, "0 initial states"),
        ({"wrong": step(at=FOREIGN.initial())}, "uses a state of foreign"),
        ({"wrong": step(to=FOREIGN.initial())}, "uses a state of foreign"),
        ({"wrong": step(at=FIRST | SECOND | FIRST, ids="P00.T02 P00.T03")}, "3 states and 2 ids"),
        ({"wrong": step(ids="")}, "1 states and 0 ids"),
        ({"wrong": step(carries="nothing:act")}, "carries nothing:act, which no procedure has"),
        ({"wrong": step(opens="nothing")}, "no state is called nothing"),
        ({"wrong": step(opens="foreign:nothing")}, "no state is called foreign:nothing"),
        ({"wrong": step(ends="foreign:nothing")}, "no state is called foreign:nothing"),
        ({"wrong": step(needs="起诉书")}, "no document of the catalogue fits"),
        ({"begins_at": "nothing:first"}, "no state is called nothing:first"),
        ({"wrong": limit(after="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(by="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(extended_by="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(restarts_at="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(void_by="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(paused_by="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(resumed_by="example:nothing")}, "no step is called example:nothing"),
        ({"wrong": limit(stated="回复期限")}, "wrong ends on the day of “回复期限”"),
        ({"wrong": must_not(Organ.POLICE, "不得", steps="example:nothing", unless="")}, "no step is called"),
        (
            {"wrong": must_not(Organ.POLICE, "不得", steps="example:act", unless="no:thing")},
            "no step is called no:thing",
        ),
    ],
)
def test_a_law_written_wrongly_is_refused(members, said):
    """At import, and not in court."""
    usual: dict[str, object] = {"first": FIRST, "second": SECOND, "act": step()}

    with pytest.raises(LawError, match=said):
        Code(CATALOGUE, (procedure(**(usual | members)), FOREIGN))


def test_names_stand_once():
    """Two procedures of one name, two limits of one id."""
    with pytest.raises(LawError, match="example stands twice"):
        Code(CATALOGUE, (procedure(), procedure()))
    with pytest.raises(LawError, match="duty stands twice"):
        Code(CATALOGUE, (procedure(duty=limit()), procedure("another", duty=limit())))


@pytest.mark.parametrize(
    ("organ_id", "organ"),
    [("pol-330106", Organ.POLICE), ("dc-330106-2", Organ.DETENTION_CENTER), ("army-1", None), ("", None)],
)
def test_an_organ_is_known_by_its_id(organ_id, organ):
    assert organ_of(organ_id) is organ


def test_every_organ_has_a_name():
    """机关都有中文名称。"""
    assert all(organ.zh for organ in Organ)
