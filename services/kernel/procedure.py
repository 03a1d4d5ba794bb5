"""The notation in which the law is written: states, papers, and three voices.

可以 `may`, 应当 `must`, 不得 `must_not`. A procedure is a class whose attributes are its states and provisions, in the
order of the statute. Nothing runs in it: `code.compile` (see `services.kernel.code`) resolves every name once, loudly.
Knows no procedure, no service.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from services.kernel.period import Extension, Mode, MonthEnd, Period, Roll
from services.kernel.statute import Citation, Edition
from services.kernel.who import Addressee, Organ

#: One citation or several.
Cite = Citation | tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A trigger that no step of ours shows: the id of the event in the tables. The organ to which it happens notes it."""

    id: str


@dataclass(frozen=True, slots=True)
class End:
    """A trigger that nobody records because it is computed: the end of the limit of this name, or of each of several.

    `extended` asks for the ends that an extension moved, each as it was before, and not for the end that came.
    """

    limit: str
    extended: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """The names of the limits."""
        return tuple(self.limit.split())


@dataclass(frozen=True, slots=True)
class Kept:
    """A trigger: that it was noted that the limit of this name was kept, which no step shows."""

    limit: str


class Transition(StrEnum):
    """Under which edition an open line goes on when the law changes."""

    #: Under the one in force when the line began.
    BEGUN = "begun"
    #: Each act under the one in force on its day.
    ACT = "act"


class State:
    """How things stand in one procedure. `initial` is where a line begins; a line at an `end` may begin anew.

    Where the law says 决定机关 it means the organ whose step last entered a state that `decides`. One that `seals` closes
    what the line is about to all readers but those whom a permit names.
    """

    def __init__(
        self, zh: str, *, initial: bool = False, end: bool = False, decides: bool = False, seals: bool = False
    ) -> None:
        self.zh = zh
        self.initial = initial
        self.end = end
        self.decides = decides
        self.seals = seals
        self.name = ""
        self.procedure: type[Procedure]

    def __set_name__(self, owner: "type[Procedure]", name: str) -> None:
        self.name, self.procedure = name, owner

    def __or__(self, other: "State | States") -> "States":
        return States(self) | other

    def __repr__(self) -> str:
        return f"{self.procedure.name}:{self.name}"


#: A line that has not begun, or has ended: where an act may begin a procedure that nothing has opened.
ANEW = State("尚未开始或者已经结束")
ANEW.name = "anew"
#: Where the line already stands: an act that moves nothing, such as one more hearing.
STAY = State("原处")
STAY.name = "stay"


#: In the place of a state or a provision that an older edition does not have.
GONE: Any = None


class States(tuple[State, ...]):
    """Several states, any of them: `base | extended`."""

    __slots__ = ()

    def __new__(cls, *states: State) -> Self:
        return super().__new__(cls, states)

    def __or__(self, other: "State | States") -> "States":
        return States(*self, *((other,) if isinstance(other, State) else other))


class Step:
    """可以: who may do what, from where to where, with which papers, under which provision.

    `ids` are the ids of the tables, one for each state in `at`. `needs` are its papers and `tells` the facts that it
    states, each a sentence in the words of the catalogue and of the vocabulary. `opens` names procedures whose line begins with this
    step; `carries` names steps of other procedures that are the same act and are taken with it where their line
    stands ready; `ends` names states of other procedures into which this step puts an open line. `hands_to` is the
    organ in charge from then on; `handover` is the part the step plays where control changes hands (offer, accept,
    return, withdraw); `liberty` says that the step takes a person into custody (`taken`) or lets them go (`given`).
    `at_most` counts over the whole case of the person. `leaves` says that the persons leave the case: for a `new` one,
    `into` one that is there, or `any`.
    """

    def __init__(
        self,
        office: "Office",
        zh: str,
        *,
        at: State | States,
        to: State,
        ids: str,
        cite: Cite,
        needs: str = "",
        tells: str = "",
        condition: str = "",
        opens: str = "",
        carries: str = "",
        ends: str = "",
        hands_to: Organ | None = None,
        at_most: int | None = None,
        handover: str = "",
        liberty: str = "",
        leaves: str = "",
    ) -> None:
        self.office = office
        self.zh = zh
        self.at = at if isinstance(at, States) else States(at)
        self.to = to
        self.ids = tuple(ids.split())
        self.cite = cite if isinstance(cite, tuple) else (cite,)
        self.needs = needs
        self.tells = tells
        self.condition = condition
        self.opens = tuple(opens.split())
        self.carries = tuple(carries.split())
        self.ends = tuple(ends.split())
        self.hands_to = hands_to
        self.at_most = at_most
        self.handover = handover
        self.liberty = liberty
        self.leaves = leaves
        self.name = ""
        self.procedure: type[Procedure]

    def __set_name__(self, owner: "type[Procedure]", name: str) -> None:
        self.name, self.procedure = name.removesuffix("_"), owner

    def __or__(self, other: "Step | Steps") -> "Steps":
        return Steps(self) | other

    @property
    def type(self) -> str:
        """`procedure:step`, the name on the wire and in every log, for ever."""
        return f"{self.procedure.name}:{self.name}"

    def id_from(self, state: State) -> str:
        """The id of the tables for this step out of one of its states."""
        return self.ids[self.at.index(state)] if len(self.ids) == len(self.at) else self.ids[0]

    def __repr__(self) -> str:
        return self.type


