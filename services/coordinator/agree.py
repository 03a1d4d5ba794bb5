"""Hold the ledger against the logs it was read from, as of the same position, and certify what comes out.

Roots are compared; where they differ, the walk goes down to the cases that differ and says which side is wrong. Every
sweep also has a part of both trees read anew from the rows, so that within so many sweeps nothing goes unread that was
changed behind a log's back. Nothing is ever mended here: both sides are left as they are.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import httpx
from joserfc.jwk import OKPKey

from services.coordinator import register, repository
from services.coordinator.domain import certificate
from services.coordinator.domain.agreement import Difference, Side, Stored, compare, diverged
from services.coordinator.domain.certificate import Json, Path
from services.kernel import digests, tree
from services.kernel.digests import LEDGER, Node
from services.kernel.log import Connection
from services.kernel.service import Service
from services.kernel.transition import Links, instant, new_id
from services.kernel.work import raw

#: Seconds between sweeps, and between looks for somebody who asks.
EVERY, LOOK = 60.0, 0.3
#: How many 256ths of all cases a sweep has read anew from their rows.
ANEW = 4
#: How many cases that differ are named; there may be more.
NAMED = 50
#: How long to wait until a log is read as far as its tree says, in seconds, and for one answer.
PATIENCE, ANSWER = 10.0, 60.0
#: How often a comparison begins anew because a tree moved on meanwhile.
TRIES = 5
_PARTS = 16**digests.FRESH_DIGITS
_LOGGER = logging.getLogger("singletrack")


class _MovedOn(Exception):
    """The service's tree stands elsewhere than when the comparison began."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of comparing one log. `status`: agreed, differs, or unknown for a reason (`why`)."""

    status: str
    position: int = 0
    root: str = ""
    root_of_service: str = ""
    cases: int = 0
    why: str = ""
    differences: Sequence[Difference] = ()

    def as_dict(self) -> Json:
        """For the statement."""
        return {name: getattr(self, name) for name in ("status", "position", "root", "root_of_service", "cases", "why")}


