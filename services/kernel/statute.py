"""Editions of statutes, and how a provision is cited.

A citation names an edition, because article numbers move between editions: 第九十一条 of 2018 was 第八十九条 of 2012.
Knows no procedure, no service.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

_DIGITS = "零一二三四五六七八九"


@cache
def chinese(number: int) -> str:
    """The number as statutes write it: 9 → 九, 15 → 十五, 282 → 二百八十二.

    Raises: ValueError outside 0…9999.
    """
    if not 0 <= number <= 9999:  # noqa: PLR2004 - no statute has ten thousand articles
        raise ValueError(f"no statute counts to {number}")
    if number < 10:  # noqa: PLR2004 - single digits
        return _DIGITS[number]
    text, pending_zero = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, value)
        if digit:
            text += ("零" if pending_zero else "") + _DIGITS[digit] + unit
            pending_zero = False
        elif text:
            pending_zero = True
    return text.removeprefix("一") if text.startswith("一十") else text


@dataclass(frozen=True, slots=True)
class Citation:
    """One provision of one edition. Article, paragraph and item as the edition numbers them; text where it uses words."""

    edition: "Edition"
    article: int | str
    paragraph: int | None = None
    item: int | None = None

    @property
    def zh(self) -> str:
        """刑事诉讼法第九十一条第三款."""
        where = f"第{chinese(self.article)}条" if isinstance(self.article, int) else self.article
        if self.paragraph:
            where += f"第{chinese(self.paragraph)}款"
        if self.item:
            where += f"第{chinese(self.item)}项"
        return self.edition.short + where

    @property
    def ref(self) -> str:
        """CPL-2018:91.3, the form that machines compare."""
        parts = [str(part) for part in (self.article, self.paragraph, self.item) if part]
        return f"{self.edition.key}-{self.edition.effective.year}:{'.'.join(parts)}"


@dataclass(frozen=True, slots=True)
class Edition:
    """One text of one statute from one day on. `EDITION[91, 3]` cites it."""

    key: str
    zh: str
    effective: date
    document_no: str = ""

    @property
    def short(self) -> str:
        """The name without 中华人民共和国, as citations use it."""
        return self.zh.removeprefix("中华人民共和国")

    def __getitem__(self, where: int | str | tuple[int | str, int] | tuple[int | str, int, int]) -> Citation:
        return Citation(self, *where) if isinstance(where, tuple) else Citation(self, where)


_REF = re.compile(r"([A-Z0-9]+)-(\d{4}):(\d+|\D[^.]*)(?:\.([1-9]\d*))?(?:\.([1-9]\d*))?")


def cited(ref: str, editions: Mapping[str, Edition]) -> Citation | None:
    """The citation that `CPL-2018:91.3` writes; None where no known edition is cited so."""
    found = _REF.fullmatch(ref)
    edition = editions.get(found[1]) if found else None
    if found is None or edition is None or edition.effective.year != int(found[2]):
        return None
    article = int(found[3]) if found[3].isdecimal() else found[3]
    citation = Citation(edition, article, int(found[4] or 0) or None, int(found[5] or 0) or None)
    return citation if article and citation.ref == ref else None
