"""The law read back in Chinese, as numbered provisions in the order of the file: 可以, 应当, 不得, and the rest.

A lawyer reviews this text and not the Python, so nothing here adds to the law or leaves any of it out. Knows no
particular procedure, prints nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from services.kernel.code import Code, LawError, Rule
from services.kernel.period import Extension, Mode, MonthEnd, Roll
from services.kernel.procedure import (
    ANEW,
    STAY,
    Ban,
    End,
    Event,
    Kept,
    Limit,
    Procedure,
    Remark,
    State,
    Step,
    StepRef,
    Steps,
    step_refs,
)
from services.kernel.statute import Citation, Edition, chinese
from services.kernel.who import Organ
from services.law.events import EVENTS
from services.law.statutes import CPL, EDITIONS

#: How a limit without a number that no step of ours shows is marked; and a remark.
KEPT_ONLY = "〔只登记〕"
NOT_ENCODED = "〔不编码〕"

LINES = {
    "case": "就全案进行",
    "person": "按人分别进行",
    "custody": "按每次羁押分别进行",
    "item": "按每项财物分别进行",
    "package": "按每个移送包分别进行",
    "matter": "按每项监督事项分别进行",
}
KEEPERS = {"case_flow": "案件流转服务", "evidence": "证据服务", "custody_transfer": "羁押交接服务"}


#: What provisions are, and what the system does with each: it executes it, only records it, or does not encode it.
SORTS: Mapping[str, str] = {
    "steps": "executed",
    "limits_run": "executed",
    "bans": "executed",
    "limits_kept": "recorded",
    "remarks": "not_encoded",
}
KINDS_ZH = {"executed": "执行", "recorded": "只登记", "not_encoded": "不编码"}
SORTS_ZH = {"steps": "步骤", "limits_run": "期限", "bans": "禁止", "limits_kept": "期限", "remarks": "规定"}


@dataclass(frozen=True, slots=True)
class Provision:
    """One numbered provision. `name` is the word on the wire (a step's type, a limit's id); `ids` are the tables'.

    `sort` is one of `SORTS`; `reason` says why, where the provision is not executed.
    """

    number: int
    voice: str
    sort: str
    name: str
    zh: str
    ids: tuple[str, ...]
    text: str
    refs: tuple[str, ...]
    reason: str

    @property
    def kind(self) -> str:
        """Whether the system executes it, only records it, or does not encode it."""
        return SORTS[self.sort]

    @property
    def line(self) -> str:
        """`12．…`."""
        return f"{self.number}．{self.text}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One procedure read back: its title, what must be known before the first provision, and the provisions."""

    name: str
    title: str
    preamble: tuple[str, ...]
    provisions: tuple[Provision, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many provisions there are of each sort."""
        return {sort: sum(each.sort == sort for each in self.provisions) for sort in SORTS}

    @property
    def text(self) -> str:
        """Plain text, as the golden files hold it."""
        return "\n".join([self.title, "", *self.preamble, "", *(each.line for each in self.provisions), ""])


def runs(limit: Limit) -> bool:
    """Whether the limit is run: it has a number, or steps of ours start and meet it; else it is only kept."""
    by_steps = not isinstance(limit.after, Event | End | Kept) and bool(step_refs(limit.by))
    return limit.period is not None or by_steps


def key(procedure: type[Procedure]) -> str:
    """How a procedure is asked for and its page is called: its name, of an older edition `<name>@<edition>`."""
    return procedure.name if procedure.until is None else f"{procedure.name}@{procedure.edition}"


def read(procedure: type[Procedure], code: Code) -> Reading:
    """A procedure in Chinese.

    Raises: LawError for a trigger that has no Chinese name here.
    """
    reader = Reader(procedure, code)
    return Reading(
        name=key(procedure),
        title=f"{procedure.zh}（{procedure.id}）"
        + (f"（依{EDITIONS[procedure.edition].short}）" if procedure.edition in EDITIONS and procedure.until else ""),
        preamble=tuple(reader.preamble()),
        provisions=tuple(reader.provisions()),
    )


def cited(citations: Sequence[Citation]) -> str:
    """刑事诉讼法第九十条、第九十一条第三款；人民检察院刑事诉讼规则第二百八十二条."""
    groups: list[str] = []
    for edition, group in groupby(citations, key=lambda citation: citation.edition):
        articles = ("、".join(_paragraphs(list(each))) for _, each in groupby(group, key=lambda each: each.article))
        groups.append(edition.short + "、".join(articles))
    return _full_width("；".join(groups))


def spelt_out(text: str) -> str:
    """The short references in a note of the law in words: `CPL 98、99` as 刑事诉讼法第九十八条、第九十九条."""
    text = _SHORT_REFERENCE.sub(lambda match: _reference(EDITIONS[match[1]], match[2]), text)
    return _full_width(_SHORT_KEY.sub(lambda match: EDITIONS[match[1]].short, text).replace("/", "、"))


class Reader:
    """The words of one procedure; every name of another is said with the procedure it belongs to."""

    def __init__(self, procedure: type[Procedure], code: Code) -> None:
        self.procedure = procedure
        self.code = code
        self.own = {step.type: step for step in procedure.steps()}

    def preamble(self) -> Iterator[str]:
        procedure, states = self.procedure, list(self.procedure.states())
        yield (
            f"本程序自{_day(procedure.in_force)}起适用"
            f"{f'，至{_day(procedure.until)}止' if procedure.until else ''}，由{KEEPERS[procedure.kept_by]}记载，"
            f"{LINES[procedure.line]}。"
        )
        between = [state for state in states if not state.initial and not state.end]
        ends = [state for state in states if state.end]
        sentence = f"始于{self._state(procedure.initial())}"
        sentence += f"，经{self._listed(between)}" if between else ""
        sentence += f"，终于{self._listed(ends)}" if ends else ""
        yield sentence + "。"
        opening = Steps(*filter(self._is_opened_by, self.code.steps.values()))
        if opening:
            yield f"本程序由{self._named(opening)}开始。"
        if procedure.begins_at:
            other, at = self._other_state(*procedure.begins_at.split(":"))
            yield f"“{other.zh}”到“{at.zh}”以后，本程序方可开始。"
        if procedure.again:
            yield "结束以后可以重新开始。"
        deciding = [state for state in states if state.decides]
        if deciding:
            last = self._listed(deciding, "或者")
            yield f"本程序所称决定机关，是最后一次使本程序处于{last}的机关，以及现在的办案机关。"
        if any(limit.roll is Roll.ROLL for limit in procedure.limits()):
            yield f"期间最后一日为节假日的，以节假日后的第一个工作日为期满之日；另有说明的除外。（{CPL[105, 4].zh}）"

    def provisions(self) -> Iterator[Provision]:
        number = 0
        for name, member in self.procedure.members().items():
            ids: tuple[str, ...] = ()
            reason = ""
            match member:
                case Step():
                    sort, voice, wire, ids, text = "steps", "may", member.type, member.ids, self._step(member)
                case Limit():
                    sort, reason = ("limits_run", "") if runs(member) else ("limits_kept", spelt_out(member.note))
                    voice = {"可以": "may", "期限为": "lasts"}.get(member.voice, "must")
                    wire, text = member.name, self._limit(member)
                case Ban():
                    sort, voice, wire, text = "bans", "must_not", member.name, self._ban(member)
                case Remark():
                    sort, voice, wire = "remarks", "remark", f"{self.procedure.name}.{name}"
                    reason = spelt_out(member.why)
                    text = f"{_end(member.zh)}{NOT_ENCODED}{_end(reason)}"
                case _:
                    continue
            number += 1
            cite = self.cite(member)
            text += f"（{cited(cite)}）" if cite else ""
            refs = tuple(citation.ref for citation in cite)
            yield Provision(number, voice, sort, wire, spelt_out(member.zh), ids, text, refs, reason)

    def cite(self, member: Step | Limit | Ban | Remark) -> tuple[Citation, ...]:
        """What a provision cites, in the numbers of this edition."""
        found = member.cite if isinstance(member.cite, tuple) else (member.cite,)
        return tuple(map(self.procedure.cited, found))

    def rule(self, step: Step) -> Rule:
        """A step as this edition has it."""
        return self.code.by_edition.get((self.procedure.edition, step.type), self.code.rules[step.type])

    # 可以

    def _step(self, step: Step) -> str:
        subject, act = self._subject_and_act(step)
        at = self._listed(step.at, "或者")
        if step.office.organ is Organ.SYSTEM and step.office.key == "clock":
            when = step.condition.replace("；", "，或者") or "期限届满"
            text = f"处于{at}，{when}的，由系统登记{act}"
        else:
            text = f"{subject}可以在{at}时{act}"
        text += self._papers(step) + self._facts(step)
        text += "；状态不变" if step.to is STAY or step.at == (step.to,) else f"；此后为{self._state(step.to)}"
        text += "".join(f"；{effect}" for effect in self._effects(step)) + "。"
        if step.condition and step.office.key != "clock":
            text += f"条件：{_end(step.condition)}"
        return text

    def _subject_and_act(self, step: Step) -> tuple[str, str]:
        """人民检察院检察长 and 批准逮捕; a name that carries a subject of its own lends it, or is quoted."""
        organ, office, act = step.office.organ.zh, step.office.zh, step.zh
        subject = office if organ in office or "机关" in office or step.office.organ is Organ.SYSTEM else organ + office
        for level in ("最高", "上一级", "高级"):
            if act.startswith(level + organ):
                return level + organ, act.removeprefix(level + organ)
        act = act.removeprefix(organ)
        if step.office.organ is Organ.SYSTEM or act.startswith(_OWN_SUBJECT):
            act = f"“{act}”" if step.office.key == "clock" else f"办理“{act}”"
        return subject, act

    def _facts(self, step: Step) -> str:
        tells = self.rule(step).tells
        must = "、".join(fact.zh for fact in tells.required)
        may = "、".join(fact.zh for fact in tells.optional)
        return (f"，写明{must}" if must else "") + (f"，{'并' if must else ''}可以写明{may}" if may else "")

    def _papers(self, step: Step) -> str:
        papers = self.rule(step).papers
        zh = self.code.catalogue.zh
        text = ""
        if papers.groups:
            alone = groupby(papers.groups, key=lambda group: len(group) == 1)
            text += "，须有" + "，以及".join(
                "、".join(f"《{zh(group[0])}》" for group in groups)
                if single
                else "，以及".join(_one_of([f"《{zh(kind)}》" for kind in group]) for group in groups)
                for single, groups in alone
            )
        if papers.optional:
            ordered = sorted(papers.optional, key=lambda kind: step.needs.index(zh(kind)))
            text += "，适用时并附" + "、".join(f"《{zh(kind)}》" for kind in ordered)
        return text

    def _effects(self, step: Step) -> Iterator[str]:
        if step.to.decides:
            yield "作出此项决定的为决定机关"
        for name, to in self.rule(step).opens:
            opened, at = self._other_state(name, to)
            yield f"由此开始“{opened.zh}”" + ("" if at.initial else f"，处于“{at.zh}”")
        for name, carried in groupby(step.carries, key=lambda carried: carried.partition(":")[0]):
            acts = "或者".join(f"“{self.code.steps[each].zh}”" for each in carried)
            yield f"“{self.code.procedures[name].zh}”已到相应阶段的，{acts}一并完成"
        ended = []
        for name, to in self.rule(step).ends:
            other, at = self._other_state(name, to)
            ended.append(f"“{other.zh}”转入“{at.zh}”")
        if ended:
            yield f"尚未结束的，{'、'.join(ended)}"
        if step.hands_to is not None:
            yield f"此后以{step.hands_to.zh}为办案机关"
        if step.handover:
            yield _HANDOVER[step.handover]
        if step.liberty:
            yield _LIBERTY[step.liberty]
        if step.leaves:
            yield _LEAVES[step.leaves]
        if step.at_most is not None:
            yield f"全案以{chinese(step.at_most)}次为限"

    # 应当，期限

    def _limit(self, limit: Limit) -> str:
        sentences = [f"【{spelt_out(limit.zh)}】{self._rule(limit)}", *map(_extension, limit.extensions)]
        if step_refs(limit.extended_by):
            sentences.append(f"延长以{self._named(limit.extended_by)}登记")
        if step_refs(limit.restarts_at):
            sentences.append(f"办理{self._named(limit.restarts_at)}的，期限重新计算")
        if step_refs(limit.void_by):
            sentences.append(f"办理{self._named(limit.void_by)}的，本期限不再计算")
        if step_refs(limit.paused_by):
            sentences.append(f"自{self._named(limit.paused_by)}至{self._named(limit.resumed_by)}的时间不计入")
        sentences += _computation(limit)
        if limit.on_expiry:
            sentences.append(f"期满的后果：{spelt_out(limit.on_expiry)}")
        text = "".join(_end(sentence) for sentence in sentences)
        if not runs(limit):
            return text + KEPT_ONLY + _end(spelt_out(limit.note))
        return text + (f"说明：{_end(spelt_out(limit.note))}" if limit.note else "")

    def _rule(self, limit: Limit) -> str:
        """Who must or may do what within which period; or what lasts for how long."""
        shown = bool(step_refs(limit.by))
        period = limit.period.zh if limit.period else ""
        return _phrase(limit).format(
            who=f"{limit.when.zh}的，" if limit.when else "",
            organ=limit.organ.zh,
            since=self.since(limit),
            period=period.replace("日", "个工作日") if limit.working_days else period,
            deed=self._deed(limit) if shown else "提出" if limit.kind == "right" else "办理",
            until=f"，至{self._named(limit.by)}为止" if shown else "",
            stated=limit.stated,
        )

    def since(self, limit: Limit) -> str:
        """What starts a limit."""
        if isinstance(limit.after, End):
            ends = _either([f"“{spelt_out(self.code.limits[name].zh)}”" for name in limit.after.limits]) + "届满"
            return f"延长以前{ends}" if limit.after.extended else ends
        if isinstance(limit.after, Kept):
            return f"办理“{spelt_out(self.code.limits[limit.after.limit].zh)}”"
        if isinstance(limit.after, Event):
            if limit.after.id not in EVENTS:
                raise LawError(f"the event {limit.after.id} of {limit.name} has no Chinese name in services.law.events")
            return EVENTS[limit.after.id]
        refs = self._steps(limit.after)
        return refs[0].zh if len(refs) == 1 and self._is_home(refs[0]) else self._named(limit.after)

    def _deed(self, limit: Limit) -> str:
        steps = self._steps(limit.by)
        acts = [self._subject_and_act(step)[1] for step in steps]
        plain = all(
            self._is_home(step) and not act.startswith(("办理", "“")) for step, act in zip(steps, acts, strict=True)
        )
        if not plain or len(steps) > _SPOKEN:
            return f"办理{self._named(limit.by)}"
        involved = any(sign in act for act in acts for sign in ("、", "，", "或者"))
        return "，或者".join(acts) if involved else _either(acts)

    # 不得

    def _ban(self, ban: Ban) -> str:
        steps = self._steps(ban.steps)
        alone = len(steps) == 1 and self._is_home(steps[0])
        deed = self._subject_and_act(steps[0])[1] if alone else f"办理{self._named(ban.steps)}"
        before = f"未经{self._named(ban.unless)}，" if step_refs(ban.unless) else ""
        return f"【{ban.zh}】{before}{ban.organ.zh}不得{deed}。"

    # 名称

    def _steps(self, ref: StepRef) -> list[Step]:
        """The steps of a reference, each once: two extensions may be granted by the same step."""
        return [self.own.get(name, self.code.steps[name]) for name in dict.fromkeys(self.code.types(ref))]

    def _named(self, ref: StepRef) -> str:
        """“批准逮捕”或者“不批准逮捕”; those of another procedure after its name."""
        groups = []
        for where, group in groupby(self._steps(ref), key=self._where):
            steps = list(group)
            alike = Counter(step.zh for step in steps)
            names = [f"“{step.zh}”" + (f"（{step.office.organ.zh}）" if alike[step.zh] > 1 else "") for step in steps]
            groups.append((where, names))
        if len(groups) == 1:
            where, names = groups[0]
            return where + _either(names)
        *first, last = ((where or "本程序的") + "、".join(names) for where, names in groups)
        return f"{'，'.join(first)}，或者{last}"

    def _where(self, step: Step) -> str:
        return "" if self._is_home(step) else f"“{step.procedure.zh}”中的"

    def _state(self, state: State) -> str:
        """“已受理”; where two states have one name, with their order."""
        if state is ANEW:
            return state.zh
        alike = [each for each in self.procedure.states() if each.zh == state.zh]
        return f"“{state.zh}”" + (f"（第{chinese(alike.index(state) + 1)}次）" if len(alike) > 1 else "")

    def _listed(self, states: Sequence[State], last: str = "") -> str:
        names = [self._state(state) for state in states]
        return _either(names) if last else "、".join(names)

    def _other_state(self, name: str, state: str) -> tuple[type[Procedure], State]:
        procedure = self.code.procedures[name]
        return procedure, next(each for each in procedure.states() if each.name == state)

    def _is_home(self, step: Step) -> bool:
        return step.procedure.name == self.procedure.name

    def _is_opened_by(self, step: Step) -> bool:
        return any(name == self.procedure.name for name, _ in self.rule(step).opens)


def _phrase(limit: Limit) -> str:
    if limit.stated:
        return "{who}{organ}应当至迟在{since}时写明的{stated}届满之日{deed}"
    if limit.period is None:
        return "{who}{organ}应当在{since}后及时{deed}，法律没有规定具体期限"
    if limit.period.at_once:
        return "{who}{organ}应当在{since}以前{deed}" if limit.before else "{since}后，{who}{organ}应当立即{deed}"
    if limit.before:
        return "{who}{organ}应当至迟在{since}{period}以前{deed}"
    return _PHRASES.get(limit.kind, "{who}{organ}应当自{since}起{period}以内{deed}")


def _extension(extension: Extension) -> str:
    ground = spelt_out(extension.ground)
    free = extension.approver.startswith("无须审批")
    leave = (
        "无须审批，" if free else f"经{spelt_out(extension.approver)}批准，" if extension.approver.strip("—") else ""
    )
    match extension.mode, extension.period:
        case Mode.ADD, period if period:
            length = f"可以延长{extension.least.zh}至{period.zh}" if extension.least else f"可以延长{period.zh}"
        case Mode.REPLACE, period if period:
            length = f"可以延长至{period.zh}"
        case _:
            length = "可以延长，期限不定"
    source = f"（{spelt_out(extension.source)}）" if extension.source else ""
    if ground.startswith("至迟"):
        return f"{leave}至迟{length}{source}"
    return (f"{ground}的，" if ground else "") + f"{leave}{length}{source}"


def _computation(limit: Limit) -> Iterator[str]:
    """How the end is found, where it is not as the preamble says."""
    if limit.period is None or limit.period.at_once:
        return
    if limit.month_end is MonthEnd.LAST_DAY and any(
        period.months for period in (limit.period, *(each.period for each in limit.extensions)) if period
    ):
        yield "自月末起算的，以届满之月的最后一日为期满之日"
    if limit.before and not limit.period.hours:
        yield "向前计算，遇节假日的提前至节假日前的最后一个工作日"
    elif limit.custody == "always":
        yield "羁押期限，不因节假日顺延"
    elif limit.roll is Roll.ONLY_IF_NOT_DETAINED:
        yield "在押的，不因节假日顺延"
    elif limit.roll is Roll.NEVER and not limit.period.hours:
        yield "不因节假日顺延"


def _paragraphs(citations: Sequence[Citation]) -> Iterator[str]:
    """第九十一条第一款 and then 第二款, where the article is the same; then 第三项, where the paragraph is too."""
    said = citations[0].edition.short
    for citation in citations:
        whole = citation.zh
        yield whole.removeprefix(said if whole != said and whole.startswith(said) else citation.edition.short)
        said = Citation(citation.edition, citation.article, citation.paragraph if citation.item else None).zh


def _reference(edition: Edition, numbers: str) -> str:
    """`91.2、93` as 第九十一条第二款、第九十三条, after the name of the edition."""
    parts = []
    for number in numbers.split("、"):
        first, _, last = number.partition("-")
        article, _, paragraph = first.partition(".")
        parts.append(
            f"第{chinese(int(article))}条"
            + (f"第{chinese(int(paragraph))}款" if paragraph else "")
            + (f"至第{chinese(int(last))}条" if last else "")
        )
    return edition.short + "、".join(parts)


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{'、'.join(first)}或者{last}" if first else last


def _one_of(names: Sequence[str]) -> str:
    """Two are joined by 或者; of three and more it must be plain that one is enough."""
    return "、".join(names) + "之一" if names[2:] else _either(names)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _end(sentence: str) -> str:
    return sentence if not sentence or sentence.endswith(("。", "）。")) else f"{sentence}。"


def _full_width(text: str) -> str:
    return text.replace("; ", "；").translate(_WIDE)


_WIDE = str.maketrans({"(": "（", ")": "）", ";": "；", ",": "，", ":": "："})
_KEYS = "|".join(sorted(EDITIONS, key=len, reverse=True))
_ARTICLE = r"\d+(?:\.\d+|-\d+)?"
_SHORT_REFERENCE = re.compile(rf"(?<![A-Za-z0-9])({_KEYS}) ?({_ARTICLE}(?:、{_ARTICLE})*)(?: (?=[一-鿿]))?")
_SHORT_KEY = re.compile(rf"(?<![A-Za-z0-9])({_KEYS})(?![A-Za-z0-9]) ?")
#: So many deeds can be said in one breath; more are listed by their names.
_SPOKEN = 3
#: Names of steps that begin with a subject of their own and cannot follow 可以.
_OWN_SUBJECT = (
    "被害人",
    "被不起诉人",
    "检察院",
    "案件已移送",
    "审理期限",
    "简易程序",
    "速裁程序",
    "身份不明",
    "拘留变更",
    "庭前",
    "第二审",
)
#: What a limit of each kind says; every other kind says who must do what.
_PHRASES: Mapping[str, str] = {
    "right": "{who}{organ}可以自{since}起{period}以内{deed}",
    "detention": "{who}期限为{period}，自{since}起计算{until}，由{organ}负责遵守",
    "validity": "{who}期限为{period}，自{since}起计算{until}，由{organ}负责遵守",
    "term": "{who}期间为{period}，自{since}起计算，由{organ}执行",
    "interval": "{who}{organ}应当自{since}起间隔{period}以上",
    "threshold": "{who}以{period}为界，自{since}起计算，由{organ}适用",
    "rule": "{who}以{period}为界，自{since}起计算，由{organ}适用",
    "advisory": "{who}以{period}为参考，自{since}起计算，由{organ}办理",
}
_HANDOVER: Mapping[str, str] = {
    "offer": "接收以前，责任仍在移送机关",
    "accept": "自此由接收机关负责",
    "return": "责任仍在移送机关",
    "withdraw": "责任仍在移送机关",
}
_LIBERTY: Mapping[str, str] = {"taken": "自此在押", "given": "在押的，自此不再羁押"}
_LEAVES: Mapping[str, str] = {
    "new": "有关人员由此转入新建的案件",
    "into": "有关人员由此转入他案",
    "any": "有关人员由此转入新建的案件或者他案",
}