@dataclass(slots=True)
class Witness:
    """Compares the logs with what was read of them. `run` until cancelled; one at a time in the whole system."""

    service: Service
    client: httpx.AsyncClient
    headers: Callable[[], dict[str, str]]
    key: OKPKey
    names: Sequence[str]
    _anew: int = 0
    _stood: dict[tuple[str, str], bool] = field(default_factory=dict)

    async def run(self) -> None:
        """Answer who asks, and sweep; whatever goes wrong, the following goes on."""
        loop = asyncio.get_running_loop()
        # By the clock, not from the beginning: one that is started often must not read the same part every time.
        self._anew = int(self.service.clock.now().timestamp() / EVERY) * ANEW % _PARTS
        due = loop.time() + EVERY
        while True:
            try:
                async with raw(self.service.engine) as connection:
                    asked = await register.asked(connection)
                for each in asked:
                    await self.certify(each["id"], each["case_ids"], deep=each["deep"])
                if loop.time() >= due:
                    due = loop.time() + EVERY
                    await self.sweep()
            except Exception:  # whatever it is: the next sweep begins from the rows again
                _LOGGER.exception("the logs could not be compared")
                await asyncio.sleep(LOOK)
            await asyncio.sleep(LOOK)

    async def sweep(self) -> None:
        """Compare all logs, and keep a certificate if it says anything new."""
        parts = [f"{number % _PARTS:02x}" for number in range(self._anew, self._anew + ANEW)]
        self._anew = (self._anew + ANEW) % _PARTS
        outcomes = await self._compare_all(parts)
        async with raw(self.service.engine) as connection:
            last = await register.last_swept(connection)
        said = self._statement("", outcomes, [])
        if last is None or any(last[name] != said[name] for name in ("services", "differences")):
            await self._keep(new_id("agr"), outcomes, {})

    async def certify(self, agreement_id: str, case_ids: Sequence[str], *, deep: bool) -> None:
        """Compare all logs and certify what came out, with the paths of these cases."""
        outcomes = await self._compare_all(None if deep else [])
        async with raw(self.service.engine) as connection:
            cases = {case_id: await self._paths(connection, case_id, outcomes) for case_id in case_ids}
        await self._keep(agreement_id, outcomes, cases)

    async def _keep(
        self, agreement_id: str, outcomes: Mapping[str, Outcome], cases: Mapping[str, Mapping[str, Path]]
    ) -> None:
        statement = self._statement(agreement_id, outcomes, list(cases))
        issued = certificate.issue(statement, cases, self.key)
        async with raw(self.service.engine) as connection:
            await register.certify(connection, agreement_id, statement, issued, self.service.clock.now())

    def _statement(self, agreement_id: str, outcomes: Mapping[str, Outcome], case_ids: Sequence[str]) -> Json:
        differences = [
            {
                "service": each.service,
                "case_id": each.case_id,
                "seq": each.seq,
                "wrong": str(each.wrong),
                "how": each.how,
                "finding_id": diverged(each).id,
            }
            for outcome in outcomes.values()
            for each in outcome.differences
        ]
        return {
            "kind": certificate.TYPE,
            "id": agreement_id,
            "by": "sys-coordinator",
            "made_at": instant(self.service.clock.now()),
            "algorithm": tree.ALGORITHM,
            "services": {name: outcome.as_dict() for name, outcome in outcomes.items()},
            "differences": differences,
            "case_ids": list(case_ids),
        }

    async def _paths(self, connection: Connection, case_id: str, outcomes: Mapping[str, Outcome]) -> Mapping[str, Path]:
        """The paths of a case in every log that agrees and knows it."""
        found = {}
        bucket = tree.bucket_of(case_id)
        for name in (name for name, outcome in outcomes.items() if outcome.status == "agreed"):
            leaves = await digests.leaves(connection, name, bucket)
            levels = [
                {node.prefix[-1]: node.plain for node in await digests.children(connection, name, bucket[:length])}
                for length in range(tree.DEPTH - 1, -1, -1)
            ]
            for leaf in (leaf for leaf in leaves if leaf.case_id == case_id):
                found[name] = Path(leaf, [each.digest for each in leaves], levels)
        return found

    # Comparing.

    async def _compare_all(self, anew: Sequence[str] | None) -> dict[str, Outcome]:
        """Compare every log, after these parts of both trees were read anew; all parts where none are named."""
        outcomes = {name: await self._compare(name, anew) for name in self.names}
        now = self.service.clock.now()
        async with raw(self.service.engine) as connection:
            for name, outcome in outcomes.items():
                if outcome.status != "unknown":
                    await register.diverged(connection, name, [diverged(each) for each in outcome.differences], now)
        return outcomes

    async def _compare(self, name: str, anew: Sequence[str] | None) -> Outcome:
        """Compare one log, from the beginning if its tree moves on meanwhile."""
        for _ in range(TRIES):
            try:
                async with raw(self.service.engine) as connection:
                    return await self._compared(connection, name, anew)
            except _MovedOn:
                continue
            except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                _LOGGER.warning("%s could not be compared: %r", name, error)
                return Outcome("unknown", why="no_answer")
        return Outcome("unknown", why="moving")

    async def _compared(self, connection: Connection, name: str, anew: Sequence[str] | None) -> Outcome:
        if await register.halt_of(connection, name) is not None:
            return Outcome("unknown", why="halted")
        # Asked in this order: what was read before the log said where it ends cannot lie behind that end.
        before, _ = (await repository.positions(connection)).get(name, (0, None))
        top = await self._get(name)
        end = top["last"]
        if before > end:
            await register.stop(connection, name, before, end, self.service.clock.now())
            return Outcome("unknown", position=end, why="restored")
        while top["position"] < end:
            top = await self._get(name)
        read = await self._read_to(connection, name, top["position"])
        at: int = top["position"]
        if read < at:
            return Outcome("unknown", position=at, why="not_read")
        await self._advance(connection, name, at, read)
        known = {node["prefix"] for node in top["children"]}
        known |= {node.prefix for node in await digests.children(connection, name, "")}
        if anew is None:
            parts = [""] if end <= digests.WHOLE else await self._parts(connection, name, top, at)
        else:
            parts = [part for part in anew if part[0] in known]
        for prefix in parts:
            await self._read_anew(connection, name, prefix, at)
        if parts:
            top = await self._get(name, at=at)
        differences: list[Difference] = []
        for _ in range(2):  # what is read anew on the way may turn out to agree
            ours, theirs = await digests.node(connection, name, ""), Node.of(top["node"])
            if ours == theirs and ours.is_sound:
                return Outcome("agreed", at, ours.digest, theirs.digest, ours.cases)
            differences = await self._walk(connection, name, top, at)
            if differences:
                break
            top = await self._get(name, at=at)
        return Outcome("differs", at, ours.digest, theirs.digest, ours.cases, differences=differences)

    async def _read_anew(self, connection: Connection, name: str, prefix: str, at: int) -> None:
        """Have both sides read a part of their rows anew, at the same time."""
        theirs = asyncio.create_task(self._get(name, prefix=prefix, at=at, fresh=True))
        try:
            await digests.read_anew(connection, LEDGER, name, prefix)
            await theirs
        finally:
            theirs.cancel()

    async def _parts(self, connection: Connection, name: str, top: Json, at: int) -> list[str]:
        """Every part of the tree in which either side has cases."""
        below = [await self._get(name, prefix=child["prefix"], at=at) for child in top["children"]]
        theirs = {str(child["prefix"]) for each in below for child in each["children"]}
        ours = [await digests.children(connection, name, digit) for digit in tree.DIGITS]
        return sorted(theirs | {node.prefix for nodes in ours for node in nodes})

    async def _read_to(self, connection: Connection, name: str, position: int) -> int:
        """How far a log was read, once that is far enough or patience is at an end."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + PATIENCE
        while True:
            read, _ = (await repository.positions(connection)).get(name, (0, None))
            if read >= position or loop.time() > patience:
                return read
            await asyncio.sleep(LOOK)

    async def _advance(self, connection: Connection, name: str, at: int, read: int) -> None:
        """Bring our tree to the same position. One that knows more than was read is of an earlier ledger."""
        if await digests.position(connection, name) > read:
            await digests.forget(connection, name)
        while await digests.advance(connection, LEDGER, name, at) < at:
            pass
        if await digests.position(connection, name) > at:
            raise _MovedOn

    async def _walk(self, connection: Connection, name: str, top: Json, at: int) -> list[Difference]:
        """The cases that differ, found by going down where nodes differ."""
        found: list[Difference] = []
        looking = [top]
        while looking and len(found) < NAMED:
            above = looking.pop()
            theirs = {node.prefix: node for node in map(Node.of, above["children"])}
            ours = {
                node.prefix: node for node in await digests.children(connection, name, str(above["node"]["prefix"]))
            }
            for prefix in sorted(theirs.keys() | ours.keys(), reverse=True):
                one, other = theirs.get(prefix), ours.get(prefix)
                if one == other and one is not None and one.is_sound:
                    continue
                if len(prefix) < tree.DEPTH:
                    looking.append(await self._get(name, prefix=prefix, at=at))
                else:
                    found += await self._differing(connection, name, prefix, at)
        return found

    async def _differing(self, connection: Connection, name: str, bucket: str, at: int) -> list[Difference]:
        """The cases of a bucket that differ, after both sides have read their rows anew."""
        answer = await self._get(name, prefix=bucket, at=at, fresh=True)
        await digests.read_anew(connection, LEDGER, name, bucket)
        theirs = {
            leaf["case_id"]: tree.Leaf(
                leaf["case_id"], leaf["seq"], bytes.fromhex(leaf["sm3"]), bytes.fromhex(leaf["sha256"]), leaf["sound"]
            )
            for leaf in answer["leaves"]
        }
        ours = {leaf.case_id: leaf for leaf in await digests.leaves(connection, name, bucket)}
        found = []
        for case_id in sorted(theirs.keys() | ours.keys()):
            one = theirs.get(case_id)
            if one is None or one != ours.get(case_id) or not one.sound:
                difference = await self._difference(connection, name, case_id, at)
                found += [] if difference is None else [difference]
        return found

    async def _difference(self, connection: Connection, name: str, case_id: str, at: int) -> Difference | None:
        answer = await self._get(name, f"/cases/{case_id}", at=at)
        theirs = [
            Stored(
                row["seq"],
                row["feed_seq"],
                row["body"],
                Links(bytes.fromhex(row["sm3"]), bytes.fromhex(row["sha256"])),
            )
            for row in answer["items"]
        ]
        ours = await register.stored(connection, name, case_id, at)
        found = compare(name, case_id, theirs, ours)
        if found is None or found.wrong is not Side.UNKNOWN:
            return found
        # Both are whole. What both agreed on once tells which of them is still what it was.
        agreed = await register.last_agreed(connection, name, ours[found.seq - 1].feed_seq)
        if agreed is None:
            return found
        agreement_id, position, root = agreed
        stands = self._stood.get((name, agreement_id))
        if stands is None:
            stands = await digests.root_as_of(connection, LEDGER, name, position) == root
            self._stood[name, agreement_id] = stands
        return replace(found, wrong=Side.SERVICE if stands else Side.COORDINATOR, proof=agreement_id)

    async def _get(self, name: str, path: str = "", **asked: Any) -> Json:
        params = {key: str(value).lower() for key, value in asked.items()}
        answer = await self.client.get(
            f"/v1/digests/{name}{path}", params=params, headers=self.headers(), timeout=ANSWER
        )
        if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise _MovedOn
        answer.raise_for_status()
        found: Json = answer.json()
        return found
