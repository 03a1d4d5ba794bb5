"""What a replay found: per record the steps accepted, inferred and refused, the findings, and totals over all."""

import asyncio
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from services.kernel.period import local_date
from services.law import CODE
from singletrack.replay.acting import Played
from singletrack.replay.client import Client

#: Seconds to wait for the coordinator to read what the services recorded.
PATIENCE = 300.0
_REVIEWER = ("sys-review", "reviewer")
SERVICES = ("case_flow", "custody_transfer", "evidence")


class NotConverged(RuntimeError):
    """The coordinator has not read the logs for as long as anyone should wait."""


async def converge(client: Client) -> Mapping[str, Any]:
    """Wait until the coordinator has read every log past this moment; how far it read, and what it holds.

    Raises: NotConverged.
    """
    asked = datetime.now(UTC)
    for _ in range(int(PATIENCE * 4)):
        positions = (await client.get(*_REVIEWER, "/v1/positions")).body
        read = {item["service"]: item["read_until"] for item in positions["items"]}
        is_read = all(read.get(name) and datetime.fromisoformat(read[name]) > asked for name in SERVICES)
        if is_read and not positions["waiting"]:
            return positions
        await asyncio.sleep(0.25)
    raise NotConverged(f"after {PATIENCE:g} s the coordinator has read only {read}")


async def findings(client: Client) -> list[dict[str, Any]]:
    """Every finding that stands, all cases."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = (await client.get(*_REVIEWER, f"/v1/findings?page_size=200&page_token={token}")).body
        found += page["items"]
        token = page["next_page_token"]
        if not token:
            return found


#: What is broken by something that is not on record: a judgment rarely says who defended, or that one before it took
#: effect; and deeds that no step shows, but whoever owes them notes.
ABSENCES = frozenset({"INV-10", *CODE.bans, *(limit.name for limit in CODE.limits.values() if not limit.by)})


def attach(played: Sequence[Played], found: Sequence[Mapping[str, Any]]) -> None:
    """Give every record the findings about its person, and those about the case to the first of its persons.

    `basis` says what it rests on: days that the documents state, a day that was inferred, or their silence about the
    deed. `beyond_record` says that it is about what came after the last day that the record speaks of.
    """
    inferred = {step["transition"] for record in played for step in record.inferred}
    persons = {record.person_id: record for record in played}
    custodies = {custody: record for record in played for custody in record.custody_ids}
    first = {record.case_id: record for record in reversed(played)}
    for each in found:
        record = persons.get(each["subject"]) or custodies.get(each["subject"]) or first.get(each["case_id"])
        if record is None:
            continue
        due, at = str(each["due"])[:10], str(each["at"])[:10]
        record.findings.append(
            {
                "id": each["kind"],
                "status": each["status"],
                "severity": each["severity"],
                "due": each["due"],
                "at": each["at"],
                "law_ref": each["law_ref"],
                "zh": each["zh"],
                "basis": _basis(each, inferred, custodies),
                "beyond_record": bool(record.last_day)
                and (due or at) > record.last_day
                and not (at and at <= record.last_day),
            }
        )


def _basis(finding: Mapping[str, Any], inferred: Container[str], custodies: Container[str]) -> str:
    """What a finding rests on: `stated` days alone, `inferred` ones too, or the `silence` of the documents."""
    if any(finding[row] in inferred or finding[row] in custodies for row in ("trigger", "deed")):
        return "inferred"
    return "silence" if finding["status"] in {"overdue", "unknown"} or finding["kind"] in ABSENCES else "stated"


def report(
    played: Sequence[Played], positions: Mapping[str, Any], *, file: str, seconds: float, calls: int
) -> dict[str, Any]:
    """The whole report. `rate` counts the dated events of defendants' records whose type is a step of these procedures."""
    accepted = Counter(step["event"] for record in played for step in record.accepted)
    refused = [step for record in played for step in record.refused]
    dated = [
        step
        for record in played
        if record.record_level == "defendant"
        for step in (*record.accepted, *(step for step in record.refused if "event" in step))
        if step["dated"]
    ]
    dated_accepted = sum("transition" in step for step in dated)
    steps = sum(len(record.accepted) + len(record.inferred) for record in played)
    kinds = Counter(
        (finding["id"], finding["status"], finding["basis"], finding["beyond_record"])
        for record in played
        for finding in record.findings
    )
    laws = {finding["id"]: finding["law_ref"] for record in played for finding in record.findings}
    return {
        "file": file,
        "records": [asdict(record) for record in played],
        "totals": {
            "records": len(played),
            "cases": len({record.case_id for record in played}),
            "events": sum(record.events for record in played),
            "accepted": sum(accepted.values()),
            "inferred": sum(len(record.inferred) for record in played),
            "refused": len(refused),
            "refused_stated": sum(1 for step in refused if "event" in step),
            "outside": sum(len(record.outside) for record in played),
            "steps": steps,
            "dated_defendant_events": len(dated),
            "dated_defendant_events_accepted": dated_accepted,
            "rate": round(dated_accepted / len(dated), 4) if dated else None,
            "server_errors": sum(step["status"] >= 500 for step in refused),
            "by_event": dict(sorted(accepted.items())),
            "refusals": dict(Counter(f"{step['code']} {step['type']}" for step in refused).most_common()),
            "findings": [
                {
                    "id": kind,
                    "status": status,
                    "basis": basis,
                    "beyond_record": beyond,
                    "count": count,
                    "law_ref": laws[kind],
                }
                for (kind, status, basis, beyond), count in sorted(kinds.items())
            ],
            "positions": positions["items"],
            "seconds": round(seconds, 2),
            "calls": calls,
            "steps_per_second": round(steps / seconds, 1) if seconds else None,
        },
    }


def today() -> date:
    """The day in Asia/Shanghai on which nothing may be later."""
    return local_date(datetime.now(UTC))
