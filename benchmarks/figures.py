"""The figures that benchmarks find, and the table in which they stand."""

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One ratio: what was seen in each round, what it must hold, and where it should go, if we promise any of it.

    Where `less` is set, smaller is better: the floor is then a ceiling.
    """

    name: str
    rounds: tuple[float, ...]
    floor: float | None = None
    target: float | None = None
    less: bool = False

    @property
    def seen(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def holds(self) -> bool:
        """Whether the median is on the right side of the floor."""
        if self.floor is None:
            return True
        return self.seen <= self.floor if self.less else self.seen >= self.floor


def tell(figures: Sequence[Figure]) -> None:
    """Hand figures over to whoever started this program: a line of JSON each."""
    for figure in figures:
        print(json.dumps(asdict(figure)), flush=True)


def say(sentence: str) -> None:
    """What happens meanwhile, for whoever watches."""
    print(f"  {sentence}", file=sys.stderr, flush=True)


def read(lines: str) -> list[Figure]:
    """The figures that `tell` told."""
    found = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return [Figure(**{**fields, "rounds": tuple(fields["rounds"])}) for fields in found]


def table(figures: Sequence[Figure]) -> str:
    """A line for each figure."""
    wide = max([len(figure.name) for figure in figures], default=6)
    head = f"{'figure':<{wide}}  {'seen':>8}  {'from … to':>17}  {'floor':>7}  {'target':>7}"
    return "\n".join([head, "─" * len(head), *[_row(figure, wide) for figure in figures]])


def _row(figure: Figure, wide: int) -> str:
    span = f"{min(figure.rounds):.3f} … {max(figure.rounds):.3f}"
    sign = "≤" if figure.less else "≥"
    bars = "  ".join(" " * 7 if bar is None else f"{sign}{bar:>6.3g}" for bar in (figure.floor, figure.target))
    return f"{figure.name:<{wide}}  {figure.seen:>8.3f}  {span:>17}  {bars}  {'' if figure.holds else '✗'}".rstrip()
