"""Papers that effect a step: the catalogue's entries, and the sentence in which a provision asks for them.

`、` together, `/` either, `[ ]` only if it applies. Names contain these signs themselves (批准/不批准逮捕决定执行回执), so
the sentence is read by the longest name that fits, never split. Knows no procedure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.kernel.who import Organ


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of legal document. `basis` is the provision as the catalogue cites it; `sealed` kinds carry a digest."""

    id: str
    zh: str
    issuer: str
    kind: str
    approver: str = ""
    basis: str = ""
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Papers:
    """What a step needs: each group needs one of its kinds; `optional` kinds may come along."""

    groups: tuple[tuple[str, ...], ...] = ()
    optional: frozenset[str] = frozenset()

    def missing(self, kinds: frozenset[str]) -> list[tuple[str, ...]]:
        """The groups of which no kind was handed in."""
        return [group for group in self.groups if kinds.isdisjoint(group)]

    @property
    def known(self) -> frozenset[str]:
        """Every kind that the provision names."""
        return self.optional.union(*self.groups) if self.groups else self.optional


class Catalogue:
    """The kinds of documents by id and by Chinese name."""

    def __init__(self, *documents: Document) -> None:
        self.by_id: Mapping[str, Document] = {document.id: document for document in documents}
        self._by_name = {document.zh: document.id for document in documents}
        assert len(self.by_id) == len(self._by_name) == len(documents), "two documents of one id or one name"
        #: By their first sign, the longest first.
        self._names: dict[str, list[str]] = {}
        for name in sorted(self._by_name, key=len, reverse=True):
            self._names.setdefault(name[0], []).append(name)

    def zh(self, kind: str) -> str:
        """The Chinese name of a kind."""
        return self.by_id[kind].zh

    def read(self, sentence: str) -> Papers:
        """The papers that a provision's sentence asks for.

        Raises: ValueError naming the place where no document of the catalogue fits.
        """
        groups: list[tuple[str, ...]] = []
        optional: set[str] = set()
        rest, bracketed, either = sentence, False, False
        while rest:
            sign, tail = rest[0], rest[1:]
            name = next((name for name in self._names.get(sign, ()) if rest.startswith(name)), "")
            if name:
                kind, rest = self._by_name[name], rest[len(name) :]
                if bracketed:
                    optional.add(kind)
                elif either:
                    groups[-1] = (*groups[-1], kind)
                else:
                    groups.append((kind,))
                either = False
            elif sign in "、/[]":
                bracketed = sign == "[" or (bracketed and sign != "]")
                either = sign == "/"
                rest = tail
            else:
                raise ValueError(f"no document of the catalogue fits “{rest}” in “{sentence}”")
        return Papers(tuple(groups), frozenset(optional))


#: Which issuers of the catalogue mean which organ; issuers not named here hand their papers in through another organ.
ISSUERS = {organ.value: organ for organ in Organ}
