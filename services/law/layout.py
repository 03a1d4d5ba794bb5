"""Lays boxes out in rows so that none overlap and no line runs through a box: the layered method, in the plane of a page.

A line between rows that are not neighbours has a place of its own in every row between. Rows are ordered to cross
little, then every box is pulled to the middle of what it is joined to. Knows no law and draws nothing; lengths are in
pixels, y grows downwards. Source: Sugiyama, Tagawa and Toda (1981); the pulling is isotonic regression.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from math import inf

#: Free space beside a box, beside a line, around the whole, and the least and the most between two rows.
BESIDE, BESIDE_LINE, MARGIN, LEAST, MOST = 26, 9, 18, 30, 92
#: How far apart two lines meet a box, at the least, and how far from its corners.
PORT, CORNER = 12, 12
_SWEEPS, _PULLS, _STRAIGHTENED = 24, 240, 3
#: How strongly a line is pulled straight, by how many of its two ends are only places on a longer line.
_WEIGHTS = (1.0, 3.0, 16.0)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its corner at the top left."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share any of their area."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every box stands, and the points of every line from its first box to its last.

    Between two points of a line that are not one above the other it bends: vertical at both ends.
    """

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: Sequence[Sequence[Point]]


def lay_out(
    sizes: Mapping[str, tuple[float, float]], rows: Mapping[str, int], links: Sequence[tuple[str, str]]
) -> Layout:
    """Places boxes of these `sizes` in these `rows` (0 is the uppermost), joined by `links` (from, to).

    Raises: ValueError for a link within one row.
    """
    net = _Net(sizes, rows, links)
    net.order()
    net.place()
    return net.drawn()


