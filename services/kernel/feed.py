"""A page of a feed: rows in CloudEvents 1.0 envelopes, made and read without parsing what is only passed on.

Every envelope has a line of its own. A row is written without line breaks, and JSON has none inside a text, so nothing
that anybody recorded can look like the end of an envelope.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from services.kernel.transition import encode

# What an envelope repeats of its row, cut out of the text: a follower reads many rows, and parsing one costs more than
# all else about it. Quotes inside a value are escaped, so no value can look like a field.
_ROW = re.compile(r'\{"id":"([^"]+)","case_id":"([^"]+)","service":"[^"]+","seq":(\d+),"type":"([^"]+)"')
_PAGE = re.compile(
    r'\{"items":\[(.*)\],"next_cursor":"(\d+)","has_more":(true|false),"after_digest":"([^"]*)"\}', re.DOTALL
)
_EVENT = re.compile(
    r'\{"specversion":"1\.0","id":"[^"]+","source":"[^"]+","type":"[^"]+","subject":"[^"]+","time":"[^"]+",'
    r'"datacontenttype":"application/json","sequence":"(\d+)","partitionkey":"([^"]+)","organ":"[^"]*",'
    r'"feedseq":(\d+),"datadigest":"sm3:([0-9a-f]{64})","datasha":"sha-256:([0-9a-f]{64})","data":(\{.*)\}'
)
_BETWEEN, _BEGINNING = ",\n", '{"specversion":'


@dataclass(frozen=True, slots=True)
class Told:
    """A row as a feed told it: its place in its case and in its log, its links, and its text."""

    case_id: str
    seq: int
    feed_seq: int
    sm3: bytes
    sha256: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """So many rows; where to go on, and whether there was more when it was made.

    `link` is the digest of the row at the cursor that was asked with, as the log has it; empty where that is not told.
    """

    rows: Sequence[Told]
    after: int
    has_more: bool
    link: str = ""


def page(service: str, rows: Sequence[Any], after: int, link: str, *, has_more: bool) -> str:
    """Rows as a page that was asked for after a cursor. Shape: records of feed_seq, body, sm3, sha256."""
    items = _BETWEEN.join(envelope(service, row) for row in rows)
    cursor = rows[-1]["feed_seq"] if rows else after
    more = "true" if has_more else "false"
    return f'{{"items":[{items}],"next_cursor":"{cursor}","has_more":{more},"after_digest":"{link}"}}'


def envelope(service: str, row: Any) -> str:
    """A row as a CloudEvents 1.0 envelope, the row's own text inside."""
    body: str = row["body"]
    found = _ROW.match(body)
    assert found is not None, "a row begins as `record.decide` writes it"
    row_id, case_id, seq, type_ = found.groups()
    organ, after = _field(body, '"organ":"', found.end())
    recorded_at, _ = _field(body, '"recorded_at":"', after)
    return (
        f'{{"specversion":"1.0","id":"{row_id}","source":"/{service}",'
        f'"type":"cn.singletrack.{service}.{type_.replace(":", ".")}.recorded.v1","subject":"cases/{case_id}",'
        f'"time":"{recorded_at}","datacontenttype":"application/json","sequence":"{seq}","partitionkey":"{case_id}",'
        f'"organ":"{organ}","feedseq":{row["feed_seq"]},"datadigest":"sm3:{row["sm3"].hex()}",'
        f'"datasha":"sha-256:{row["sha256"].hex()}","data":{body}}}'
    )


def read(text: str) -> Page:
    """A page, row by row; one that is laid out otherwise is parsed, and its rows written again.

    Raises: ValueError, KeyError, TypeError for what is no page.
    """
    laid_out = _PAGE.fullmatch(text)
    items = laid_out[1].split(_BETWEEN) if laid_out is not None and laid_out[1] else []
    found = [_EVENT.fullmatch(item) for item in items]
    if laid_out is None or None in found or laid_out[1].count(_BEGINNING) != len(items):
        parsed = from_json(text)
        told = [_told(event) for event in parsed["items"]]
        return Page(told, int(parsed["next_cursor"]), bool(parsed["has_more"]), str(parsed.get("after_digest", "")))
    rows = [
        Told(each[2], int(each[1]), int(each[3]), bytes.fromhex(each[4]), bytes.fromhex(each[5]), each[6])
        for each in found
        if each is not None
    ]
    return Page(rows, int(laid_out[2]), laid_out[3] == "true", laid_out[4])


def _told(event: Mapping[str, Any]) -> Told:
    return Told(
        event["partitionkey"],
        int(event["sequence"]),
        int(event["feedseq"]),
        bytes.fromhex(event["datadigest"].removeprefix("sm3:")),
        bytes.fromhex(event["datasha"].removeprefix("sha-256:")),
        encode(event["data"]),
    )


def _field(body: str, name: str, after: int) -> tuple[str, int]:
    start = body.index(name, after) + len(name)
    end = body.index('"', start)
    return body[start:end], end