class Steps(tuple[Step, ...]):
    """Several steps, any of them: `approve | refuse`."""

    __slots__ = ()

    def __new__(cls, *steps: Step) -> Self:
        return super().__new__(cls, steps)

    def __or__(self, other: "Step | Steps") -> "Steps":
        return Steps(*self, *((other,) if isinstance(other, Step) else other))


#: A step of this procedure, several, or `procedure:step` names of another.
StepRef = Step | Steps | str


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact about the person on which a provision depends; `key` is how the coordinator reads it."""

    key: str
    zh: str


DETAINED = Condition("detained", "在押")
AT_LARGE = Condition("at_large", "未被羁押")
UNDER_INVESTIGATION = Condition("under_investigation", "案件在侦查阶段")
UNDER_MEASURE = Condition("under_measure", "正在取保候审或者监视居住")


@dataclass(frozen=True)
class Limit:
    """A period of the statute: 应当在…以内, 可以在…以内, or how long a measure lasts. Its name is the limit's id.

    `after` is the step, the event of the tables, or the end or the keeping of another limit that starts it; `by` are the steps that
    meet it, empty where no step of ours shows the deed: then the organ that is bound notes it. `kind` is the word of
    the tables; `organs` are others that are bound in their own stages. `before` counts backwards. `extended_by` pairs
    steps with the extension that each grants, by position; between `paused_by` and `resumed_by` the clock stands still;
    `void_by` are steps after which nothing is owed any more; `restarts_at` begins it again from the start. `stated` is
    the fact of the act from whose day on it runs, where the law leaves the day to the paper: without it nothing runs.
    `to` is whom the deed is done to or told, where the law says it.
    """

    organ: Organ
    zh: str
    period: Period | None
    after: "StepRef | Event | End | Kept"
    by: "StepRef" = ""
    kind: str = "obligation"
    organs: tuple[Organ, ...] = ()
    when: Condition | None = None
    extensions: tuple[Extension, ...] = ()
    extended_by: "StepRef" = ""
    roll: Roll = Roll.ROLL
    custody: str = "none"
    month_end: MonthEnd = MonthEnd.CORRESPONDING
    before: bool = False
    working_days: bool = False
    restarts_at: "StepRef" = ""
    void_by: "StepRef" = ""
    paused_by: "StepRef" = ""
    resumed_by: "StepRef" = ""
    stated: str = ""
    severity: str = "high"
    on_expiry: str = ""
    note: str = ""
    to: Organ | Addressee | None = None
    cite: Cite = ()
    name: str = field(default="", init=False)
    procedure: "type[Procedure]" = field(init=False, repr=False, compare=False)

    def __set_name__(self, owner: "type[Procedure]", name: str) -> None:
        object.__setattr__(self, "name", name.removesuffix("_"))
        object.__setattr__(self, "procedure", owner)

    @property
    def voice(self) -> str:
        """可以, 应当 or 期限为."""
        return {"right": "可以", "detention": "期限为", "validity": "期限为"}.get(self.kind, "应当")


@dataclass(frozen=True)
class Ban:
    """不得: steps that no organ of this kind may take unless another step was taken before in the case."""

    organ: Organ
    zh: str
    steps: "StepRef"
    unless: "StepRef"
    cite: Cite = ()
    severity: str = "critical"
    invariant: str = ""
    name: str = field(default="", init=False)
    procedure: "type[Procedure]" = field(init=False, repr=False, compare=False)

    def __set_name__(self, owner: "type[Procedure]", name: str) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "procedure", owner)


@dataclass(frozen=True, slots=True)
class Remark:
    """A provision that is read and not encoded, and why."""

    zh: str
    why: str
    cite: Cite = ()


@dataclass(frozen=True, slots=True)
class Office:
    """An office that the statute names, such as 检察长 or 县级以上公安机关负责人."""

    organ: Organ
    key: str
    zh: str

    def may(self, zh: str, **provision: Any) -> Step:
        """可以: see `Step`."""
        return Step(self, zh, **provision)


def must(organ: Organ, zh: str, period: Period | None, **provision: Any) -> Limit:
    """应当…以内: see `Limit`."""
    return Limit(organ, zh, period, **provision)


def may_within(organ: Organ, zh: str, period: Period | None, **provision: Any) -> Limit:
    """可以…以内; the right lapses. See `Limit`."""
    return Limit(organ, zh, period, kind="right", **provision)


def lasts(organ: Organ, zh: str, period: Period | None, *, kind: str = "detention", **provision: Any) -> Limit:
    """期限为: how long a person may be held or a measure lasts. See `Limit`."""
    return Limit(organ, zh, period, kind=kind, **provision)


def must_not(organ: Organ, zh: str, **provision: Any) -> Ban:
    """不得: see `Ban`."""
    return Ban(organ, zh, **provision)


def add(
    period: Period,
    ground: str = "",
    approver: str = "",
    source: str = "",
    *,
    times: int | None = 1,
    least: Period | None = None,
) -> Extension:
    """延长: added to what ran before; `times` is how often, None without end; `least` is the shortest."""
    return Extension(period, Mode.ADD, ground, approver, source, times, least)


def up_to(period: Period, ground: str = "", approver: str = "", source: str = "") -> Extension:
    """延长至: a new total from the same start."""
    return Extension(period, Mode.REPLACE, ground, approver, source)


def open_ended(ground: str = "", approver: str = "", source: str = "") -> Extension:
    """延长 without a number of its own."""
    return Extension(None, Mode.OPEN, ground, approver, source)


#: What stands in each procedure; a class does not change once it is made.
_MEMBERS: "dict[type[Procedure], Mapping[str, Any]]" = {}


class Procedure:
    """One procedure of the statute: its states, steps, limits, bans and remarks, in order.

    `line` is what runs through it: the case before a suspect is known, else a person, a custody, an item, a package, or
    a matter that the procuratorate supervises.
    (The tables call some procedures of persons `subject: case` because one paper names several; every person has a
    line all the same.) `kept_by` is the service that records its steps. `begins_at` is the state of the case's own
    line at which a person's line may begin; `again` says that a line at its end may begin anew without being opened.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    zh: ClassVar[str]
    kept_by: ClassVar[str] = "case_flow"
    line: ClassVar[str] = "person"
    begins_at: ClassVar[str] = ""
    again: ClassVar[bool] = False
    in_force: ClassVar[date]
    edition: ClassVar[str] = ""
    until: ClassVar[date | None] = None
    transition: ClassVar[Transition] = Transition.ACT
    #: By the newer edition: the older one, and the older number of each article that moved.
    cites: ClassVar[Mapping[Edition, tuple[Edition, Mapping[int, int]]]] = {}

    @classmethod
    def members(cls) -> Mapping[str, Any]:
        """States and provisions in the order written, those of the newer edition first where this is an older one."""
        found = _MEMBERS.get(cls)
        if found is None:
            found = _MEMBERS[cls] = {name: each for part in reversed(cls.__mro__) for name, each in vars(part).items()}
        return found

    @classmethod
    def states(cls) -> Iterator[State]:
        """The states in the order written."""
        return (member for member in cls.members().values() if isinstance(member, State))

    @classmethod
    def steps(cls) -> Iterator[Step]:
        """The steps in the order written."""
        return (member for member in cls.members().values() if isinstance(member, Step))

    @classmethod
    def limits(cls) -> Iterator[Limit]:
        """The limits in the order written."""
        return (member for member in cls.members().values() if isinstance(member, Limit))

    @classmethod
    def bans(cls) -> Iterator[Ban]:
        """The bans in the order written."""
        return (member for member in cls.members().values() if isinstance(member, Ban))

    @classmethod
    def cited(cls, citation: Citation) -> Citation:
        """The provision that this edition goes by, where a newer one wrote the citation."""
        older = cls.cites.get(citation.edition)
        if older is None:
            return citation
        edition, moved = older
        article = (
            moved.get(citation.article, citation.article) if isinstance(citation.article, int) else citation.article
        )
        return Citation(edition, article, citation.paragraph, citation.item)

    @classmethod
    def initial(cls) -> State:
        """Where a line begins."""
        return next(state for state in cls.states() if state.initial)


def step_refs(ref: StepRef) -> Sequence[Step | str]:
    """The steps or `procedure:step` names that a reference stands for."""
    match ref:
        case str():
            return ref.split()
        case Step():
            return (ref,)
        case _:
            return ref