class _Net:
    """The boxes and the places on lines, row by row. A place is named by its link and its row."""

    def __init__(
        self, sizes: Mapping[str, tuple[float, float]], rows: Mapping[str, int], links: Sequence[tuple[str, str]]
    ) -> None:
        self.sizes = dict(sizes)
        self.rows: list[list[str]] = [[] for _ in range(max(rows.values()) + 1)]
        for name in sizes:
            self.rows[rows[name]].append(name)
        self.chains: list[list[str]] = []
        self.real = frozenset(sizes)
        for number, (source, target) in enumerate(links):
            if rows[source] == rows[target]:
                raise ValueError(f"{source} and {target} stand in one row")
            step = 1 if rows[source] < rows[target] else -1
            between = []
            for row in range(rows[source] + step, rows[target], step):
                place = f"{number}:{row}"
                self.rows[row].append(place)
                self.sizes[place] = (0, 0)
                between.append(place)
            self.chains.append([source, *between, target])
        self.row_of = {name: number for number, row in enumerate(self.rows) for name in row}
        self.up: dict[str, list[str]] = {name: [] for name in self.sizes}
        self.down: dict[str, list[str]] = {name: [] for name in self.sizes}
        for chain in self.chains:
            for one, other in pairwise(chain):
                upper, lower = (one, other) if self.row_of[one] < self.row_of[other] else (other, one)
                self.up[lower].append(upper)
                self.down[upper].append(lower)
        self.x: dict[str, float] = {}

    # The order within the rows

    def order(self) -> None:
        """Sort every row by the middle of its neighbours, down and up again; swap neighbours while that helps."""
        best, crossings = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            downwards = sweep % 2 == 0
            for row in self.rows if downwards else reversed(self.rows):
                self._sort(row, self.up if downwards else self.down)
            while self._swapped():
                pass
            found = self._crossings()
            if found < crossings:
                best, crossings = [list(row) for row in self.rows], found
        self.rows = best

    def _sort(self, row: list[str], joined: Mapping[str, list[str]]) -> None:
        index = {name: number for each in self.rows for number, name in enumerate(each)}
        middle = {
            name: sum(index[other] for other in joined[name]) / len(joined[name]) if joined[name] else index[name]
            for name in row
        }
        row.sort(key=lambda name: middle[name])

    def _swapped(self) -> bool:
        index = {name: number for row in self.rows for number, name in enumerate(row)}
        improved = False
        for row in self.rows:
            for number in range(len(row) - 1):
                left, right = row[number], row[number + 1]
                saved = sum(
                    _inversions([index[each] for each in side[left]], [index[each] for each in side[right]])
                    - _inversions([index[each] for each in side[right]], [index[each] for each in side[left]])
                    for side in (self.up, self.down)
                )
                if saved > 0:
                    row[number], row[number + 1] = right, left
                    index[left], index[right] = number + 1, number
                    improved = True
        return improved

    def _crossings(self) -> int:
        index = {name: number for row in self.rows for number, name in enumerate(row)}
        total = 0
        for row in self.rows:
            ends = [[index[below] for below in self.down[name]] for name in row]
            total += sum(_inversions(left, right) for at, left in enumerate(ends) for right in ends[at + 1 :])
        return total

    # The places within the rows

    def place(self) -> None:
        """Pull everything to the middle of what it is joined to, without changing the order; lines more than boxes."""
        for row in self.rows:
            at = 0.0
            for number, name in enumerate(row):
                at += self._apart(row[number - 1], name) if number else 0.0
                self.x[name] = at
        for pull in range(_PULLS):
            for row in self.rows if pull % 2 == 0 else reversed(self.rows):
                wanted, weights = [], []
                for name in row:
                    pulls = [
                        (_WEIGHTS[(name not in self.real) + (other not in self.real)], self.x[other])
                        for other in (*self.up[name], *self.down[name])
                    ]
                    weight = sum(each for each, _ in pulls)
                    wanted.append(sum(each * x for each, x in pulls) / weight if weight else self.x[name])
                    weights.append(weight or 0.1)
                gaps = [self._apart(left, right) for left, right in pairwise(row)]
                self.x.update(zip(row, _spread(wanted, weights, gaps), strict=True))
        for _ in range(_STRAIGHTENED):
            for chain in self.chains:
                self._straighten(chain[1:-1])
        leftmost = min(self.x[name] - self.sizes[name][0] / 2 for name in self.x)
        self.x = {name: x - leftmost + MARGIN for name, x in self.x.items()}

    def _straighten(self, places: Sequence[str]) -> None:
        """Put as many places of a line as their neighbours allow exactly one above the other."""
        run: list[str] = []
        low, high = -inf, inf
        for place in places:
            row = self.rows[self.row_of[place]]
            at = row.index(place)
            left = self.x[row[at - 1]] + self._apart(row[at - 1], place) if at else -inf
            right = self.x[row[at + 1]] - self._apart(place, row[at + 1]) if at + 1 < len(row) else inf
            if max(low, left) > min(high, right):
                run, low, high = [], -inf, inf
            run.append(place)
            low, high = max(low, left), min(high, right)
            middle = sum(self.x[each] for each in run) / len(run)
            self.x.update(dict.fromkeys(run, min(max(middle, low), high)))

    def _apart(self, left: str, right: str) -> float:
        free = BESIDE if left in self.real and right in self.real else BESIDE_LINE
        return (self.sizes[left][0] + self.sizes[right][0]) / 2 + free

    # The picture

    def drawn(self) -> Layout:
        ports = self._ports()
        tops, heights = self._heights(ports)
        boxes = {}
        for name in (name for name in self.sizes if name in self.real):
            (width, height), row = self.sizes[name], self.row_of[name]
            boxes[name] = Box(self.x[name] - width / 2, tops[row] + (heights[row] - height) / 2, width, height)
        lines = []
        for number, chain in enumerate(self.chains):
            downwards = self.row_of[chain[0]] < self.row_of[chain[-1]]
            first, last = boxes[chain[0]], boxes[chain[-1]]
            line = [(ports[number, 0], first.y + first.height if downwards else first.y)]
            for end, name in enumerate((chain[0], *chain[1:-1], chain[-1])):
                edges = (tops[self.row_of[name]], tops[self.row_of[name]] + heights[self.row_of[name]])
                x = ports[number, 0] if end == 0 else ports[number, 1] if end == len(chain) - 1 else self.x[name]
                inner = edges if downwards else edges[::-1]
                line += [(x, y) for y in (inner[1:] if end == 0 else inner[:1] if end == len(chain) - 1 else inner)]
            line.append((ports[number, 1], last.y if downwards else last.y + last.height))
            lines.append(line)
        return Layout(
            width=max(box.x + box.width for box in boxes.values()) + MARGIN,
            height=tops[-1] + heights[-1] + MARGIN,
            boxes=boxes,
            lines=lines,
        )

    def _ports(self) -> dict[tuple[int, int], float]:
        """Where each line leaves and meets its boxes: as near to where it goes as the box is wide, in that order."""
        sides: dict[tuple[str, bool], list[tuple[float, tuple[int, int]]]] = {}
        for number, chain in enumerate(self.chains):
            for end, (name, towards) in enumerate(((chain[0], chain[1]), (chain[-1], chain[-2]))):
                below = self.row_of[towards] > self.row_of[name]
                sides.setdefault((name, below), []).append((self.x[towards], (number, end)))
        alone = {meeting[0][1] for meeting in sides.values() if len(meeting) == 1}
        ports = {}
        for (name, _), meeting in sides.items():
            meeting.sort()
            middle, half, last = self.x[name], max(self.sizes[name][0] / 2 - CORNER, 0), len(meeting) - 1
            apart = min(PORT, 2 * half / last) if last else 0.0
            wanted = [
                min(max(x, middle - half + apart * at), middle + half - apart * (last - at))
                for at, (x, _) in enumerate(meeting)
            ]
            if not last and (wanted[0] != meeting[0][0] or self._yields(meeting[0][1], alone)):
                wanted = [middle]
            found = _spread(wanted, [1.0] * len(wanted), [apart] * last)
            ports.update({end: x for (_, end), x in zip(meeting, found, strict=True)})
        return ports

    def _yields(self, end: tuple[int, int], alone: AbstractSet[tuple[int, int]]) -> bool:
        """Whether the box at this end is met in its middle, since the box at the other end turns to it."""
        chain = self.chains[end[0]]
        if chain[1:-1]:
            return False
        if (end[0], 1 - end[1]) not in alone:
            return True
        mine, others = self.sizes[chain[-end[1]]][0], self.sizes[chain[end[1] - 1]][0]
        return (mine, end[1]) < (others, 1 - end[1])

    def _heights(self, ports: Mapping[tuple[int, int], float]) -> tuple[list[float], list[float]]:
        """The top and the height of every row; the farther the lines between two rows go sideways, the more room."""
        sideways = [0.0] * len(self.rows)
        for number, chain in enumerate(self.chains):
            xs = [ports[number, 0], *(self.x[name] for name in chain[1:-1]), ports[number, 1]]
            for at, (one, other) in enumerate(pairwise(chain)):
                gap = min(self.row_of[one], self.row_of[other])
                sideways[gap] = max(sideways[gap], abs(xs[at + 1] - xs[at]))
        heights = [max(self.sizes[name][1] for name in row) for row in self.rows]
        tops = [float(MARGIN)]
        for height, farthest in zip(heights, sideways, strict=True):
            tops.append(tops[-1] + height + min(LEAST + farthest * 0.13, MOST))
        return tops[:-1], heights


def _inversions(left: Sequence[int], right: Sequence[int]) -> int:
    """How many lines cross that leave the box on the left and the box on the right for these places."""
    return sum(one > other for one in left for other in right)


def _spread(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (by weighted squares) that keep the order and these gaps."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[list[float]] = []  # mean, weight, count: neighbours that touch move together
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        blocks.append([place - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, heavy, count = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * heavy) / (before[1] + heavy)
            before[1] += heavy
            before[2] += count
    means = [mean for mean, _, count in blocks for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
