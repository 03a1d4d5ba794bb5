"""Supervision as chains: the demand, the answer, whose turn it is, and what is counted of it.

The town is in memory; it is nine in the morning of Monday, 2 March 2026. The last tests ask the running coordinator.
"""

import json
from typing import Any

import pytest

from services.coordinator import follow as following
from services.coordinator.app import Coordination
from services.coordinator.domain.chains import ANSWERS, KINDS, STATES, Chain
from services.coordinator.domain.forecast import forecast
from services.coordinator.domain.ledger import Ledger
from services.kernel.errors import FactsMissing, PapersMissing, Unfounded, WrongOrgan
from services.law import CODE
from singletrack.verify_time import verify
from tests.services.coordinator.conftest import CLOCKS, RULES
from tests.services.coordinator.test_proofs import proofs_of

POLICE, PROCURATORATE, COURT, CENTRE = "pol-330106", "proc-330106", "court-330106", "dc-330106"


def chain(town: Any, kind: str = "", **given: Any) -> Chain:
    """The last chain of a kind."""
    return [each for each in town.concludes(**given).chains if kind in {"", each.kind}][-1]


def stands(town: Any, kind: str = "") -> tuple[str, str, str, str]:
    """State, limit and last day of what runs, and whose turn it is."""
    found = chain(town, kind)
    clock = found.clock
    return (found.state, clock.limit, clock.due, clock.holder_id) if clock else (found.state, "", "", "")


def answers(town: Any, kind: str = "") -> dict[str, str]:
    """How each demand was answered."""
    return {demand.limit: demand.answer for demand in chain(town, kind).demands}


def refuses(town: Any) -> None:
    """The police refuse to file."""
    town.takes("case_intake:accept")
    town.takes("case_intake:refuse_filing")


def raises(town: Any, concerning: str = "超期讯问", addressee: str = POLICE) -> dict[str, Any]:
    """A matter is registered."""
    facts = {"addressee": addressee, "concerning": concerning}
    row: dict[str, Any] = town.takes("case_record:add_matter", facts=facts)
    town.things[concerning] = next(iter(row["created"]))
    return row


# 应当立案而不立案


def test_asked_why_ordered_to_file_and_filed(town):
    """要求说明理由，七日以内说明；理由不能成立，通知立案，十五日以内立案（刑事诉讼法第一百一十三条，规则第五百六十条至第五百六十三条）。"""
    refuses(town)
    town.takes("supervise_non_filing:request_reason")
    asked = stands(town)
    town.clock.passes(days=7)
    town.takes("supervise_non_filing:state_reason")
    stated = stands(town)
    town.takes("supervise_non_filing:notify_to_file")
    notified = stands(town)
    town.clock.passes(days=15)
    town.takes("supervise_non_filing:file")

    assert asked == ("waiting", "non_filing_reason_statement", "2026-03-09", POLICE)
    assert stated == ("replied", "", "", "")
    assert notified == ("waiting", "file_on_supervision_notice", "2026-03-24", POLICE)
    found = chain(town)
    assert (found.state, found.result, found.opened_by, found.supervised) == (
        "closed",
        "已立案",
        PROCURATORATE,
        POLICE,
    )
    assert answers(town) == {"non_filing_reason_statement": "in_time", "file_on_supervision_notice": "in_time"}
    assert [(link.step.partition(":")[2], link.organ, link.papers) for link in found.links] == [
        ("request_reason", PROCURATORATE, ("reason_request_non_filing",)),
        ("state_reason", POLICE, ("non_filing_reason_statement_doc",)),
        ("notify_to_file", PROCURATORATE, ("notice_to_file",)),
        ("file", POLICE, ("filing_decision",)),
    ]
    assert not [kind for kind, _, _ in town.findings() if kind in answers(town)]


