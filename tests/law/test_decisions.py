"""每一步骤：只有法定的机关和职务，在法定的状态，凭法定的文书，才能办理。

Every state × step × organ of every procedure, decided by the kernel on a record in memory.
"""

import pytest

from services.kernel.errors import OutOfOrder, PapersMissing, UsedUp, WrongOrgan
from services.kernel.procedure import STAY
from services.kernel.who import HANDLING, Organ
from services.law import CODE, PROCEDURES

POLICE, PROCURATORATE, COURT = Organ.POLICE, Organ.PROCURATORATE, Organ.COURT
#: Two ways in which the organs of a case may stand to it, and who then is the organ that the law describes.
SCENES = {
    "police hold, the court has decided, the procuratorate is in charge and receives": (
        {"holder": POLICE, "receiver": PROCURATORATE, "decider": COURT, "in_charge": PROCURATORATE},
        {
            Organ.ORGAN_IN_CHARGE: {POLICE},
            Organ.DECIDING_ORGAN: {COURT, PROCURATORATE},
            Organ.TRANSFERRING_ORGAN: {POLICE},
            Organ.RECEIVING_ORGAN: {PROCURATORATE},
            Organ.SUPERVISED_ORGAN: {PROCURATORATE},
            Organ.HANDLING_ORGAN: HANDLING,
        },
    ),
    "nobody holds, nothing is offered, the court is in charge": (
        {"in_charge": COURT},
        {
            Organ.ORGAN_IN_CHARGE: {COURT},
            Organ.DECIDING_ORGAN: {COURT},
            Organ.TRANSFERRING_ORGAN: set(),
            Organ.RECEIVING_ORGAN: {COURT},
            Organ.SUPERVISED_ORGAN: set(),
            Organ.HANDLING_ORGAN: HANDLING,
        },
    ),
}


@pytest.mark.parametrize("case", SCENES)
def test_every_step_in_every_state_by_every_organ(bench, scene, procedure, case):
    """何机关在何状态可以办理何步骤。"""
    organs, resolved = SCENES[case]
    beginning = dict([procedure.begins_at.split(":")]) if procedure.begins_at else {}
    for step in procedure.steps():
        for state in (None, *procedure.states()):
            right = resolved.get(step.office.organ, {step.office.organ})
            if state is None and step.office.organ is Organ.DECIDING_ORGAN:
                right = {organs["in_charge"]}  # nobody has decided yet
            here = scene(lines=beginning | ({procedure.name: state.name} if state else {}), **organs)
            begins = bench.stands(procedure, state) & {each.name for each in step.at}
            for organ in bench.organs:
                if organ not in right:
                    with pytest.raises(WrongOrgan):
                        bench.take(step, here, organ)
                elif not begins:
                    with pytest.raises(OutOfOrder):
                        bench.take(step, here, organ)
                else:
                    entry = bench.take(step, here, organ)
                    here_or_first = (state.name if state else "", procedure.initial().name, "anew")
                    origin = next(name for name in here_or_first if name in begins)
                    assert bench.where(entry, procedure.name) == (origin if step.to is STAY else step.to.name)
                    begun = next(each for each in step.at if each.name == origin)
                    assert entry.body["moves"][0]["id"] == step.id_from(begun)


def test_only_the_office_that_the_law_names(bench, scene, procedure):
    """由法定的职务办理。"""
    organs, resolved = SCENES["police hold, the court has decided, the procuratorate is in charge and receives"]
    for step in procedure.steps():
        state = next((each for each in step.at if each in set(procedure.states())), None)
        here = scene(lines={procedure.name: state.name} if state else {}, **organs)
        for organ in resolved.get(step.office.organ, {step.office.organ}):
            for office in bench.offices:
                if office == step.office.key:
                    bench.take(step, here, organ, office)
                else:
                    with pytest.raises(WrongOrgan):
                        bench.take(step, here, organ, office)


def test_every_paper_is_needed_and_either_will_do(bench, scene, procedure):
    """缺少法定文书的，不能办理；可以选用的文书，有其一即可。"""
    organs, resolved = SCENES["police hold, the court has decided, the procuratorate is in charge and receives"]
    for step in procedure.steps():
        groups = CODE.rules[step.type].papers.groups
        state = next((each for each in step.at if each in set(procedure.states())), None)
        here = scene(lines={procedure.name: state.name} if state else {}, **organs)
        organ = min(resolved.get(step.office.organ, {step.office.organ}))
        for group in groups:
            others = [each[0] for each in groups if each is not group]
            with pytest.raises(PapersMissing):
                bench.take(step, here, organ, papers=[kind for kind in others if kind not in group])
            for kind in group:
                bench.take(step, here, organ, papers=[*others, kind])


@pytest.mark.parametrize(
    "procedure", [each for each in PROCEDURES if each.begins_at], ids=lambda procedure: procedure.name
)
def test_a_line_waits_for_the_state_at_which_it_may_begin(bench, scene, procedure):
    """立案以后，侦查方可终结。"""
    earlier, _, _ = procedure.begins_at.partition(":")
    for lines in ({}, {earlier: CODE.procedures[earlier].initial().name}):
        for step in procedure.steps():
            assert "anew" not in {each.name for each in step.at}
            with pytest.raises(OutOfOrder):
                bench.take(step, scene(lines=lines), step.office.organ)


def test_no_more_often_than_the_law_allows(bench, scene, procedure):
    """以二次为限。"""
    for step in procedure.steps():
        if step.at_most is None:
            continue
        state = step.at[0].name
        last = scene(lines={procedure.name: state}, counts={step.type: step.at_most - 1})
        spent = scene(lines={procedure.name: state}, counts={step.type: step.at_most})

        entry = bench.take(step, last, step.office.organ)

        assert entry.body["counted"]
        with pytest.raises(UsedUp):
            bench.take(step, spent, step.office.organ)


def test_what_is_carried_opened_and_ended(bench, scene, procedure):
    """一并完成、由此开始、随之结束的其他程序。"""
    organs, resolved = SCENES["police hold, the court has decided, the procuratorate is in charge and receives"]
    for step in procedure.steps():
        state = next((each for each in step.at if each in set(procedure.states())), None)
        home = {procedure.name: state.name} if state else {}
        organ = min(resolved.get(step.office.organ, {step.office.organ}))
        for name in step.carries:
            carried = CODE.steps[name]
            for ready in carried.at:
                here = scene(lines=home | {carried.procedure.name: ready.name}, **organs)
                entry = bench.take(step, here, organ)
                assert bench.where(entry, carried.procedure.name) == carried.to.name, f"{step.type} carries {name}"
        for opened, to in CODE.rules[step.type].opens:
            entry = bench.take(step, scene(lines=home, **organs), organ)
            assert bench.where(entry, opened) == to, f"{step.type} opens {opened}"
        for ended, to in CODE.rules[step.type].ends:
            carries = [CODE.steps[name] for name in step.carries]
            taken = {each for carried in carries if carried.procedure.name == ended for each in carried.at}
            for before in CODE.procedures[ended].states():
                if before in taken:
                    continue
                entry = bench.take(step, scene(lines=home | {ended: before.name}, **organs), organ)
                after = before.name if before.end else to
                assert bench.where(entry, ended) == after, f"{step.type} ends {ended} at {before.name}"
