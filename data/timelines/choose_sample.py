"""Chooses `sample.jsonl` from `timelines.jsonl`: every shape that the README names, every rare event, then an even spread.

Run it from anywhere: `python data/timelines/choose_sample.py`. The same file always gives the same sample.
"""

import json
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
SIZE = 450
RARE = 40
SHAPES = [
    "a69d21ae7dabe88b/1",
    "a660df4fbcdeda19/1",
    "1979135eaee39867/3",
    "84eec50eafd4c13d/1",
    "6f2d2e3cbb2d4239/1",
    "198a42537ccf2c8e/1",
    "4830e0e1f118a147/1",
    "b63f41bcc5263980/1",
    "b63f41bcc5263980/2",
    "b63f41bcc5263980/3",
    "ab02f635c1736e50/1",
    "3d7feb3469ead1c0/2",
    "22ef890e7b6efa49/1",
    "16bb02290f6c3ff4/1",
    "ad218878f3b016f5/1",
    "4b2f3f283ad7f5f2/1",
    "87043bd7073ef23c/1",
    "061f95a359d2eb2c/1",
    "0bf458ae9a50baca/1",
    "1518b407594e97e1/1",
    "6da99e83fc205149/1",
    "725f41e7c49dcb79/1",
    "a5f453378703afb3/1",
    "1a4bd3c010165644/1",
    "42efe1d9590d9d3b/1",
    "0e37aa1714259116/1",
    "27cbd96a328d8504/1",
]


def choose(records: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    """The sample, in the order of the whole file. A case is taken with all its defendants."""
    counts = Counter(event["type"] for record in records for event in record["events"])
    cases = {
        record["case_key"]
        for record in records
        if f"{record['case_key']}/{record['defendant_index'] or 1}" in SHAPES
        or any(counts[event["type"]] < RARE for event in record["events"])
        or record["record_origin"] == "hand_coded"
    }
    rest = [record["case_key"] for record in records if record["case_key"] not in cases]
    chosen = sum(record["case_key"] in cases for record in records)
    if chosen < SIZE:
        cases.update(rest[:: max(1, len(rest) // (SIZE - chosen))])
    return [record for record in records if record["case_key"] in cases]


if __name__ == "__main__":
    everything = [json.loads(line) for line in (HERE / "timelines.jsonl").read_text("utf-8").splitlines()]
    sample = choose(everything)
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in sample)
    (HERE / "sample.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(sample)} of {len(everything)} records, {len({r['case_key'] for r in sample})} cases")  # noqa: T201