def test_silence_is_overdue_corrected_and_goes_up(town):
    """逾期不说明理由的，纠正违法；仍不纠正的，报上一级协商；立案以前一直是公安机关的逾期（规则第五百六十二条、第五百六十四条）。"""
    refuses(town)
    town.takes("supervise_non_filing:request_reason")
    town.clock.passes(days=8)
    (finding,) = (each for each in town.concludes().findings if each.kind == "non_filing_reason_statement")
    overdue = stands(town)
    town.takes("supervise_non_filing:correct_no_answer")
    town.takes("supervise_non_filing:escalate")
    escalated = stands(town)
    town.takes("supervise_non_filing:file")

    assert overdue == escalated == ("overdue", "non_filing_reason_statement", "2026-03-09", POLICE)
    assert (finding.owner, finding.status, finding.severity) == ("police", "overdue", "high")
    assert finding.repair == "人民检察院可以发出纠正违法通知书，并报告上一级人民检察院"
    assert "第五百六十条" in finding.law_ref
    assert (chain(town).state, answers(town)) == ("closed", {"non_filing_reason_statement": "late"})


def test_a_second_supervision_is_a_second_chain(town):
    """理由成立，告知后终结；发现新情况再要求说明理由的，是另一项监督。"""
    refuses(town)
    for step in ("request_reason", "state_reason", "accept_reason"):
        town.takes(f"supervise_non_filing:{step}")
    assert stands(town) == ("waiting", "supervision_reason_accepted_reply", "2026-03-12", PROCURATORATE)
    town.takes("supervise_non_filing:close")
    town.takes("supervise_non_filing:request_reason")

    found = town.concludes().chains
    assert [(each.state, each.result, len(each.links)) for each in found] == [("closed", "终结", 4), ("waiting", "", 1)]
    assert len({each.id for each in found}) == 2


# 不应当立案而立案


def test_ordered_to_withdraw_reconsidered_and_reviewed(town):
    """通知撤案，五日以内要求复议，七日以内决定；维持的，五日以内提请复核，上一级十五日以内决定（规则第五百六十五条）。"""
    town.files("甲")
    told = []
    for step in (
        "request_reason",
        "state_reason",
        "notify_to_withdraw",
        "request_reconsideration",
        "uphold_on_reconsideration",
        "request_review",
        "order_withdrawal",
    ):
        town.takes(f"supervise_unlawful_filing:{step}")
        told.append(stands(town))
        town.clock.passes(days=1)

    assert told == [
        ("waiting", "filing_reason_statement", "2026-03-09", POLICE),
        ("replied", "", "", ""),
        ("waiting", "withdraw_on_supervision_notice", "2026-03-19", POLICE),
        ("waiting", "withdraw_notice_reconsideration_decide", "2026-03-12", PROCURATORATE),
        ("replied", "withdraw_notice_review_request", "2026-03-11", POLICE),
        ("waiting", "withdraw_notice_review_decide", "2026-03-23", PROCURATORATE),
        ("closed", "", "", ""),
    ]
    assert set(answers(town).values()) == {"in_time"}


@pytest.mark.parametrize("steps", [("request_reason",), ("request_reason", "state_reason", "notify_to_withdraw")])
def test_police_who_neither_answer_nor_withdraw_are_corrected_and_it_goes_up(town, steps):
    """不说明立案理由，或者十五日以内不撤案也不要求复议的，纠正违法；仍不纠正的，报上一级协商（规则第五百六十四条）。"""
    town.files("甲")
    for step in steps:
        town.takes(f"supervise_unlawful_filing:{step}")
    town.clock.passes(days=16)
    limit = stands(town)[1]
    (finding,) = (each for each in town.concludes().findings if each.kind == limit)
    assert (finding.status, finding.owner, finding.repair[:4]) in {
        ("overdue", "police", "人民检察"),
        ("overdue", "police", "发出纠正"),
    }
    nexts = {each.step.partition(":")[2] for each in chain(town).next}
    (correct,) = nexts & {"correct", "correct_no_answer"}
    town.takes(f"supervise_unlawful_filing:{correct}")
    town.takes("supervise_unlawful_filing:escalate")
    assert (chain(town).state, stands(town)[3]) == ("overdue", POLICE)
    town.takes("supervise_unlawful_filing:withdraw")

    assert (chain(town).result, answers(town)[limit]) == ("已撤案", "late")


# 监督意见与检察建议


