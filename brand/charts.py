"""Where the marks of a chart stand: numbers in, coordinates of an SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, FOOT, HEAD = 640, 260, 40, 28
# The width of a letter at the size that names take on a phone, and the most names that a chart shows.
LETTER, NAMES = 14, 8


@dataclass(frozen=True)
class Mark:
    """One point of a chart: its number, its name and the rectangle that stands for it."""

    label: str
    value: float
    x: float
    y: float
    width: float
    height: float
    is_named: bool

    @property
    def middle(self) -> float:
        """The horizontal middle of the mark."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class GridLine:
    """One horizontal line of a chart with the number it stands for."""

    y: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """All marks of a chart, in the units of its view box."""

    width: int
    height: int
    marks: list[Mark]
    grid: list[GridLine]

    @property
    def line(self) -> str:
        """The marks as the points of a polyline."""
        return " ".join(f"{mark.middle},{mark.y}" for mark in self.marks)


def draw(points: Sequence[tuple[str, float]]) -> Drawing:
    """Marks for (label, number) pairs; numbers below zero stand on the base line."""
    top = scale_top(max((value for _, value in points), default=0))
    slot = WIDTH / max(len(points), 1)
    every = -(-len(points) // names_beside(points)) or 1
    base = HEIGHT - FOOT

    def mark(index: int, label: str, value: float) -> Mark:
        height = round(max(value, 0) / top * (base - HEAD), 1)
        return Mark(
            str(label),
            value,
            x=round(index * slot + slot * 0.15, 1),
            y=round(base - height, 1),
            width=round(slot * 0.7, 1),
            height=height,
            is_named=index % every == 0,
        )

    marks = [mark(index, label, value) for index, (label, value) in enumerate(points)]
    grid = [GridLine(base - (base - HEAD) * part / 2, f"{top * part / 2:g}") for part in (1, 2)]
    return Drawing(WIDTH, HEIGHT, marks, grid)


def names_beside(points: Sequence[tuple[str, float]]) -> int:
    """How many names stand beside each other under the chart without touching."""
    longest = max((len(str(label)) for label, _ in points), default=1)
    return max(1, min(NAMES, WIDTH // ((longest + 1) * LETTER)))


def scale_top(highest: float) -> float:
    """The round number (1, 2, 4, 5 or 10 times a power of ten) at which a scale for `highest` ends."""
    power = 1.0
    while power * 10 < highest:
        power *= 10
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= highest)
