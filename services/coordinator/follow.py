"""Read each log from where it stopped, through the gateway; conclude; command what an ordinary step mends.

What was read, how far, and what was concluded from it are stored in one transaction, so a coordinator that is killed
anywhere goes on as if it had not been. A lock in the database lets one coordinator work at a time.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from services.coordinator import register, repository
from services.coordinator.agree import Witness
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.kin import Kin
from services.coordinator.domain.proof import reading_told
from services.coordinator.domain.recomputed import moved
from services.coordinator.domain.reconcile import Conclusion, not_concluded, reconcile
from services.kernel import digests, log
from services.kernel.identity import Signer
from services.kernel.service import Service
from services.kernel.work import raw
from services.law.custody_handover import CustodyHandover
from services.law.holidays import CALENDAR

FOLLOWED = ("case_flow", "custody_transfer", "evidence")
#: Rows asked for at once, seconds to wait for news, seconds between looks at what time alone changes.
PAGE, WAIT, SWEEP = 1000, 5.0, 2.0
#: Seconds to let news gather after some came: a case that is being written to is concluded once for all of it.
GATHER = 0.1
#: Seconds between looks whether it was decided how to go on with a log that was found cut back.
HALTED = 0.5
#: How many cases are concluded in one transaction.
AT_ONCE = 200
_LEADER = 0x53_54_43_4F
_LOGGER = logging.getLogger("singletrack")


@dataclass(slots=True)
class Follower:
    """Follows the logs of all services. `run` until cancelled."""

    service: Service
    signer: Signer
    clocks: Clocks
    client: httpx.AsyncClient
    _one_at_a_time: asyncio.Lock

    async def run(self) -> None:
        """Lead when nobody else does; start again after whatever goes wrong."""
        while True:
            try:
                async with raw(self.service.engine) as connection:
                    if await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LEADER):
                        try:
                            await self._lead(connection)
                        finally:
                            with contextlib.suppress(Exception):
                                await connection.execute("SELECT pg_advisory_unlock($1)", _LEADER)
            except Exception:  # whatever it is: the next try begins from what was stored
                _LOGGER.exception("the coordinator starts again")
            await asyncio.sleep(0.5)

    async def _lead(self, lock: log.Connection) -> None:
        await repository.keep(lock, {**self.clocks.terms, CALENDAR.version: CALENDAR.as_dict()})
        await repository.look_again(lock, CALENDAR.version, self.service.clock.now())
        tasks = [
            *(asyncio.create_task(self._follow(name)) for name in FOLLOWED),
            asyncio.create_task(self._sweep()),
            asyncio.create_task(Witness(self.service, self.client, self._headers, self.signer.key, FOLLOWED).run()),
            asyncio.create_task(self._hold(lock)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hold(self, lock: log.Connection) -> None:
        """The lock is ours as long as its connection lives."""
        while True:
            await lock.fetchval("SELECT 1")
            await asyncio.sleep(1)

    async def _follow(self, name: str) -> None:
        after: int | None = None
        waits = 0.0
        while True:
            asked_at = self.service.clock.now()
            try:
                if await self._is_halted(name):
                    after = None
                    await asyncio.sleep(HALTED)
                    continue
                if after is None:
                    async with raw(self.service.engine) as connection:
                        after, _ = (await repository.positions(connection)).get(name, (0, None))
                answer = await self.client.get(
                    f"/v1/feeds/{name}/events",
                    params={"after": str(after), "limit": PAGE, "wait": waits},
                    headers=self._headers(),
                    timeout=WAIT + 10,
                )
                if answer.status_code == HTTPStatus.CONFLICT:
                    await self._stop(name, after, int(answer.json()["last"]))
                    continue
                answer.raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.5)
                continue
            page = answer.json()
            events: Sequence[Mapping[str, Any]] = page["items"]
            # What was committed before we asked is in this page, unless there are more: then nothing is known yet.
            read_until = None if page["has_more"] else asked_at
            async with raw(self.service.engine) as connection:
                contradicted = await register.contradicts(connection, name, events)
            if contradicted:
                await self._stop(name, after, after)
                continue
            after = int(page["next_cursor"])
            waits = 0.0 if page["has_more"] else WAIT
            await self._take_in(name, events, after, read_until)
            if events and not page["has_more"]:
                await asyncio.sleep(GATHER)

    async def _stop(self, name: str, read: int, last: int) -> None:
        """The log is not the one that was read: nothing of it is read again until somebody decides."""
        _LOGGER.error("%s ends at %d or tells otherwise; %d had been read", name, last, read)
        async with self._one_at_a_time, raw(self.service.engine) as connection, connection.transaction():
            await register.stop(connection, name, read, last, self.service.clock.now())

    async def _is_halted(self, name: str) -> bool:
        """Whether a log waits for a decision; does what was decided."""
        async with raw(self.service.engine) as connection:
            halt = await register.halt_of(connection, name)
        if halt is None or halt["decision"] is None:
            return halt is not None
        anew = halt["decision"]["decision"] == "set_aside"
        common = await self._common(name, min(halt["read"], halt["last"])) if anew else None
        now = self.service.clock.now()
        async with self._one_at_a_time, raw(self.service.engine) as connection, connection.transaction():
            if common is not None:
                moved, left = await register.set_aside(connection, halt["id"], name, common, now)
                await repository.move(connection, name, common, None)
                await digests.turn_back(connection, digests.LEDGER, name, moved, common)
                await self._conclude(connection, left)
            await register.end(connection, halt, now)
        return False

    async def _common(self, name: str, most: int) -> int:
        """The last number up to which a log still tells what was read. Raises: httpx.HTTPError."""
        low = 0
        while low < most:
            middle = (low + most + 1) // 2
            answer = await self.client.get(
                f"/v1/feeds/{name}/events",
                params={"after": str(middle - 1), "limit": 1, "wait": 0},
                headers=self._headers(),
                timeout=WAIT + 10,
            )
            if answer.status_code != HTTPStatus.CONFLICT:
                answer.raise_for_status()
            told = [event["datadigest"] for event in answer.json().get("items", ())]
            async with raw(self.service.engine) as connection:
                link = await register.link_at(connection, name, middle)
            is_same = link is not None and told == [f"sm3:{link.hex()}"]
            low, most = (middle, most) if is_same else (low, middle - 1)
        return low

    def _headers(self) -> dict[str, str]:
        token = self.signer.issue("sys-coordinator", "coordinator", officer="coordinator", client="coordinator")
        return {"Authorization": f"Bearer {token}"}

    async def _take_in(
        self, name: str, events: Sequence[Mapping[str, Any]], after: int, read_until: datetime | None
    ) -> None:
        async with self._one_at_a_time, raw(self.service.engine) as connection, connection.transaction():
            texts = [json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")) for event in events]
            changed = await repository.store(connection, name, events, texts) if events else set()
            await repository.move(connection, name, after, read_until)
            await self._conclude(connection, sorted(changed))

    async def _sweep(self) -> None:
        """What no event announced: time that passed."""
        while True:
            async with self._one_at_a_time, raw(self.service.engine) as connection, connection.transaction():
                cases = await repository.due_for_a_look(connection, self.service.clock.now(), AT_ONCE)
                await self._conclude(connection, cases)
            await self._command()
            await asyncio.sleep(0.0 if len(cases) == AT_ONCE else SWEEP)

    async def _conclude(self, connection: log.Connection, case_ids: Sequence[str]) -> None:
        now = self.service.clock.now()
        positions = await repository.positions(connection)
        settings = self.service.settings
        reading = Reading(
            {name: until for name, (_, until) in positions.items() if until is not None},
            now,
            timedelta(seconds=settings.at_once_tolerance_seconds),
        )
        told = reading_told(reading, CALENDAR.version)
        # What was recorded in one case concerns those who came from it, wherever they are now.
        kin = await repository.kin_of(connection, case_ids)
        case_ids = sorted({each for family in kin.values() for each in family})
        kin = {each: family for family in kin.values() for each in family}
        for start in range(0, len(case_ids), AT_ONCE):
            part = case_ids[start : start + AT_ONCE]
            rows = await repository.rows_of(connection, sorted({each for case_id in part for each in kin[case_id]}))
            part = [case_id for case_id in part if rows[case_id]]  # a case of which nothing was read is not there yet
            conclusions = [
                self._concluded(case_id, {each: rows[each] for each in kin[case_id]}, reading) for case_id in part
            ]
            organs = {
                case_id: sorted({organ for row in rows[case_id] for organ in row.get("organs", {}).values()})
                for case_id in part
            }
            await self._trace(connection, conclusions, now)
            await repository.conclude(connection, conclusions, organs, told, now)
            await repository.ask(connection, [repair for each in conclusions for repair in each.repairs], now)

    async def _trace(self, connection: log.Connection, conclusions: Sequence[Conclusion], now: datetime) -> None:
        """Write down what moved because the calendar is another than the one last concluded with."""
        case_ids = [each.case_id for each in conclusions if each.is_whole]
        before = await repository.concluded_otherwise(connection, case_ids, CALENDAR.version)
        for each in conclusions:
            if each.case_id in before:
                was = before[each.case_id]
                clocks = [clock.as_dict() for clock in (*each.duties, *each.rights)]
                traces = list(moved(was["clocks"], clocks, (was["calendar"], CALENDAR.version)))
                await repository.trace(connection, each.case_id, traces, now)

    def _concluded(self, case_id: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], reading: Reading) -> Conclusion:
        tolerance = timedelta(seconds=self.service.settings.handover_tolerance_seconds)
        try:
            return reconcile(
                case_id,
                Kin.of(rows).rows_for(case_id),
                code=self.service.domain.code,
                clocks=self.clocks,
                reading=reading,
                tolerance=tolerance,
            )
        except Exception:  # whatever it is: one case must not keep all others from being read
            _LOGGER.exception("%s cannot be concluded", case_id)
            return not_concluded(case_id)

    async def _command(self) -> None:
        """Command what was noted. The key is its id: asked again, it is done once."""
        async with raw(self.service.engine) as connection:
            for each in await repository.asked(connection):
                try:
                    status, answer = await self._post(each)
                except httpx.HTTPError:
                    return
                if status < 500 and status != 412:  # noqa: PLR2004 - away, or moved meanwhile: again, with the same key
                    await repository.answered(connection, each["finding_id"], status, answer)

    async def _post(self, each: Mapping[str, Any]) -> tuple[int, str]:
        url = f"/v1/custodies/{each['target']}"
        custody = await self.client.get(url, headers=self._headers(), timeout=10)
        if custody.status_code != 200:  # noqa: PLR2004 - OK
            return custody.status_code, custody.text
        answer = await self.client.post(
            f"{url}/transitions",
            headers={**self._headers(), "Idempotency-Key": each["finding_id"], "If-Match": custody.headers["etag"]},
            json={
                "type": CustodyHandover.offer_commanded.type,
                **each["body"],
            },  # noted without a type by older releases
            timeout=10,
        )
        return answer.status_code, answer.text


async def follow(service: Service, signer: Signer, gateway_url: str, transport: httpx.AsyncBaseTransport) -> None:
    """Follow all logs until cancelled."""
    async with httpx.AsyncClient(base_url=gateway_url, transport=transport) as client:
        await Follower(service, signer, Clocks(service.domain.code), client, asyncio.Lock()).run()
