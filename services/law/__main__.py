"""Read the law back: `python -m services.law [PROCEDURE …]`, or write it to the golden files and to the docs."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from services.kernel.procedure import Procedure
from services.law import CODE, PROCEDURES
from services.law.page import files
from services.law.reading import key, read

#: The procedures in force, then their older editions.
ALL: tuple[type[Procedure], ...] = (*PROCEDURES, *CODE.older)


def main(arguments: list[str] | None = None) -> None:
    """Print or write. Exits with 2 for a procedure that is not there."""
    parser = argparse.ArgumentParser(prog="python -m services.law", description="The law read back in Chinese.")
    parser.add_argument("procedure", nargs="*", help="Such as arrest_review or P09; all of them if none is named.")
    parser.add_argument("--write-golden", metavar="DIR", type=Path, help="Write DIR/<procedure>.txt.")
    parser.add_argument(
        "--write-docs", metavar="DIR", type=Path, help="Write DIR/<procedure>.md and .svg, and DIR/README.md, of all."
    )
    asked = parser.parse_args(arguments)
    known = {each.id: each for each in PROCEDURES} | {key(each): each for each in ALL}
    missing = [name for name in asked.procedure if name not in known]
    if missing:
        parser.error(f"no procedure is called {', '.join(missing)}; there are {', '.join(map(key, ALL))}")
    readings = [read(procedure, CODE) for procedure in [known[name] for name in asked.procedure] or ALL]
    if asked.write_golden:
        _write(asked.write_golden, ((f"{reading.name}.txt", reading.text) for reading in readings))
    if asked.write_docs:
        _write(asked.write_docs, files(ALL, CODE))
    if not asked.write_golden and not asked.write_docs:
        sys.stdout.write("\n".join(reading.text for reading in readings))


def _write(folder: Path, texts: Iterable[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts:
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
