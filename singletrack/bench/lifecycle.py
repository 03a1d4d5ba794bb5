"""The case of the benchmark: one person, from the report to the hand-over for execution, as the organs send it.

DESIGN §5 names 24 steps. `LIFECYCLE` is these in their order, with what our law puts between them; every row is counted
as a step. Knows the contract only: paths, headers, bodies.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

POLICE, PROCURATORATE, COURT, CENTER, SYSTEM = "pol-330106", "proc-330106", "court-330106", "dc-330106", "sys-330106"
#: Bytes of facts in each step.
FACTS_BYTES = 390
#: What stands in a request until it is sent; ids of the same length, so that the length of a body is known before.
PLACES = {"case": b"case_" + b"0" * 26, "person": b"per_" + b"0" * 26, "custody": b"cus_" + b"0" * 26}
_DIGEST = "sha-256:" + "ab" * 32
_NARRATIVE = "经审查，现有证据能够证明犯罪嫌疑人实施了上述行为，事实清楚，手续完备，依照有关规定办理并记录在案。"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the case. `design` is what DESIGN §5 calls it, empty where our law adds it.

    `body` holds `%(case)s`, `%(person)s` and `%(custody)s` where ids belong; `makes` is the id that the answer brings.
    """

    type: str
    service: str
    organ: str
    role: str
    path: str
    body: str
    design: str = ""
    makes: str = ""
    opens: bool = False


