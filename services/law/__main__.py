"""Read the law back: `python -m services.law [PROCEDURE …]`, or write it to the golden files and to the docs."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from services.kernel.procedure import Procedure
from services.law import CODE, PROCEDURES
from services.law.reading import Reading, read


def main(arguments: list[str] | None = None) -> None:
    """Print or write. Exits with 2 for a procedure that is not there."""
    parser = argparse.ArgumentParser(prog="python -m services.law", description="The law read back in Chinese.")
    parser.add_argument("procedure", nargs="*", help="Such as arrest_review or P09; all of them if none is named.")
    parser.add_argument("--write-golden", metavar="DIR", type=Path, help="Write DIR/<procedure>.txt.")
    parser.add_argument("--write-docs", metavar="DIR", type=Path, help="Write DIR/<procedure>.md and DIR/README.md.")
    asked = parser.parse_args(arguments)
    known = {key: each for each in PROCEDURES for key in (each.name, each.id)}
    missing = [key for key in asked.procedure if key not in known]
    if missing:
        parser.error(f"no procedure is called {', '.join(missing)}; there are {', '.join(CODE.procedures)}")
    chosen = [known[key] for key in asked.procedure] or PROCEDURES
    readings = [read(procedure, CODE) for procedure in chosen]
    if asked.write_golden:
        _write(asked.write_golden, ".txt", readings, lambda reading: reading.text)
    if asked.write_docs:
        _write(asked.write_docs, ".md", readings, lambda reading: reading.markdown)
        (asked.write_docs / "README.md").write_text(index(PROCEDURES), encoding="utf-8")
    if not asked.write_golden and not asked.write_docs:
        sys.stdout.write("\n".join(reading.text for reading in readings))


def index(procedures: tuple[type[Procedure], ...]) -> str:
    """The page that lists the pages of all procedures."""
    rows = (f"| {each.id} | [{each.zh}]({each.name}.md) | `{each.name}` |" for each in procedures)
    return "\n".join(
        [
            "# 法律",
            "",
            "本目录是系统所执行的法律，由 `services/law/` 逐条读出。",
            "",
            "| 编号 | 程序 | 名称 |",
            "|---|---|---|",
            *rows,
            "",
            "〔只登记〕的期限可以查询和计算，但系统没有相应的步骤，不据以认定逾期；〔不编码〕的条文已经读过，",
            "写明不由系统执行的理由。各条之后是步骤、期限在接口中的名称，期限可以用",
            "`singletrack law due 名称 --from 日期` 计算。",
            "",
            "这些页面由 `python -m services.law --write-docs docs/law` 生成，不要手改；修改法律，改 `services/law/`。",
            "",
        ]
    )


def _write(folder: Path, suffix: str, readings: list[Reading], text: Callable[[Reading], str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for reading in readings:
        (folder / f"{reading.name}{suffix}").write_text(text(reading), encoding="utf-8")


if __name__ == "__main__":
    main()
