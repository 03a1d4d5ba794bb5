"""法律文本自身完整：状态可以到达，没有死路，引用都有着落。"""

from services.kernel.procedure import ANEW, STAY, Limit, Procedure, Remark, Step, step_refs
from services.kernel.who import ORGANS_ZH
from services.law import CODE, PROCEDURES
from services.law.statutes import EDITIONS

#: This system's own design: no statute names its steps.
OWN_DESIGN = {"package_handover"}


def reached(procedure: type[Procedure]) -> set[str]:
    """Every state that a line can come to."""
    found = {ANEW.name, procedure.initial().name}
    for rule in CODE.rules.values():
        found |= {to for name, to in (*rule.opens, *rule.ends) if name == procedure.name}
    steps = [step for step in procedure.steps() if step.to is not STAY]
    while more := {step.to.name for step in steps if any(state.name in found for state in step.at)} - found:
        found |= more
    return found - {ANEW.name}


def test_every_state_is_reached(procedure):
    """每一个状态都可以到达。"""
    assert reached(procedure) == {state.name for state in procedure.states()}


def test_no_dead_state(procedure):
    """不是终点的状态都有出路。"""
    left = {state.name for step in procedure.steps() if step.to is not STAY for state in step.at}

    assert {state.name for state in procedure.states() if not state.end} <= left


def test_names_are_told_apart(procedure):
    """同一程序的状态、步骤各有其名，中文互不相同。"""
    alike = {("custody_extension", "再延长二个月"), ("arrest_review", "决定逮捕")}
    for members in (list(procedure.states()), list(procedure.steps())):
        names = [member.zh for member in members]
        twice = {name for name in names if names.count(name) > 1}

        assert all(names)
        assert {(procedure.name, name) for name in twice} <= alike


def test_carried_opened_and_ended_resolve(procedure):
    """一并完成、由此开始、随之结束的程序都在，且各归其位。"""
    for step in procedure.steps():
        rule = CODE.rules[step.type]
        for target, state in (*rule.opens, *rule.ends):
            assert state in {each.name for each in CODE.procedures[target].states()}
        for target, state in rule.ends:
            assert next(each for each in CODE.procedures[target].states() if each.name == state).end, step.type
        carried = [(CODE.steps[name].procedure, state) for name in step.carries for state in CODE.steps[name].at]
        assert len(carried) == len(set(carried)), f"{step.type} carries two steps out of one state"
        assert all(other is not procedure for other, _ in carried)


def test_begins_at_a_state_of_the_case(procedure):
    """人员的程序始于全案程序的状态。"""
    if procedure.begins_at:
        name, _, state = procedure.begins_at.partition(":")

        assert CODE.procedures[name].line == "case"
        assert state in {each.name for each in CODE.procedures[name].states()}


def test_citations(procedure):
    """每一条文都有版本，条、款、项都是正数。"""
    for name, member in vars(procedure).items():
        if not isinstance(member, Step | Limit | Remark) and name not in {ban.name for ban in procedure.bans()}:
            continue
        cite = member.cite if isinstance(member.cite, tuple) else (member.cite,)
        assert cite or procedure.name in OWN_DESIGN, f"{procedure.name}.{name} cites nothing"
        for citation in cite:
            assert EDITIONS[citation.edition.key] is citation.edition
            assert citation.article if isinstance(citation.article, str) else citation.article > 0
            assert citation.paragraph is None or citation.paragraph > 0
            assert citation.item is None or (citation.item > 0 and citation.paragraph), "an item without its paragraph"


def test_documents_are_of_the_catalogue(procedure):
    """所需文书都在目录之内。"""
    for step in procedure.steps():
        papers = CODE.rules[step.type].papers

        assert papers.known <= set(CODE.catalogue.by_id)
        assert not papers.optional & {kind for group in papers.groups for kind in group}
        assert bool(step.needs) == bool(papers.known)


def test_extensions_are_granted_one_by_one(procedure):
    """每一次延长都有准许的步骤。"""
    for limit in procedure.limits():
        granted = step_refs(limit.extended_by)

        assert not granted or len(granted) == len(limit.extensions), limit.name
        assert bool(step_refs(limit.paused_by)) == bool(step_refs(limit.resumed_by)), limit.name
        assert step_refs(limit.by) or limit.note, f"no step shows {limit.name}, and it does not say who notes it"


def test_organs_and_offices_have_one_name():
    """机关和职务一名一义。"""
    offices = {step.office for step in CODE.steps.values()}

    assert {office.organ for office in offices} <= set(ORGANS_ZH)
    assert len({(office.organ, office.key) for office in offices}) == len(offices)


def test_ids_are_of_their_procedure(procedure):
    """步骤的编号属于本程序，自加的步骤一号一步。"""
    for step in procedure.steps():
        assert all(number.startswith(f"{procedure.id}.") for number in step.ids), step.type
        assert all(state is ANEW or state.procedure is procedure for state in step.at)


def test_every_procedure_stands_once():
    """程序的编号和名称都不重复。"""
    for names in (
        [each.id for each in PROCEDURES],
        [each.name for each in PROCEDURES],
        [each.zh for each in PROCEDURES],
    ):
        assert len(names) == len(set(names))