def test_a_correction_notice_runs_until_the_day_that_it_states(town):
    """纠正违法通知书规定回复期限；逾期的督促，仍不回复的报告上一级（规则第五百五十三条）。"""
    town.files("甲")
    raises(town)
    town.takes("supervision_act:issue_notice", "超期讯问", facts={"reply_by": "2026-03-13"})
    waiting = stands(town)
    town.clock.passes(days=12)
    (finding,) = (each for each in town.concludes().findings if each.kind == "supervision_reply")
    town.takes("supervision_act:urge", "超期讯问")
    town.takes("supervision_act:report", "超期讯问")
    overdue = stands(town)
    town.takes("supervision_act:reply", "超期讯问", by=POLICE, facts={"answer": "已经纠正"})
    town.takes("supervision_act:accept", "超期讯问")

    assert waiting == ("waiting", "supervision_reply", "2026-03-13", POLICE)
    assert overdue == ("overdue", "supervision_reply", "2026-03-13", POLICE)
    assert (finding.owner, finding.zh[:5]) == ("police", "超期讯问：")
    assert (chain(town).result, answers(town)) == ("已纠正", {"supervision_reply": "late"})


@pytest.mark.parametrize(
    ("after", "result"),
    [
        (("uphold_on_recheck", "report", "inform"), "已通报上级机关"),
        (("uphold_on_recheck", "report", "order_revocation"), "已撤销"),
        (("revoke_on_recheck",), "已撤销"),
    ],
)
def test_a_correction_notice_is_rechecked_within_seven_days(town, after, result):
    """被监督单位申请复查的，七日以内复查；维持的报上一级，由其通报或者通知撤销（规则第五百五十四条）。"""
    town.files("甲")
    raises(town)
    town.takes("supervision_act:issue_notice", "超期讯问", facts={"reply_by": "2026-03-13"})
    town.takes("supervision_act:request_recheck", "超期讯问", by=POLICE, facts={"objection": "没有超期"})
    rechecking = stands(town)
    for step in after:
        town.takes(f"supervision_act:{step}", "超期讯问")

    assert rechecking == ("waiting", "correction_opinion_recheck", "2026-03-09", PROCURATORATE)
    assert (chain(town).state, chain(town).result) == ("closed", result)


def test_a_suggestion_is_answered_in_two_months_and_may_be_contested(town):
    """检察建议二个月以内回复；异议成立而修改的，自修改之日重新起算；撤回的，不再回复（检察建议工作规定第十九条、第二十三条）。"""
    town.files("甲")
    raises(town, "告知不全")
    town.takes("supervision_act:suggest", "告知不全")
    first = stands(town)
    town.clock.passes(days=10)
    contests = {"by": POLICE, "facts": {"objection": "不属实"}}
    town.takes("supervision_act:contest", "告知不全", **contests)
    town.takes("supervision_act:amend_suggestion", "告知不全")
    amended = stands(town)
    town.takes("supervision_act:contest", "告知不全", **contests)
    town.takes("supervision_act:withdraw_suggestion", "告知不全", facts={"answer": "撤回"})

    assert first == ("waiting", "suggestion_reply", "2026-05-06", POLICE)
    assert amended == ("waiting", "suggestion_reply", "2026-05-12", POLICE)
    assert [demand.answer for demand in chain(town).demands] == ["superseded", "superseded"]
    assert chain(town).result == "已撤回"


def test_an_urgent_suggestion_has_a_day_of_its_own(town):
    """情况紧急的，可以另行确定回复期限（检察建议工作规定第十九条）。"""
    town.files("甲")
    raises(town, "告知不全")
    town.takes("supervision_act:suggest", "告知不全", facts={"reply_by": "2026-03-05"})

    assert stands(town) == ("waiting", "supervision_reply", "2026-03-05", POLICE)
    assert list(answers(town)) == ["supervision_reply"]


