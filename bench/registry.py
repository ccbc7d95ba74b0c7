"""Benchmarks register here; `python -m bench` runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Result:
    value: float
    unit: str
    aim: float
    better: Better

    @property
    def met(self) -> bool:
        return self.value >= self.aim if self.better == "higher" else self.value <= self.aim

    def as_json(self) -> dict[str, object]:
        return asdict(self)


Measurement = Callable[[], float]
Benchmark = Callable[[], Iterator[tuple[str, Result]]]
registered: dict[str, Benchmark] = {}


def benchmark(*, unit: str, aim: float, better: Better) -> Callable[[Measurement], Measurement]:
    """Registers a function that returns one number; the function's name is the benchmark's."""

    def register(measure: Measurement) -> Measurement:
        name = measure.__name__

        def run() -> Iterator[tuple[str, Result]]:
            yield name, Result(round(measure(), 4), unit, aim, better)

        registered[name] = run
        return measure

    return register


def benchmarks(name: str) -> Callable[[Benchmark], Benchmark]:
    """Registers a function that yields several named results, for what one set-up can measure together."""

    def register(run: Benchmark) -> Benchmark:
        registered[name] = run
        return run

    return register
