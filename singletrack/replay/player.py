"""Plays the records of one case: each stated event becomes its step at its day, with what the law needs before it.

An inferred step is marked so, and is given the most lawful day that the stated ones leave it: what a document does not
say is never held against anyone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.kernel.period import plus_months
from services.kernel.who import Organ
from services.law import CODE
from singletrack.replay import roads
from singletrack.replay.acting import Acting, CaseOnRoad, Mirror, Played
from singletrack.replay.client import Client, key
from singletrack.replay.days import Known, most_lawful_day
from singletrack.replay.meanings import SENTENCES, Deed, Outside, meaning
from singletrack.replay.records import Event, Record

#: Steps after which a person who is held goes free.
FREEING = frozenset(
    {
        "investigation_close:withdraw",
        "investigation_close:terminate",
        "prosecution_review:not_charge",
        *(
            step.type
            for step in CODE.steps.values()
            if step.liberty == "given" and step.procedure.kept_by == "case_flow"
        ),
    }
)
FREEING_SENTENCES = frozenset({"acquittal", "exempt_from_punishment", "control", "fine_only"})
PROCURATORATE_DETENTION = "criminal_detention:detain_for_procuratorate"
#: The step that the law wants at once after another, where the documents never state it.
FOLLOWED_BY = {
    "criminal_detention:detain": "criminal_detention:admit",
    "criminal_detention:detain_for_procuratorate": "criminal_detention:admit",
    "arrest_review:refuse": "arrest_review:release",
    "bail:decide": "bail:execute",
    "bail:decide_procuratorate": "bail:execute",
    "bail:decide_court": "bail:execute",
    "bail:redecide": "bail:execute_anew",
    "bail:redecide_court": "bail:execute_anew",
    "residential_surveillance:decide": "residential_surveillance:execute_home",
    "residential_surveillance:decide_procuratorate": "residential_surveillance:execute_home",
    "residential_surveillance:decide_court": "residential_surveillance:execute_home",
    "residential_surveillance:redecide": "residential_surveillance:execute_anew",
    "prosecution_review:not_charge": "non_prosecution_remedy:announce",
    "prosecution_review:return": "supplementary_return:receive",
}
#: The situations of 换押: the organ that holds from then on, and the title (empty: the trial's own).
HANDS_OVER_TO = {
    "investigation_close:accept": (Organ.PROCURATORATE, "prosecution_review"),
    "prosecution_review:accept_moved": (Organ.PROCURATORATE, "prosecution_review"),
    "supplementary_return:receive": (Organ.POLICE, "supplementary_investigation"),
    "supplementary_return:resubmit": (Organ.PROCURATORATE, "prosecution_review"),
    "court_intake:file": (Organ.COURT, ""),
    "first_trial:adjourn_for_supplement": (Organ.PROCURATORATE, "supplementary_investigation_in_trial"),
    "first_trial:resume_after_supplement": (Organ.COURT, ""),
    "second_trial:accept": (Organ.COURT, "trial_second"),
    "second_trial:remand": (Organ.COURT, "trial_ordinary"),
}
#: The steps from which a review for prosecution is counted.
_REVIEW_BEGINS = ("investigation_close:accept", "supplementary_return:resubmit", "prosecution_review:accept_moved")
#: By where a trial stands: the extension that the court grants itself, and the days before it is needed.
_TRIAL_EXTENSIONS = {
    "ordinary": ("first_trial:extend", timedelta(days=59)),
    "simplified": ("first_trial:extend_simplified", timedelta(days=20)),
    "fast": ("first_trial:extend_fast", timedelta(days=10)),
}


#: What extends a title: the steps from which it runs, the title (empty: the trial's own), how far (0: as the step says).
EXTENDS = {
    "criminal_detention:extend": (("criminal_detention:detain",), "detention_request_arrest", 0),
    "prosecution_review:extend": (_REVIEW_BEGINS, "prosecution_review", 1),
    "first_trial:extend": (("court_intake:file",), "trial_ordinary", 1),
    "first_trial:extend_by_superior": (("court_intake:file",), "trial_ordinary", 2),
    "first_trial:extend_by_supreme": (("court_intake:file",), "trial_ordinary", 3),
    "first_trial:extend_simplified": (("court_intake:file",), "", 1),
    "first_trial:extend_fast": (("court_intake:file",), "", 1),
}


class CasePlayer(CaseOnRoad):
    """Opens a case and plays its records, one after the other."""

    async def play(self) -> list[Played]:
        """Play every record of the case."""
        answer = await self.client.act(
            self.organs[Organ.POLICE],
            "officer",
            "/v1/cases",
            {
                "organs": [organ for kind, organ in self.organs.items() if kind is not Organ.SYSTEM],
                "occurred_at": self.first_day.isoformat(),
                "inferred": True,
            },
            key=key(self.records[0].case_key, "open"),
        )
        assert answer.taken, f"a case can always be opened: {answer.body}"
        case_id = str(answer.body["case_id"])
        self.flow, self.custody, self.evidence = Mirror(case_id), Mirror(case_id), Mirror(case_id)
        self.flow.take_in(answer)
        return [await PersonPlayer(self, record).play() for record in self.records]


class PersonPlayer(Acting):
    """One person of a case on their road through it."""

    def __init__(self, case: CasePlayer, record: Record) -> None:
        super().__init__(case, record)
        self.last = case.first_day
        self.days: dict[str, date] = {}
        #: How far the detention has been extended: not, to seven days, to thirty.
        self.extension = 0

    async def play(self) -> Played:
        """Play the record's events in their order, then what the law lets follow by itself."""
        await self._register()
        for place, event in enumerate(self.record.events):
            self.played.events += 1
            what = meaning(event, self.record.events[:place], self.record.events[place + 1 :])
            if isinstance(what, Outside):
                self._note_outside(event, what)
            elif event.date is not None and event.date > self.case.today:
                self._note_outside(event, Outside("日期晚于今天，尚未发生"))
            else:
                await self._event(place, event, what)
        await self._close()
        days = self.record.days
        self.played.last_day = max(days).isoformat() if days else ""
        return self.played

    def _note_outside(self, event: Event, what: Outside) -> None:
        day = event.date.isoformat() if event.date else None
        self.played.outside.append({"type": event.type, "date": day, "why": what.why})

    async def _register(self) -> None:
        case = self.case
        answer = await case.client.act(
            case.organs[Organ.POLICE],
            "officer",
            f"/v1/cases/{case.flow.head.case_id}/persons",
            {
                "label": f"被告人{self.record.defendant_index or 1}",
                "flags": sorted(name for name, value in self.record.flags.items() if value is True),
                "occurred_at": case.first_day.isoformat(),
                "inferred": True,
            },
            key=case.next_key(self.record, "person"),
            version=case.flow.version,
        )
        assert answer.taken, f"a person can always be registered: {answer.body}"
        case.flow.take_in(answer)
        self.person = next(iter(answer.body["created"]))
        self.played.case_id, self.played.person_id = case.flow.head.case_id, self.person

    async def _event(self, place: int, event: Event, deed: Deed) -> None:
        targets = self._targets(event, deed)
        if event.type == "filed" and self.case.flow.state_of(self.case.flow.head.case_id, "case_intake") == "filed":
            self._note_outside(event, Outside("立案是全案的一步，已随同案其他人的记录办理"))
            return
        await self._file_first(targets[0])
        day = event.date or self._undated(place, event)
        road = roads.road(self.case.flow.head, CODE, self.person, targets, self._allowed(event, targets))
        if road is None:
            # Nothing leads there: ask for it as it is, so that the service says why not.
            await self._take(targets[0], day, event)
            return
        for step in road[:-1]:
            known = Known(self.days, self.case.first_day, self.last, road[-1], day, bool(self.custody_id))
            if not await self._take(step, most_lawful_day(step, known), None):
                break
        await self._take(road[-1], day, event)

    async def _file_first(self, target: str) -> None:
        """The case is filed before anything else is done in it, unless a document states another day for that."""
        flow = self.case.flow
        stated = any(event.type == "filed" for record in self.case.records for event in record.events)
        if target.startswith("case_intake:") or stated or flow.state_of(flow.head.case_id, "case_intake") is not None:
            return
        for step in roads.INTAKE:
            await self._take(step, self.case.first_day, None)

    def _targets(self, event: Event, deed: Deed) -> tuple[str, ...]:
        names = deed.names(event)
        organ = event.organ or self.in_charge()
        if event.type in {"bail", "residential_surveillance"}:
            wanted = {
                "police": ("bail:decide", "residential_surveillance:decide"),
                "procuratorate": (
                    "bail:redecide",
                    "bail:decide_procuratorate",
                    "residential_surveillance:decide_procuratorate",
                    "residential_surveillance:redecide",
                ),
                "court": (
                    "bail:redecide_court",
                    "bail:decide_court",
                    "residential_surveillance:decide_court",
                    "residential_surveillance:redecide",
                ),
            }.get(organ, names)
            return tuple(name for name in wanted if name in names) or names
        return names

    def _allowed(self, event: Event, targets: Sequence[str]) -> tuple[str, ...]:
        """The steps that may be inferred on the way to this event."""
        procedure = targets[0].partition(":")[0]
        if procedure == "arrest_review":
            return (*roads.INTAKE, *self._ways_to_arrest(event))
        if procedure in roads.MEASURES:
            return (*roads.INTAKE, *roads.MEASURES[procedure])
        kind = (self.record.procedure or {}).get("type")
        opening = roads.OPENINGS.get(str(kind), roads.OPENINGS["ordinary"])
        return (*roads.TRUNK, *opening, *roads.AFTER_JUDGMENT.get(procedure, ()))

    def _ways_to_arrest(self, event: Event) -> tuple[str, ...]:
        """From detention, at large, or by the organ itself that has the case by now."""
        detention = self.case.flow.state_of(self.person, "criminal_detention")
        if detention is not None and detention not in CODE.lines["criminal_detention"].ends:
            return roads.FROM_DETENTION
        if event.type == "arrested" and self.in_charge() in roads.OWN_DECISION:
            return (roads.OWN_DECISION[self.in_charge()],)
        return roads.AT_LARGE

    def _undated(self, place: int, event: Event) -> date:
        """An undated event stands where the list has it: on the day before it, or by the law where the law says when."""
        if event.type == "no_appeal":
            return min(self.last + timedelta(days=11), self.case.today)
        before = [other.date for other in self.record.events[:place] if other.date]
        after = [
            other.date
            for other in self.record.events[place + 1 :]
            if other.date and other.type not in {"sentence_start", "sentence_end"}
        ]
        if event.type in {"summary_procedure", "expedited_procedure", "ordinary_procedure"} and after:
            return min(after[0], self.case.today)
        return max([*before[-1:], self.last]) if before else min([*after[:1], self.case.today])

    async def _take(self, step: str, day: date, event: Event | None) -> bool:
        """Take a step of case_flow, stated (with its event) or inferred, and what custody and evidence record with it."""
        case, rule = self.case, CODE.rules[step]
        if step in {"criminal_detention:request_arrest", "arrest_review:decide_procuratorate"} or (
            step in FREEING and step != "arrest_review:release"
        ):
            await self._extend_detention(day)
        if step.startswith("first_trial:") and step not in EXTENDS:
            await self._extend_trial(day)
        if step in roads.AFTER_EFFECT and case.flow.state_of(self.person, "second_trial") == "judged":
            await self._take("second_trial:become_final", min(self.last + timedelta(days=11), day), None)
        if step == "prosecution_review:charge":
            await self._extend_review(day)
        if step == "criminal_detention:extend" and event is not None:
            self.extension = min(self.extension + 1, 2) if self._is_short_extension(day) else 2
        papers = await self._papers(rule, day)
        body: dict[str, Any] = {
            "type": step,
            "documents": papers,
            "facts": self._facts(step),
            "occurred_at": day.isoformat(),
            "inferred": event is None,
        }
        if rule.line == "person":
            body["subjects"] = [self.person]
        if step == "second_trial:transfer":
            body["to_organ"] = case.second_court
        answer = await self._act(rule, f"/v1/cases/{case.flow.head.case_id}/transitions", body, case.flow)
        self._note(step, day, event, answer)
        if not answer.taken:
            return False
        if rule.line == "person" or step in roads.INTAKE:
            self.days[step] = day
            self.last = max(self.last, day) if event is None or day >= self.last else day
        await self._after(step, day)
        return True

    def _facts(self, step: str) -> dict[str, Any]:
        if step == "criminal_detention:extend":
            return {"extension": self.extension}
        if step in {*roads.JUDGING, "second_trial:change"} and self.record.sentence:
            known = {"type", "months", "suspended", "suspended_months"}
            said = {name: value for name, value in self.record.sentence.items() if name in known}
            return {"sentence": {**said, "type": SENTENCES.get(said.get("type"), said.get("type"))}}
        return {}

    # What the other services record with a step: all of it inferred, for no judgment states it.

    async def _after(self, step: str, day: date) -> None:
        """What the law lets follow at once, and what custody records with it."""
        if step == "criminal_detention:detain":
            self.extension = 0
        if step in FOLLOWED_BY and not (step == "arrest_review:refuse" and self._is_freed_later()):
            await self._take(FOLLOWED_BY[step], day, None)
        if step in HANDS_OVER_TO:
            organ, title = HANDS_OVER_TO[step]
            receiver = self.case.second_court if step == "second_trial:accept" else self.case.organs[organ]
            await self._hand_over(receiver, title or self._trial_title(), day)
        if step in EXTENDS:
            start, title, extensions = EXTENDS[step]
            if step == "criminal_detention:extend" and PROCURATORATE_DETENTION in self.days:
                start, title = (PROCURATORATE_DETENTION,), "procuratorate_detention"
            since = max((self.days[name] for name in start if name in self.days), default=day)
            await self._change_title(title or self._trial_title(), since, day, extensions or self.extension)
        match step:
            case "criminal_detention:detain_for_procuratorate":
                await self._admit("procuratorate_detention", day, day, "detention_warrant", Organ.POLICE)
            case "criminal_detention:detain":
                await self._admit("detention_request_arrest", day, day, "detention_warrant", Organ.POLICE)
            case "criminal_detention:request_arrest":
                await self._change_title("arrest_review_detained", day, day)
            case "arrest_review:execute" | "arrest_review:execute_on_capture":
                await self._arrested(day)
            case "first_trial:pronounce" | "first_trial:judge_in_court":
                await self._judged(day)
        if step in FREEING:
            await self._release(day)

    def _is_short_extension(self, day: date) -> bool:
        """Whether what follows a stated extension of detention lies within the seven days of a short one."""
        start = self.days.get("criminal_detention:detain", day)
        later = [each for each in self.record.days if each > day]
        return not later or later[0] <= start + timedelta(days=7)

    def _is_freed_later(self) -> bool:
        """Whether the record itself says how the person was let go after a refusal."""
        types = [event.type for event in self.record.events]
        after = types[types.index("arrest_not_approved") :] if "arrest_not_approved" in types else []
        return bool({"released", "bail", "residential_surveillance"}.intersection(after))

    async def _extend_detention(self, request: date) -> None:
        """The extension that a request so late needs, where the record states none."""
        if self.case.flow.state_of(self.person, "criminal_detention") not in {"in_center", "extended"}:
            return
        own = self.days.get(PROCURATORATE_DETENTION)
        if own is not None and request > own + timedelta(days=14) and not self.extension:
            self.extension = 1
            await self._take("criminal_detention:extend", own + timedelta(days=14), None)
        start = self.days.get("criminal_detention:detain")
        if start is None or own is not None:
            return
        needed = 0 if request <= start + timedelta(days=3) else 1 if request <= start + timedelta(days=7) else 2
        if needed > self.extension:
            self.extension = needed
            await self._take("criminal_detention:extend", min(start + timedelta(days=3), request), None)

    async def _extend_review(self, day: date) -> None:
        """Fifteen days more, where the review took longer than a month."""
        if self.case.flow.state_of(self.person, "prosecution_review") == "reviewing":
            begun = max((self.days[name] for name in _REVIEW_BEGINS if name in self.days), default=day)
            if day > plus_months(begun, 1):
                await self._take("prosecution_review:extend", min(plus_months(begun, 1), day), None)

    async def _extend_trial(self, day: date) -> None:
        """The extension that needs nobody's approval: to three months, to a month and a half, to fifteen days."""
        state = self.case.flow.state_of(self.person, "first_trial")
        step, first = _TRIAL_EXTENSIONS.get(state or "", ("", timedelta()))
        filed = self.days.get("court_intake:file", day)
        if not step or day <= filed + first or step in self.days:
            return
        if step == "first_trial:extend_simplified" and (self.record.sentence or {}).get("months", 0) <= 36:
            return
        await self._take(step, min(max(self.last, filed), filed + first), None)

    def _trial_title(self) -> str:
        kind = (self.record.procedure or {}).get("type")
        return {"summary": "trial_simplified", "expedited": "trial_fast_track"}.get(str(kind), "trial_ordinary")

    async def _arrested(self, day: date) -> None:
        if self.in_charge() == "police":
            await self._take("custody_extension:start", day, None)
        title = {"police": "investigation_custody", "procuratorate": "prosecution_review"}.get(
            self.in_charge(), self._trial_title()
        )
        since = day if title == "investigation_custody" else max(self.last, day)
        if self.custody_id:
            await self._custody("custody_title:add", day, {"title": {"limit": title, "from": since.isoformat()}})
        else:
            await self._admit(title, since, day, "arrest_warrant", Organ(self.in_charge()))

    async def _judged(self, day: date) -> None:
        sentence = self.record.sentence or {}
        served = next((event.date for event in self.record.events if event.type == "sentence_end"), None)
        if self.custody_id and served is not None and served <= day + timedelta(days=10):
            # Custody equals the sentence before the judgment is final: the person goes free on that day.
            await self._release(max(day, served))
        elif self.custody_id and (sentence.get("type") in FREEING_SENTENCES or sentence.get("suspended")):
            await self._release(day)
        elif self.custody_id:
            await self._custody(
                "custody_title:add",
                day,
                {"title": {"limit": "appeal_pending", "from": day.isoformat()}},
                "judgment_first",
            )

    async def _close(self) -> None:
        """What follows a judgment by itself: it becomes final, is served, and the person goes where it says."""
        flow, today = self.case.flow, self.case.today
        says_more = any(
            event.type
            in {
                "appeal",
                "protest",
                "no_appeal",
                "second_instance_judgment",
                "retrial_decision",
                "death_penalty_review",
            }
            for event in self.record.events
        )
        knows_term = any(event.type == "sentence_end" for event in self.record.events)
        day = self.last
        if flow.state_of(self.person, "second_trial") == "judged" and not says_more and knows_term:
            day = self.last + timedelta(days=11)
            if day <= today:
                await self._take("second_trial:become_final", day, None)
        if flow.state_of(self.person, "execution") != "effective":
            return
        sentence = self.record.sentence or {}
        kind = sentence.get("type")
        if kind in {"death", "acquittal", "exempt_from_punishment"} or not await self._take(
            "execution:serve", day, None
        ):
            return
        if kind == "control" or sentence.get("suspended"):
            await self._take("execution:to_community", day, None)
        elif kind == "criminal_detention_sentence":
            await self._take("execution:stay", day, None)
            await self._serve_term(day, sentence)
        elif kind in {None, "fixed_term", "life", "death_suspended"}:
            await self._serve_term(day, sentence)
            if (
                kind
                and self.custody_id
                and await self._take("execution:await_delivery", day, None)
                and await self._take("execution:deliver", day, None)
            ):
                await self._custody("custody_handover:deliver", day)
                self.custody_id = ""

    async def _serve_term(self, day: date, sentence: Mapping[str, Any]) -> None:
        """The title becomes the sentence."""
        if not self.custody_id:
            return
        stated = next(
            (event.date for event in self.record.events if event.type == "sentence_start" and event.date), day
        )
        title = {"limit": "sentence", "from": stated.isoformat()}
        if sentence.get("type") in {"fixed_term", "criminal_detention_sentence"} and sentence.get("months") is not None:
            title |= {"months": sentence["months"]}
        await self._custody("custody_title:add", day, {"title": title}, "execution_notice")


async def play_all(
    client: Client,
    cases: Sequence[Sequence[Record]],
    *,
    concurrency: int,
    today: date,
    done: Callable[[int], None] | None = None,
) -> list[Played]:
    """Play all cases, so many at a time; `done` is called with the number of records whenever a case is finished."""
    gate = asyncio.Semaphore(concurrency)

    async def one(records: Sequence[Record]) -> list[Played]:
        async with gate:
            played = await CasePlayer(client, records, today=today).play()
        if done is not None:
            done(len(records))
        return played

    return [record for case in await asyncio.gather(*(one(records) for records in cases)) for record in case]