def test_several_matters_run_beside_each_other_and_each_organ_answers_its_own(town):
    """对公安机关和看守所的监督可以同时进行；只有被监督的单位可以回复。"""
    town.files("甲")
    raises(town, "超期讯问")
    row = raises(town, "混押", CENTRE)
    for label in ("超期讯问", "混押"):
        town.takes("supervision_act:issue_notice", label, facts={"reply_by": "2026-03-13"})
    with pytest.raises(WrongOrgan):
        town.takes("supervision_act:reply", "混押", by=POLICE, facts={"answer": "已经纠正"})
    town.takes("supervision_act:reply", "混押", by=CENTRE, facts={"answer": "已经纠正"})

    assert row["organs"] == {"detention_center": CENTRE}
    found = {each.label: (each.state, each.supervised) for each in town.concludes().chains}
    assert found == {"超期讯问": ("waiting", POLICE), "混押": ("replied", CENTRE)}
    duty = next(each for each in town.concludes().duties if each.subject == town.things["混押"])
    assert (duty.owner, duty.holder, duty.status) == ("detention_center", CENTRE, "met")


@pytest.mark.parametrize("addressee", ["pol-999999", PROCURATORATE, "party-330106", "nobody"])
def test_only_who_has_to_do_with_the_case_is_supervised(town, addressee):
    """被监督单位应当与本案有关。"""
    town.files("甲")
    with pytest.raises(Unfounded):
        raises(town, addressee=addressee)


def test_a_supervision_act_changes_nothing_that_is_supervised(town):
    """监督不代替被监督单位的决定（INV-50）：监督的每一步，只动监督自己的进程。"""
    town.files("甲")
    raises(town)
    row = town.takes("supervision_act:issue_notice", "超期讯问", facts={"reply_by": "2026-03-13"})

    assert {move["procedure"] for move in row["moves"]} == {"supervision_act"}
    for step in CODE.procedures["supervision_act"].steps():
        assert not any((step.carries, step.ends, step.opens, step.liberty, step.hands_to))


def test_the_day_that_a_notice_states_is_foretold_and_proved(town):
    """载明的回复期限，预测中有；其证明，不用本系统的代码可以复核。"""
    town.files("甲")
    for label, day in (("超期讯问", "2026-03-13"), ("告知不全", "2026-03-14")):
        raises(town, label)
        town.takes("supervision_act:issue_notice", label, facts={"reply_by": day})
    ledger = Ledger(town.case_id, town.rows, CODE)
    case, *_ = forecast(ledger, CLOCKS, Coordination(), town.clock.now())
    proofs = [each for each in proofs_of(town).items if each["limit"] == "supervision_reply"]

    # The second is a Saturday.
    assert [(clock.owner, clock.due) for clock in case.clocks if clock.limit == "supervision_reply"] == [
        ("police", "2026-03-13"),
        ("police", "2026-03-16"),
    ]
    replies = {path.subject: path.by for path in case.paths if path.step == "supervision_act:reply"}
    assert replies == {town.things["超期讯问"]: "2026-03-13", town.things["告知不全"]: "2026-03-16"}
    assert [(each["start"], each["last_day"]) for each in proofs] == [
        ("2026-03-13", "2026-03-13"),
        ("2026-03-14", "2026-03-16"),
    ]
    assert verify(proofs_of(town).text()).differences == []


# 羁押必要性审查


@pytest.mark.parametrize(("days", "state", "answer"), [(10, "waiting", "in_time"), (11, "overdue", "late")])
def test_a_suggestion_to_release_is_answered_in_ten_days(town, days, state, answer):
    """建议释放或者变更强制措施的，十日以内回复（刑事诉讼法第九十五条）。"""
    town.files("甲")
    town.detains("甲")
    town.goes_to("arrest", "甲")
    town.takes("custody_necessity:review", "甲")
    town.takes("custody_necessity:suggest", "甲")
    assert stands(town) == ("waiting", "necessity_review_reply", "2026-03-12", POLICE)
    town.clock.passes(days=days)
    assert chain(town).state == state
    town.takes("custody_necessity:decline", "甲")

    assert (chain(town).label, chain(town).result) == ("甲", "继续羁押")
    assert answers(town) == {"necessity_review_reply": answer}


def test_an_application_of_the_party_is_no_supervision(town):
    """当事人申请变更强制措施，不是监督事项。"""
    town.files("甲")
    town.detains("甲")
    town.takes("custody_necessity:apply", "甲")

    assert town.concludes().chains == ()


# 表和接口