def _facts(more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Facts of FACTS_BYTES bytes as they go over the wire."""
    facts: dict[str, Any] = {**(more or {}), "place": "浙江省杭州市西湖区", "narrative": ""}
    room = FACTS_BYTES - len(_json(facts).encode())
    text = (_NARRATIVE * (1 + room // len(_NARRATIVE.encode()))).encode()[: max(room, 0)].decode(errors="ignore")
    facts["narrative"] = text + "." * max(room - len(text.encode()), 0)
    return facts


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _papers(kinds: Sequence[str]) -> list[dict[str, str]]:
    """Papers by their ids; the list of a sealed dossier carries its digest."""
    return [{"kind": kind, **({"digest": _DIGEST} if kind == "dossier_handover_list" else {})} for kind in kinds]


def _act(by: tuple[str, str], name: str, *kinds: str, of: str = "person", to: str = "", design: str = "") -> Step:
    """A step of case_flow; `of` is what moves."""
    body: dict[str, Any] = {"type": name, "documents": _papers(kinds), "facts": _facts()}
    if of == "person":
        body["subjects"] = ["%(person)s"]
    if to:
        body["to_organ"] = to
    return Step(name, "case_flow", *by, "/v1/cases/%(case)s/transitions", _json(body), design)


def _custody(by: tuple[str, str], name: str, *kinds: str, to: str = "", design: str = "") -> Step:
    body: dict[str, Any] = {"type": name, "documents": _papers(kinds), "facts": _facts()}
    if to:
        body["to_organ"] = to
    return Step(name, "custody_transfer", *by, "/v1/custodies/%(custody)s/transitions", _json(body), design)


_OFFICER, _HEAD, _CHIEF_OF_POLICE = (POLICE, "officer"), (POLICE, "unit_head"), (POLICE, "county_head")
_MANAGER, _PROSECUTOR, _CHIEF = (
    (PROCURATORATE, "case_manager"),
    (PROCURATORATE, "prosecutor"),
    (PROCURATORATE, "chief_prosecutor"),
)
_CLERK, _JUDGE = (COURT, "filing_clerk"), (COURT, "judge")
_INTAKE, _CLOCK = (CENTER, "intake_officer"), (SYSTEM, "coordinator")
#: Who reads whole feeds.
FOLLOWER = _CLOCK
_ORGANS = [PROCURATORATE, COURT, CENTER]

LIFECYCLE: tuple[Step, ...] = (
    Step(
        "case_record:open",
        "case_flow",
        *_OFFICER,
        "/v1/cases",
        _json({"organs": _ORGANS, "title": "王某涉嫌盗窃案"}),
        makes="case",
        opens=True,
    ),
    Step(
        "case_record:add_person",
        "case_flow",
        *_OFFICER,
        "/v1/cases/%(case)s/persons",
        _json({"label": "犯罪嫌疑人甲", "flags": []}),
        makes="person",
    ),
    _act(
        _OFFICER,
        "case_intake:accept",
        "incident_report_receipt",
        "case_acceptance_form",
        "case_acceptance_receipt",
        of="case",
        design="accept report",
    ),
    _act(_CHIEF_OF_POLICE, "case_intake:file", "filing_report", "filing_decision", of="case", design="file"),
    _act(
        _HEAD,
        "summons:summon",
        "summons_certificate",
        "rights_notice_suspect",
        "plea_rights_notice_doc",
        design="summon",
    ),
    _act(_CHIEF_OF_POLICE, "criminal_detention:detain", "detention_report", "detention_warrant", design="detain"),
    _act(
        _INTAKE,
        "criminal_detention:admit",
        "health_check_form",
        "rights_notice_suspect",
        "interrogation_pass",
        design="notify family",
    ),
    Step(
        "dossier_record:open",
        "evidence",
        *_OFFICER,
        "/v1/dossiers",
        _json({"case_id": "%(case)s", "organs": _ORGANS}),
        opens=True,
    ),
    Step(
        "property_record:register",
        "evidence",
        *_OFFICER,
        "/v1/items",
        _json(
            {
                "case_id": "%(case)s",
                "documents": _papers(["seizure_decision", "seizure_list"]),
                "facts": _facts({"kind": "mobile_phone", "count": 1, "value": "3200.00"}),
            }
        ),
        design="register property",
    ),
    Step(
        "custody_admission:admit",
        "custody_transfer",
        *_INTAKE,
        "/v1/custodies",
        _json(
            {
                "case_id": "%(case)s",
                "person_id": "%(person)s",
                "holder": POLICE,
                "title": {"limit": "detention_request_arrest", "from": "2026-03-02"},
                "documents": _papers(["detention_warrant"]),
                "facts": _facts(),
            }
        ),
        makes="custody",
        opens=True,
    ),
    _act(
        _CHIEF_OF_POLICE,
        "criminal_detention:request_arrest",
        "arrest_request",
        "social_danger_statement",
        to=PROCURATORATE,
        design="request arrest",
    ),
    _act(
        _MANAGER,
        "arrest_review:accept",
        "case_intake_form_pr",
        "case_receipt_notice_pr",
        "dossier_handover_list",
        design="accept the request",
    ),
    _act(_CHIEF, "arrest_review:approve", "arrest_approval", design="approve"),
    _act(
        _CHIEF_OF_POLICE,
        "arrest_review:execute",
        "arrest_warrant",
        "arrest_family_notice_doc",
        "arrest_execution_receipt_doc",
        design="execute",
    ),
    _custody(
        _CHIEF_OF_POLICE,
        "custody_handover:offer",
        "handover_certificate",
        to=PROCURATORATE,
        design="hand over custody",
    ),
    _act(
        _OFFICER,
        "investigation_close:conclude",
        "closing_report",
        "dossier_catalogue",
        design="conclude investigation",
    ),
    _act(
        _CHIEF_OF_POLICE,
        "investigation_close:transfer",
        "prosecution_opinion",
        "dossier_handover_list",
        "transfer_notice_to_suspect",
        to=PROCURATORATE,
        design="transfer for prosecution",
    ),
    _act(_MANAGER, "investigation_close:accept", "case_intake_form_pr", "case_receipt_notice_pr", design="accept"),
    _custody(_CHIEF, "custody_handover:accept", "handover_certificate", "handover_receipt", "interrogation_pass"),
    _act(_PROSECUTOR, "prosecution_review:review", "rights_notice_pr"),
    _act(
        _CHIEF,
        "prosecution_review:return",
        "return_decision",
        "supplement_outline",
        to=POLICE,
        design="return for supplement",
    ),
    _act(_OFFICER, "supplementary_return:receive"),
    _act(
        _CHIEF_OF_POLICE,
        "supplementary_return:resubmit",
        "supplement_report",
        to=PROCURATORATE,
        design="resubmit",
    ),
    _act(_CHIEF, "prosecution_review:charge", "review_report", "indictment", to=COURT, design="indict"),
    _act(_CLERK, "court_intake:receive", "indictment", design="docket"),
    _act(_CLERK, "court_intake:file", "court_case_filing_form", design="assign the bench"),
    _act(
        _JUDGE,
        "first_trial:prepare",
        "indictment_service_record",
        "court_summons",
        "appearance_notice",
        design="serve the indictment",
    ),
    _act(_JUDGE, "first_trial:open_ordinary", "court_record", design="open the hearing"),
    _act(_JUDGE, "first_trial:deliberate", "deliberation_record"),
    _act(_JUDGE, "first_trial:pronounce", "judgment_first", "pronouncement_record", design="pronounce"),
    _act(_CLOCK, "second_trial:become_final", design="become effective"),
    _act(
        _JUDGE,
        "execution:serve",
        "execution_notice",
        "case_closing_form",
        "judgment_first",
        to=CENTER,
        design="hand over for execution",
    ),
)

#: Where the law has no step of that name, the nearest one that it has.
NEAREST = {
    "notify family": "the centre admits the person; that the family was told is proved by a receipt, not a step",
    "docket": "the court receives the indictment",
    "assign the bench": "the court files the case, which opens the trial before its bench",
}


def steps_of(services: Sequence[str]) -> tuple[Step, ...]:
    """The lifecycle as far as these services keep it."""
    return tuple(step for step in LIFECYCLE if step.service in services)


def request(step: Step, token: str, host: str) -> bytes:
    """The bytes of a step's request, `%`-formatted with `case`, `person`, `custody`, `version` and `key` (32 bytes)."""
    body = _escaped(step.body)
    length = len(body % {name.encode(): value for name, value in PLACES.items()})
    lines = [
        b"POST %b HTTP/1.1" % _escaped(step.path),
        b"Host: %b" % host.encode(),
        b"Authorization: Bearer %b" % token.encode(),
        b"Idempotency-Key: %(key)b",
        *([] if step.opens else [b'If-Match: "v%(version)d"']),
        b"Content-Type: application/json",
        b"Content-Length: %d" % length,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def item(step: Step) -> bytes:
    """The bytes of a step as one item of a bulk, `%`-formatted likewise; a case is opened under the caller's own id."""
    match step.type:
        case "case_record:open":
            transition: dict[str, Any] = {"type": step.type, "facts": _facts({"organs": _ORGANS})}
        case "case_record:add_person":
            transition = {"type": step.type, "facts": _facts({"label": "犯罪嫌疑人甲", "flags": []})}
        case _:
            transition = json.loads(step.body)
    version = b"" if step.opens else b'"version":%(version)d,'
    body = _escaped(_json(transition))
    return b'{"case_id":"%%(case)b","key":"%%(key)b",%b"transition":%b}' % (version, body)


def bulk_head(token: str, host: str) -> bytes:
    """The head of a bulk request, `%`-formatted with `key` and `length`."""
    return (
        b"POST /v1/case-transitions/bulk HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n"
        b"Idempotency-Key: %%(key)b\r\nContent-Type: application/json\r\nContent-Length: %%(length)d\r\n\r\n"
        % (host.encode(), token.encode())
    )


def feed_head(service: str, token: str, host: str, page: int) -> bytes:
    """A request for a page of a feed, `%`-formatted with `after`."""
    return (
        b"GET /v1/feeds/%b/events?after=%%(after)d&limit=%d HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n\r\n"
        % (service.encode(), page, host.encode(), token.encode())
    )


def _escaped(text: str) -> bytes:
    """As a template: the named places stay places, any other % stands for itself."""
    data = text.encode().replace(b"%", b"%%")
    for name in PLACES:
        data = data.replace(b"%%%%(%b)s" % name.encode(), b"%%(%b)b" % name.encode())
    return data
