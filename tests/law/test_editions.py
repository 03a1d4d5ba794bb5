"""旧版本的法律：只有当时不同的写明，引用的是当时的条号，期限与表相同。"""

from collections.abc import Iterator

import pytest

from services.kernel.procedure import Ban, Limit, Procedure, Remark, Step
from services.kernel.statute import Citation
from services.law import CODE, OLDER
from services.law.statutes import EDITIONS, PL12, PL26, PS12, PS25

each_older = pytest.mark.parametrize("older", OLDER, ids=lambda procedure: f"{procedure.name}@{procedure.edition}")


def cited(procedure: type[Procedure]) -> Iterator[Citation]:
    """Every provision as written, before the older numbers are put in."""
    for member in procedure.members().values():
        if isinstance(member, Step | Limit | Ban | Remark):
            yield from member.cite if isinstance(member.cite, tuple) else (member.cite,)


@each_older
def test_an_older_edition_ends_where_the_newer_begins(older):
    """前后相接：旧版本施行到新版本施行之日。"""
    newer = CODE.procedures[older.name]

    assert issubclass(older, newer)
    assert older.edition != newer.edition
    assert older.in_force < older.until == newer.in_force
    assert older.until == EDITIONS[newer.edition].effective
    assert newer.until is None


@each_older
def test_every_article_that_moved_has_its_older_number(older):
    """引用新法的，都有旧法的条号；没有对应条文的，旧版本不引用。"""
    for citation in cited(older):
        for newer, (edition, moved) in older.cites.items():
            assert citation.edition is not newer or citation.article in moved, citation.zh
            if citation.edition is newer:
                assert older.cited(citation).edition is edition


@pytest.mark.parametrize(
    ("limit", "newer", "older"),
    [
        ("on_spot_penalty_filing", PS25[120], PS12[101]),
        ("fine_payment", PS25[123], PS12[104]),
        ("admin_unclaimed_property", PS25[105], PS12[89]),
        ("execution_documents_service", PL26[31], PL12[15]),
    ],
)
def test_one_duty_is_cited_from_each_edition(limit, newer, older):
    """同一义务，各依当时的条号。"""
    found = CODE.limits[limit]
    before = next(procedure for procedure in OLDER if procedure.name == found.procedure.name)

    assert newer in found.cite
    assert before.cited(newer) == older
    assert CODE.editions_of[limit] == {found.procedure.edition, before.edition}


def test_what_the_revisions_changed():
    """治安管理处罚法、监狱法的修订，逐项。"""
    terms = {name: CODE.limits[name] for name in ("public_security_case", "public_security_case_pre2026")}
    assert {name: sum(each.times for each in limit.extensions) for name, limit in terms.items()} == {
        "public_security_case": 2,
        "public_security_case_pre2026": 1,
    }
    assert [len(CODE.limits[name].extensions) for name in ("admin_inquiry", "admin_inquiry_pre2026")] == [2, 1]
    assert [CODE.limits[name].working_days for name in ("prison_family_notice", "prison_family_notice_pre2026")] == [
        True,
        False,
    ]
    for name, newer, older in (
        ("admin_case:penalize_on_spot", "五百元", "二百元"),
        ("admin_case:decide_at_station", "一千元", "五百元"),
        ("admin_case:request_hearing", "四千元", "二千元"),
    ):
        for edition, amount in (("PS25", newer), ("PS12", older)):
            said = {
                step.type: step
                for each in (CODE.procedures["admin_case"], *OLDER)
                if each.edition == edition
                for step in each.steps()
            }
            assert amount in said[name].condition
    assert CODE.rule("execution:require_admission", "PL12") is None
    assert CODE.rule("execution:require_admission", "PL26") is not None
    newer, older = (CODE.rule("execution:serve", edition).papers for edition in ("PL26", "PL12"))
    assert newer.optional - older.optional == {"property_performance_material"}
