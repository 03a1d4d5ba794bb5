"""The public contract: the services' OpenAPI documents as one, committed beside this file, and the routes made from it.

A route that the contract does not name is not there. Pure, but for reading the committed file.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from services.kernel.web import Problem

#: The committed contract; `singletrack openapi --write` makes it.
FILE = Path(__file__).parent / "openapi.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
Json: TypeAlias = dict[str, Any]
#: A contract without routes.
EMPTY: Json = {"info": {"title": "Singletrack 单轨"}, "paths": {}}
_REF = "#/components/"
_DESCRIPTION = (
    "公安机关、人民检察院、人民法院、看守所、法律援助机构在同一份电子案卷上办理刑事案件。\n\n"
    "办理任何法定步骤都是同一种请求：`POST /v1/cases/{case_id}/transitions`；先问后办："
    "`GET …/available-transitions`（加`?unmet=true`，一并说明不能办理的步骤及其理由），"
    '或者在同一请求中写明`"dry_run": true`；各步骤的最后一日和随之起算的期限，见`GET /v1/cases/{case_id}/forecast`。'
    "拒绝一律为RFC 9457问题，附法律依据和补正办法。"
)


class ContractConflict(ValueError):
    """Two services say different things of the same name, or one breaks a rule of the contract."""


def merge(documents: Mapping[str, Json]) -> Json:
    """One OpenAPI 3.1 document from those of the services, by name; the order of both is kept.

    Raises: ContractConflict, naming everything that is wrong.
    """
    wrong: list[str] = []
    paths: dict[str, Json] = {}
    components: dict[str, Json] = {
        "schemas": {"Problem": Problem.model_json_schema(ref_template=_REF + "schemas/{model}")}
    }
    operations: dict[str, str] = {}
    shapes: dict[str, str] = {}
    for service, document in documents.items():
        own = deepcopy(document)
        for path, item in own.get("paths", {}).items():
            wrong += _check_path(path, shapes)
            for method, operation in _operations(item):
                wrong += _check_operation(service, method, path, operation, operations, paths)
                paths.setdefault(path, {})[method] = _public(service, path, operation)
        for kind, entries in own.get("components", {}).items():
            for name, entry in entries.items():
                known = components.setdefault(kind, {}).setdefault(name, entry)
                if known != entry and (kind, name) != ("schemas", "Problem"):
                    wrong.append(f"{service} has another {kind}/{name} than the services before it")
    if wrong:
        raise ContractConflict("\n".join(wrong))
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Singletrack 单轨", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in sorted(_tags(paths))],
        "paths": paths,
        "components": _used(paths, components),
    }


def text(contract: Json) -> str:
    """The contract as it is committed."""
    return json.dumps(contract, ensure_ascii=False, indent=1) + "\n"


def committed() -> Json:
    """The committed contract. Raises: FileNotFoundError before it was ever written."""
    found: Json = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Route:
    """Whose an operation is, and whether it takes no token."""

    service: str
    is_open: bool


_Node: TypeAlias = "dict[str | None, _Node | dict[str, Route]]"
# No segment of a path holds a slash.
_HERE = "/"


class Table:
    """Finds the route of a request: one look-up for each segment of its path, however many routes there are."""

    def __init__(self, contract: Json) -> None:
        self._root: Any = {}
        for path, item in contract["paths"].items():
            node = self._root
            for segment in path.split("/")[1:]:
                node = node.setdefault(None if segment.startswith("{") else segment, {})
            methods = node.setdefault(_HERE, {})
            for method, operation in _operations(item):
                is_open = operation.get("security", contract.get("security", [])) == []
                methods[method.upper()] = Route(operation["x-service"], is_open)
        _spread(self._root)

    def find(self, path: str) -> Mapping[str, Route]:
        """The routes of a path by method; empty if it is not in the contract."""
        node = self._root
        for segment in path.split("/")[1:]:
            node = node.get(segment) or (node.get(None) if segment else None)
            if node is None:
                return {}
        found: Mapping[str, Route] = node.get(_HERE, {})
        return found


def _spread(node: Any) -> None:
    """Let a word also lead where a parameter in its place would, so that finding never has to turn back."""
    anything = node.get(None)
    for segment, inner in node.items():
        if segment == _HERE:
            continue
        if anything is not None and segment is not None:
            _add(inner, anything)
        _spread(inner)


def _add(node: Any, more: Any) -> None:
    for segment, inner in more.items():
        if segment == _HERE:
            node[_HERE] = {**inner, **node.get(_HERE, {})}
        else:
            _add(node.setdefault(segment, {}), inner)


def _operations(item: Json) -> Iterator[tuple[str, Json]]:
    return ((method, item[method]) for method in METHODS if method in item)


def _check_path(path: str, shapes: dict[str, str]) -> Iterator[str]:
    segments = path.split("/")[1:]
    shape = "/".join("{}" if segment.startswith("{") else segment for segment in segments)
    if shapes.setdefault(shape, path) != path:
        yield f"{path} and {shapes[shape]} are the same path under two names"
    if not path.startswith("/v1/") or any("{" in s and not (s[0] == "{" and s[-1] == "}") for s in segments):
        yield f"{path}: paths begin with /v1/, and a parameter is a whole segment"


def _check_operation(
    service: str, method: str, path: str, operation: Json, operations: dict[str, str], paths: Mapping[str, Json]
) -> Iterator[str]:
    name = operation.get("operationId", "")
    here = f"{method.upper()} {path} of {service}"
    if not name:
        yield f"{here} has no operationId"
    elif operations.setdefault(name, here) != here:
        yield f"{here} has the operationId of {operations[name]}: {name}"
    if method in paths.get(path, {}):
        yield f"{here} is also kept by {paths[path][method]['x-service']}"


def _public(service: str, path: str, operation: Json) -> Json:
    """An operation as callers of the gateway see it: the token is the contract's, not a parameter."""
    parameters = [
        each
        for each in operation.get("parameters", [])
        if not (each.get("in") == "header" and each.get("name", "").lower() == "authorization")
    ]
    responses = {
        status: answer
        for status, answer in operation["responses"].items()
        if "HTTPValidationError" not in json.dumps(answer)
    }
    found = {**operation, "parameters": parameters, "responses": responses, "x-service": service}
    if not parameters:
        del found["parameters"]
    if path == "/v1/health" or path.startswith(("/v1/health/", "/v1/problems/")):
        found["security"] = []
    return found


def _tags(paths: Mapping[str, Json]) -> set[str]:
    return {tag for item in paths.values() for _, operation in _operations(item) for tag in operation.get("tags", [])}


def _used(paths: Json, components: Json) -> Json:
    """Only the components that something refers to."""
    wanted: set[tuple[str, str]] = set()
    looking = list(_references(paths))
    while looking:
        one = looking.pop()
        if one not in wanted:
            wanted.add(one)
            looking += _references(components.get(one[0], {}).get(one[1], {}))
    missing = [f"{kind}/{name}" for kind, name in sorted(wanted) if name not in components.get(kind, {})]
    if missing:
        raise ContractConflict(f"referred to and nowhere described: {', '.join(missing)}")
    kept = {
        kind: {name: entries[name] for name in sorted(entries) if kind == "securitySchemes" or (kind, name) in wanted}
        for kind, entries in components.items()
    }
    return {kind: entries for kind, entries in kept.items() if entries}


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REF):
            kind, _, name = reference.removeprefix(_REF).partition("/")
            yield kind, name
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