def test_what_the_table_of_chains_names_is_in_the_law():
    """监督事项的要求，都是被监督单位的义务；状态、答复都有其名。"""
    for name, kind in KINDS.items():
        limits = {limit.name for limit in kind.procedure.limits()}
        assert kind.procedure is CODE.procedures[name]
        assert {limit.name for limit in kind.demands} <= limits
        assert all(limit.organ.value != "procuratorate" and limit.kind == "obligation" for limit in kind.demands)
        assert all(limit.on_expiry for limit in kind.demands)
    assert set(ANSWERS) == {"met", "late", "overdue", "open", "unknown", "superseded"}
    assert len(STATES) == 6


def test_nothing_is_overdue_that_was_not_read(town):
    """记录尚未读到的，不认定逾期。"""
    refuses(town)
    town.takes("supervise_non_filing:request_reason")
    read = town.clock.now()
    town.clock.passes(days=8)

    assert chain(town, read=dict.fromkeys(("case_flow", "custody_transfer", "evidence"), read)).state == "unknown"


def test_a_notice_without_its_paper_or_its_day_is_refused(town):
    """没有文书，没有写明回复期限的，不能办理。"""
    town.files("甲")
    raises(town)
    with pytest.raises(PapersMissing):
        town.takes("supervision_act:issue_notice", "超期讯问", documents=(), facts={"reply_by": "2026-03-13"})
    with pytest.raises(FactsMissing):
        town.takes("supervision_act:issue_notice", "超期讯问")


# 真实的服务


class Desk:
    """One case at the real services: its steps, and what the coordinator says of its chains."""

    def __init__(self, sites: Any, client: Any) -> None:
        self.sites, self.client, self.case_id, self.etag = sites, client, "", ""

    async def opens(self) -> None:
        new = {"organs": [PROCURATORATE], "title": "某案"}
        answer = await self.sites.act("case_flow", POLICE, "officer", "/v1/cases", new)
        self.case_id, self.etag = answer.json()["case_id"], answer.headers["etag"]

    async def takes(self, *steps: str, **body: Any) -> dict[str, Any]:
        """Each step by whom the law names, with its papers, now."""
        for step in steps:
            rule = RULES[step]
            organ, role = (CENTRE, "center_officer") if rule.office == "supervised" else OFFICES[rule.office]
            papers = [{"kind": group[0]} for group in rule.papers.groups]
            told = {"type": step, "documents": papers, **body}
            path = f"/v1/cases/{self.case_id}/transitions"
            answer = await self.sites.act("case_flow", organ, role, path, told, self.etag)
            self.etag = answer.headers["etag"]
        row: dict[str, Any] = answer.json()
        return row

    async def asks(self, organ: str = PROCURATORATE, role: str = "prosecutor", **query: Any) -> dict[str, Any]:
        await self.sites.is_settled()
        answer = await self.client.get("/v1/chains", params=query, headers=self.sites.headers(organ, role))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


#: Who acts in which office.
OFFICES = {
    "officer": (POLICE, "officer"),
    "county_head": (POLICE, "county_head"),
    "prosecutor": (PROCURATORATE, "prosecutor"),
    "chief": (PROCURATORATE, "chief_prosecutor"),
    "superior_chief": (PROCURATORATE, "superior_chief_prosecutor"),
}


