"""Read each log from where it stopped, through the gateway; conclude; command what an ordinary step mends.

What was read, how far, and of which cases it is are stored in one transaction; a case is marked until it was concluded,
in another. So a coordinator that is killed anywhere goes on as if it had not been, and a case of which much is read is
concluded once for all of it. A lock in the database lets one coordinator work at a time.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from services.coordinator import claims, heard, ordering, register, repository
from services.coordinator.agree import Witness
from services.coordinator.domain import sealing, shared
from services.coordinator.domain.alerts import NOTHING, Heard
from services.coordinator.domain.clocks import Clocks, Reading
from services.coordinator.domain.kin import Kin
from services.coordinator.domain.ledger import Ledger
from services.coordinator.domain.proof import reading_told
from services.coordinator.domain.recomputed import moved
from services.coordinator.domain.reconcile import Conclusion, conclude, not_concluded
from services.kernel import digests, feed, log
from services.kernel.identity import Signer
from services.kernel.period import local_date
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
#: How many cases are concluded in one transaction; and how many at every sweep while a log is far from read, since of
#: most of them more is to come.
AT_ONCE, MEANWHILE = 200, 10
#: The lock in the coordinator's database that makes one lead.
LEADER = 0x53_54_43_4F
_LOGGER = logging.getLogger("singletrack")
#: Where a thing is found, by the first word of its id; a custody where it is none of these.
_AT = {"itm": "/v1/items/{}", "case": "/v1/cases/{}/dossier"}


@dataclass(slots=True)
class Follower:
    """Follows the logs of all services. `run` until cancelled."""

    service: Service
    signer: Signer
    clocks: Clocks
    client: httpx.AsyncClient
    _one_at_a_time: asyncio.Lock
    #: That something was read of which no more is there yet; and the logs of which more is there to be read.
    _news: asyncio.Event
    _behind: set[str] = field(default_factory=set)
    _round: asyncio.Event = field(default_factory=asyncio.Event)
    #: The number of the term in which this one leads.
    _term: int = 0

    async def run(self) -> None:
        """Lead when nobody else does; start again after whatever goes wrong."""
        while True:
            try:
                async with raw(self.service.engine) as connection:
                    if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER):
                        try:
                            await self._lead(connection)
                        finally:
                            with contextlib.suppress(Exception):
                                await connection.execute("SELECT pg_advisory_unlock($1)", LEADER)
            except Exception:  # whatever it is: the next try begins from what was stored
                _LOGGER.exception("the coordinator starts again")
            await asyncio.sleep(0.5)

    async def _lead(self, lock: log.Connection) -> None:
        self._term = await repository.lead(lock)
        await repository.keep(lock, {**self.clocks.terms, CALENDAR.version: CALENDAR.as_dict()})
        await repository.look_again(lock, CALENDAR.version, self.service.clock.now())
        tasks = [
            *(asyncio.create_task(self._follow(name)) for name in FOLLOWED),
            asyncio.create_task(self._work()),
            asyncio.create_task(self._command()),
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

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[log.Connection]:
        """A transaction of whoever leads. Raises: repository.Deposed."""
        async with self._one_at_a_time, raw(self.service.engine) as connection, connection.transaction():
            await repository.check_leads(connection, self._term)
            yield connection

    async def _hold(self, lock: log.Connection) -> None:
        """The lock is ours as long as its connection lives."""
        while True:
            await lock.fetchval("SELECT 1")
            await asyncio.sleep(1)

    async def _follow(self, name: str) -> None:
        while True:
            try:
                if await self._is_halted(name):
                    await asyncio.sleep(HALTED)
                else:
                    await self._read_on(name)
            except httpx.HTTPError:
                await asyncio.sleep(0.5)
            except (ValueError, KeyError, TypeError):  # one that talks nonsense keeps no other from being read
                _LOGGER.exception("what %s tells cannot be read", name)
                await asyncio.sleep(0.5)

    async def _read_on(self, name: str) -> None:
        """Read a log from where that stopped until it is halted. Raises: httpx.HTTPError, and what feed.read does."""
        async with raw(self.service.engine) as connection:
            after, _ = (await repository.positions(connection)).get(name, (0, None))
        coming = asyncio.create_task(self._page(name, after, 0.0))
        doubted: int | None = None
        try:
            while True:
                asked_at, answer = await coming
                if answer.status_code == HTTPStatus.CONFLICT:
                    await self._stop(name, after, int(answer.json()["last"]))
                    return
                answer.raise_for_status()
                page = _unbroken(feed.read(answer.content.decode()), after, is_doubted=after == doubted)
                doubted = after if page.has_more and page.after == after else None
                if doubted is not None:
                    await asyncio.sleep(GATHER)
                if page.has_more:  # the next is made while this one is stored
                    coming = asyncio.create_task(self._page(name, page.after, 0.0))
                # What was committed before we asked is in this page, unless there are more: then nothing is known yet.
                if not await self._take_in(name, page, after, None if page.has_more else asked_at):
                    return
                after = page.after
                (self._behind.add if page.has_more else self._behind.discard)(name)
                if page.rows and not self._behind:
                    self._news.set()
                if not page.has_more:
                    await asyncio.sleep(GATHER if page.rows else 0.0)
                    coming = asyncio.create_task(self._page(name, after, WAIT))
        finally:
            self._behind.discard(name)
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _page(self, name: str, after: int, wait: float) -> tuple[datetime, httpx.Response]:
        asked_at = self.service.clock.now()
        answer = await self.client.get(
            f"/v1/feeds/{name}/events",
            params={"after": str(after), "limit": PAGE, "wait": wait},
            headers=self._headers(),
            timeout=WAIT + 10,
        )
        return asked_at, answer

    async def _stop(self, name: str, read: int, last: int) -> None:
        """The log is not the one that was read: nothing of it is read again until somebody decides."""
        _LOGGER.error("%s ends at %d or tells otherwise; %d had been read", name, last, read)
        async with self._writing() as connection:
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
        async with self._writing() as connection:
            if common is not None:
                moved, left = await register.set_aside(connection, halt["id"], name, common, now)
                await repository.turn_back(connection, name, common)
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

    async def _take_in(self, name: str, page: feed.Page, before: int, read_until: datetime | None) -> bool:
        """Store a page and mark its cases; False, and nothing is stored, where the log is halted or is so by this page."""
        try:
            async with self._writing() as connection:
                if await register.halt_of(connection, name) is not None:
                    return False
                stored = await repository.store(connection, name, page.rows) if page.rows else 0
                await register.check_same(connection, name, before, page, are_news=stored == len(page.rows))
                await repository.move(connection, name, page.after, read_until)
        except register.Contradicted:
            await self._stop(name, before, before)
            return False
        return True

    async def _work(self) -> None:
        """Conclude what is marked, and what no event announced: time that passed."""
        while True:
            self._news.clear()
            async with self._writing() as connection:
                most = MEANWHILE if self._behind else AT_ONCE
                cases = await repository.due_for_a_look(connection, self.service.clock.now(), most)
                await self._conclude(connection, cases)
            self._round.set()
            if self._behind or len(cases) < AT_ONCE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), SWEEP)

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
        await repository.unmark(connection, case_ids)
        for start in range(0, len(case_ids), AT_ONCE):
            part = case_ids[start : start + AT_ONCE]
            rows = await repository.rows_of(connection, sorted({each for case_id in part for each in kin[case_id]}))
            # A case of which nothing was read is not there yet.
            cases = {
                case_id: self._told(case_id, {each: rows[each] for each in kin[case_id]})
                for case_id in part
                if rows[case_id]
            }
            claimed = await claims.put(connection, part, [claim for _, mine in cases.values() for claim in mine])
            before = await heard.heard_of(connection, list(cases))
            conclusions = [
                self._concluded(
                    case_id, case, reading, before.get(case_id, NOTHING), shared.others(case_id, mine, claimed)
                )
                for case_id, (case, mine) in cases.items()
            ]
            organs = {case_id: _sharing(case, rows[case_id], local_date(now)) for case_id, (case, _) in cases.items()}
            await self._trace(connection, conclusions, now)
            await repository.conclude(connection, conclusions, organs, told, now)
            await heard.tell(connection, conclusions, before, now)
            await repository.ask(connection, conclusions, now)
            await ordering.keep(connection, conclusions, now)

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

    def _told(
        self, case_id: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[Ledger | None, list[shared.Claim]]:
        """The ledger of a case, and what it claims; None where no ledger comes of its rows."""
        try:
            ledger = Ledger(case_id, Kin.of(rows).rows_for(case_id), self.service.domain.code)
            return ledger, shared.claims(ledger)
        except Exception:  # whatever it is: one case must not keep all others from being read
            _LOGGER.exception("%s cannot be read", case_id)
            return None, []

    def _concluded(
        self, case_id: str, ledger: Ledger | None, reading: Reading, before: Heard, others: shared.Others
    ) -> Conclusion:
        if ledger is None:
            return not_concluded(case_id)
        tolerance = timedelta(seconds=self.service.settings.handover_tolerance_seconds)
        try:
            return conclude(
                ledger, clocks=self.clocks, reading=reading, tolerance=tolerance, others=others, heard=before
            )
        except Exception:  # whatever it is: one case must not keep all others from being read
            _LOGGER.exception("%s cannot be concluded", case_id)
            return not_concluded(case_id)

    async def _command(self) -> None:
        """Command what was noted. The key is its id: asked again, it is done once."""
        while await self._round.wait():
            self._round.clear()
            async with raw(self.service.engine) as connection:
                asked = await repository.asked(connection)
            for each in asked:
                try:
                    status, answer = await self._post(each)
                except httpx.HTTPError:
                    break
                if status < 500 and status != 412:  # noqa: PLR2004 - away, or moved meanwhile: again, with the same key
                    async with raw(self.service.engine) as connection:
                        await repository.answered(connection, each["finding_id"], status, answer)

    async def _post(self, each: Mapping[str, Any]) -> tuple[int, str]:
        url = _AT.get(each["target"].partition("_")[0], "/v1/custodies/{}").format(each["target"])
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


def _unbroken(page: feed.Page, after: int, *, is_doubted: bool) -> feed.Page:
    """A page as far as it goes on from where was asked without leaving out a row: what was held up on the way may not.

    A row that is left out again is not there, and is passed over: comparing the logs tells of it.
    """
    told, reached = {row.feed_seq for row in page.rows}, after
    while reached + 1 in told:
        reached += 1
    # The link is of the row before the first: of one that does not go on from here it says nothing.
    link = page.link if page.after >= after and min(told, default=after + 1) == after + 1 else ""
    if page.after == reached or (page.after > reached and is_doubted):
        return replace(page, link=link)
    return feed.Page([row for row in page.rows if row.feed_seq <= reached], reached, has_more=True, link=link)


def _sharing(ledger: Ledger | None, rows: Sequence[Mapping[str, Any]], today: date) -> list[str]:
    """The organs for whose eyes a case is: those that share it, or those that a permit names once it is sealed."""
    readers = sealing.readers(ledger, today) if ledger is not None else None
    return sorted({organ for row in rows for organ in row.get("organs", {}).values()} if readers is None else readers)


async def follow(service: Service, signer: Signer, gateway_url: str, transport: httpx.AsyncBaseTransport) -> None:
    """Follow all logs until cancelled."""
    async with httpx.AsyncClient(base_url=gateway_url, transport=transport) as client:
        await Follower(service, signer, Clocks(service.domain.code), client, asyncio.Lock(), asyncio.Event()).run()
