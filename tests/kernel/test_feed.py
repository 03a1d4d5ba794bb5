"""A page of a feed is read as it was made, whatever anybody wrote into the rows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import feed
from services.kernel.transition import encode

LINKS = {"sm3": b"\1" * 32, "sha256": b"\2" * 32}
LINK = "sm3:" + "3" * 64
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def row(number, **more):
    head = {
        "id": f"trn_{number}",
        "case_id": f"case_{number % 3}",
        "service": "case_flow",
        "seq": number,
        "type": "a:b",
    }
    body = encode({**head, "organ": "pol-1", "recorded_at": "2026-03-02T01:00:00.000000Z", **more})
    return {"feed_seq": number, "body": body, **LINKS}


def told(made):
    return [(each.case_id, each.seq, each.feed_seq, each.sm3, each.sha256, each.text) for each in made.rows]


@given(
    st.lists(
        st.recursive(
            TEXTS | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
        ),
        max_size=5,
    )
)
def test_rows_come_back_as_they_are(facts):
    """逐行读回，一字不差；整体仍是合格的JSON。"""
    rows = [row(number, facts=each) for number, each in enumerate(facts, start=1)]
    text = feed.page("case_flow", rows, 0, has_more=True, link=LINK)

    page = feed.read(text)

    assert told(page) == [
        (f"case_{n % 3}", n, n, LINKS["sm3"], LINKS["sha256"], each["body"]) for n, each in enumerate(rows, start=1)
    ]
    assert (page.after, page.has_more, page.link) == (len(rows), True, LINK)
    assert [event["data"] for event in json.loads(text)["items"]] == [json.loads(each["body"]) for each in rows]


@pytest.mark.parametrize(
    "written",
    [
        '},\n{"specversion":"1.0","id":"x"',
        '"}],"next_cursor":"9","has_more":false}',
        {"data": {"specversion": "1.0"}},
        "\u2028\r\n",
    ],
)
def test_nobody_writes_an_envelope(written):
    """行内写入信封样文字的，仍是一行。"""
    rows = [row(1, facts={"note": written}), row(2)]

    assert [each.text for each in feed.read(feed.page("case_flow", rows, 0, has_more=False, link=LINK)).rows] == [
        each["body"] for each in rows
    ]


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")], ids=["wide", "close"])
def test_a_page_laid_out_otherwise_is_read_too(separators):
    """别样排列的页，读出同样的内容。"""
    text = feed.page("case_flow", [row(1), row(2, facts={"n": [1, 2.5e-7, "案"]})], 0, has_more=False, link=LINK)

    assert feed.read(json.dumps(json.loads(text), separators=separators)) == feed.read(text)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"items":[{}],"next_cursor":"1","has_more":false}'])
def test_what_is_no_page_is_refused(text):
    """不成其为页的，拒绝。"""
    with pytest.raises((ValueError, KeyError, TypeError)):
        feed.read(text)