async def test_filing_supervision_both_ways_through_the_services(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """两种立案监督全程：逾期、纠正、上报；复议、复核；统计与明细一致，他人看不到。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    non, unlawful = "supervise_non_filing", "supervise_unlawful_filing"
    async with sites.coordinator() as app, sites.client(app) as client:
        empty = await Desk(sites, client).asks()
        silent, withdrawn = Desk(sites, client), Desk(sites, client)
        for desk in (silent, withdrawn):
            await desk.opens()
            await desk.takes("case_intake:accept")
        await silent.takes("case_intake:refuse_filing", f"{non}:request_reason")
        await withdrawn.takes("case_intake:file", f"{unlawful}:request_reason", f"{unlawful}:state_reason")
        sites.clock.passes(days=8)
        (late,) = (await silent.asks(state="overdue"))["items"]
        findings = await client.get(
            "/v1/findings",
            params={"case_id": silent.case_id, "kind": "non_filing_reason_statement"},
            headers=sites.headers(POLICE, "officer"),
        )
        await silent.takes(f"{non}:correct_no_answer", f"{non}:escalate", f"{non}:file")
        for step in ("notify_to_withdraw", "request_reconsideration", "uphold_on_reconsideration", "request_review"):
            await withdrawn.takes(f"{unlawful}:{step}")
        (reviewed,) = (await silent.asks(state="waiting", metric="MET-16"))["items"]
        await withdrawn.takes(f"{unlawful}:order_withdrawal")
        whole = await silent.asks(metric="MET-16")
        drilled = [await silent.asks(metric="MET-16", answer=answer) for answer in ("in_time", "late", "overdue")]
        (stranger, police) = [await silent.asks(organ, "officer") for organ in ("pol-999999", POLICE)]

    assert (empty["items"], empty["counts"]) == ([], [])
    assert empty["figures"] == [{"metric": "MET-16", "n": 0, "d": 0, "percent": None}]
    assert (late["case_id"], late["clock"]["holder_id"], late["clock"]["due"]) == (silent.case_id, POLICE, "2026-03-09")
    assert [(each["status"], each["owner"]) for each in findings.json()["items"]] == [("overdue", "police")]
    assert reviewed["clock"]["limit"] == "withdraw_notice_review_decide"
    assert {each["kind"]: each["result"] for each in whole["items"]} == {non: "已立案", unlawful: "已撤案"}
    assert whole["figures"] == [{"metric": "MET-16", "n": 2, "d": 3, "percent": 66.67}]
    listed = [
        [each["answer"] for item in told["items"] for each in item["demands"]].count(answer)
        for told, answer in zip(drilled, ("in_time", "late", "overdue"), strict=True)
    ]
    counted = [sum(each[answer] for each in whole["counts"]) for answer in ("in_time", "late", "overdue")]
    assert listed == counted == [2, 1, 0]
    assert [sum(each["received"] for each in told["counts"]) for told in drilled] == counted
    assert (stranger["items"], stranger["counts"]) == ([], [])
    assert police == whole


async def test_the_centre_answers_a_notice_through_the_services(sites: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """对看守所的纠正违法通知书：看守所因此看到本案，由其回复；本案载明监督事项。"""
    monkeypatch.setattr(following, "SWEEP", 0.05)
    async with sites.coordinator() as app, sites.client(app) as client:
        desk = Desk(sites, client)
        await desk.opens()
        row = await desk.takes("case_record:add_matter", facts={"addressee": CENTRE, "concerning": "混押"})
        (matter,) = row["created"]
        about: dict[str, Any] = {"subjects": [matter]}
        await desk.takes("supervision_act:issue_notice", **about, facts={"reply_by": "2026-03-13"})
        (waiting,) = (await desk.asks(CENTRE, "center_officer"))["items"]
        await desk.takes("supervision_act:reply", **about, facts={"answer": "已经分押"})
        await desk.takes("supervision_act:accept", **about)
        (closed,) = (await desk.asks(kind="supervision_act"))["items"]
        seal = "INSERT INTO shared (kind, key, case_id, subject, body) VALUES ('sealed', $2, $1, $2, $3::text::jsonb)"
        permits = json.dumps({"permits": {PROCURATORATE: "2026-12-31"}})
        await sites.sql(seal, desk.case_id, matter, permits)
        sealed = [await desk.asks(organ, role) for organ, role in ((CENTRE, "center_officer"), OFFICES["prosecutor"])]
        async with sites.client(sites.gateway.apps["case_flow"]) as cases:
            case = await cases.get(f"/v1/cases/{desk.case_id}", headers=sites.headers(POLICE, "officer"))

    assert (waiting["state"], waiting["supervised"], waiting["clock"]["due"]) == ("waiting", CENTRE, "2026-03-13")
    assert (closed["state"], closed["result"], closed["demands"][0]["answer"]) == ("closed", "已纠正", "in_time")
    assert [len(told["items"]) for told in sealed] == [len(told["counts"]) for told in sealed] == [0, 1]
    assert case.json()["persons"] == []
    assert [(each["id"], each["label"], each["supervised"]) for each in case.json()["matters"]] == [
        (matter, "混押", CENTRE)
    ]
