"""How a command reaches the gateway of a running stack, and as whom."""

from pathlib import Path
from typing import Annotated

import typer

from singletrack.stack import Databases, keys_in, running_in

Url = Annotated[str, typer.Option("--url", help="Where the gateway answers; else the stack of the data folder.")]
Token = Annotated[str, typer.Option("--token", envvar="SINGLETRACK_TOKEN", help="A token; else made with its key.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder of the running stack.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print for machines.")]


def reach(url: str, token: str, data: Path | None) -> tuple[str, dict[str, str]]:
    """Where to ask, and the headers that say who asks: whoever reviews, unless a token says otherwise.

    Raises: StackUnavailable where nothing runs on the data folder.
    """
    folder = data or Databases().data
    url = url or str(running_in(folder)["gateway"])
    token = token or keys_in(folder)[0].issue("sys-review", "reviewer", officer="reviewer-1", seconds=24 * 3600)
    return url, {"Authorization": f"Bearer {token}"}
