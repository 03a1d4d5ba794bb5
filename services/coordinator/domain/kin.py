"""Cases between which persons went: which rows of each concern whom, and in which case a person is now. Pure.

A person takes their past along. What a case is concluded from is all that happened to the persons who are in it now,
wherever it was recorded, and everything of its own that is not about somebody who left.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
#: Later than everything.
_EVER = "~"


@dataclass(slots=True)
class Stay:
    """A person in a case, from one moment to another as the rows were recorded; `left` is the row that ended it."""

    case_id: str
    until: str = _EVER
    left: Row | None = None


@dataclass(slots=True)
class Kin:
    """The rows of cases between which persons went, and where each person was."""

    rows: Mapping[str, Sequence[Row]]
    stays: dict[str, list[Stay]] = field(default_factory=dict)
    person_of: dict[str, str] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    #: Who ever left for which case.
    gone: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Mapping[str, Sequence[Row]]) -> "Kin":
        """What the rows of these cases say of who went where."""
        kin = cls(rows)
        every = [row for each in rows.values() for row in each]
        for row in sorted(every, key=lambda row: (row["recorded_at"], row["seq"])):
            for subject, what in row.get("created", {}).items():
                if what["kind"] == "custody":
                    kin.person_of[subject] = what["person"]
                elif what["kind"] == "person":
                    kin.stays.setdefault(subject, []).append(Stay(row["case_id"]))
                elif what["kind"] == "item":
                    kin.items.add(subject)
            for person in row["subjects"] if "left" in row else ():
                kin.gone.add((person, row["left"]["to"]))
                for stay in kin.stays.get(person, ())[-1:]:
                    stay.left = row
            for person in row["arrived"]["carried"]["subjects"] if "arrived" in row else ():
                before = kin.stays.setdefault(person, [])
                for stay in before[-1:]:
                    stay.until = stay.left["recorded_at"] if stay.left is not None else row["recorded_at"]
                before.append(Stay(row["case_id"]))
        return kin

    def members(self, case_id: str) -> set[str]:
        """Who is in a case now. Whoever left counts there until they have arrived."""
        return {person for person, stays in self.stays.items() if stays[-1].case_id == case_id}

    def rows_for(self, case_id: str) -> list[Row]:
        """What a case is to be concluded from. Its own rows as they are where nobody ever left it or came to it."""
        own = self.rows[case_id]
        if not any("left" in row or "arrived" in row for row in own):
            return list(own)
        members, goods = self.members(case_id), self._heir(case_id) == case_id
        told = [self._own(row, members, goods=goods) for row in own]
        for other in self.rows.keys() - {case_id}:
            theirs = {person: stay for person in members for stay in self.stays[person] if stay.case_id == other}
            goods = self._heir(other) == case_id
            told += [row for each in self.rows[other] for row in self._elsewhere(each, theirs, goods=goods)]
        return told

    def _own(self, row: Row, members: Collection[str], *, goods: bool) -> Row:
        """A row of the case without what it says of persons who left, and of goods that went with the last of them.

        What leaving itself begins is owed by the organ that they left. `astray` are those who have not arrived, `twice`
        those who arrived and had not left.
        """
        if "left" in row:
            astray = [person for person in row["subjects"] if person in members and self.stays[person][-1].left is row]
            moves = [move for move in row["moves"] if not move.get("carried")]
            return {**row, "moves": moves, "left": {**row["left"], "astray": astray}}

        def keeps(subject: str) -> bool:
            owner = self._owner(subject)
            return owner in members if owner is not None else goods or subject not in self.items

        told = _about(row, keeps)
        twice = (
            [person for person in row["arrived"]["carried"]["subjects"] if self._stayed(person, row["case_id"])]
            if "arrived" in row
            else []
        )
        return {**told, "twice": twice} if twice else told

    def _elsewhere(self, row: Row, theirs: Mapping[str, Stay], *, goods: bool) -> Iterator[Row]:
        """A row of another case, as far as it concerns these persons, or the goods that came with the last of them.

        What was done for that whole case while they were in it concerns them too: `for` names them. It begins nothing
        here, and papers and packages are looked for where they were handed in.
        """
        then = [person for person, stay in sorted(theirs.items()) if row["recorded_at"] <= stay.until]
        concerned = then if row["service"] == "case_flow" else theirs

        def keeps(subject: str) -> bool:
            owner = self._owner(subject)
            if subject == row["case_id"]:
                return bool(then) and row["service"] == "case_flow"
            return goods and subject in self.items if owner is None else owner in concerned

        kept = dict(_about(row, keeps))
        if "left" in row:
            kept["moves"] = [move for move in kept["moves"] if move.get("carried")]
            del kept["left"]
        if any(kept.get(part) for part in ("moves", "concerns", "created")):
            kept.pop("organs", None)
            kept.pop("arrived", None)
            yield {**kept, "documents": kept["documents"] if row["service"] == "evidence" else [], "for": then}

    def _owner(self, subject: str) -> str | None:
        return subject if subject in self.stays else self.person_of.get(subject)

    def _stayed(self, person: str, case_id: str) -> bool:
        """Whether somebody who arrived in a case was in another one, and never left it for this."""
        elsewhere = any(stay.case_id != case_id for stay in self.stays.get(person, ()))
        return elsewhere and (person, case_id) not in self.gone

    def _heir(self, case_id: str) -> str:
        """Whose the goods of a case are: its own while somebody is in it, else of the case to which the last one went."""
        seen = {case_id}
        while not self.members(case_id):
            gone = [row for row in self.rows[case_id] if "left" in row]
            if not gone:
                break
            case_id = max(gone, key=lambda row: int(row["seq"]))["left"]["to"]
            if case_id in seen or case_id not in self.rows:
                break
            seen.add(case_id)
        return case_id


def _about(row: Row, keeps: Callable[[str], bool]) -> Row:
    """A row without the subjects that are not kept; what it calls persons is always known."""
    told = {**row, "moves": [move for move in row["moves"] if keeps(move["subject"])]}
    for part in ("subjects", "concerns"):
        if part in row:
            told[part] = [subject for subject in row[part] if keeps(subject)]
    if "created" in row:
        created = row["created"].items()
        told["created"] = {subject: what for subject, what in created if what["kind"] == "person" or keeps(subject)}
    return told
