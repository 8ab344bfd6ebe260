"""The causal map: from problems over what explains them to goals, and to how they are worked on.

Source:
    domain.md section 4, row 23: formulation, goal and intervention as one trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from projections.chart.problems import PROBLEM
from projections.chart.rows import ChartItem
from projections.chart.versions import FORMULATION

GOAL, METHOD = "goal", "method"
KINDS = (PROBLEM, FORMULATION, GOAL, METHOD)


@dataclass(frozen=True, slots=True)
class CausalMap:
    """Things by id and kind, what follows from what, and what hangs together with nothing yet."""

    nodes: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    loose: tuple[str, ...]


def causal_map(items: Iterable[ChartItem]) -> CausalMap:
    """The map that a chart's items make; a link to what is not there any more is none."""
    found = [each for each in items if each.kind in KINDS]
    kinds = {each.id: each.kind for each in found}
    named = {each.id: [name for name in _named(each) if name in kinds] for each in found}
    links = [(of, each) for each, names in named.items() for of in names]
    # A goal follows from each formulation that explains a problem which it is about.
    links += [
        (formulation, goal)
        for goal, about in named.items()
        for formulation, explains in named.items()
        if kinds[goal] == GOAL and kinds[formulation] == FORMULATION and set(about) & set(explains)
    ]
    joined = {end for link in links for end in link}
    return CausalMap(
        nodes=tuple(kinds.items()),
        links=tuple(dict.fromkeys(links)),
        loose=tuple(each for each in kinds if each not in joined),
    )


def _named(item: ChartItem) -> list[str]:
    """What an item says that it follows from: problems, and of a method goals, too."""
    match item.kind:
        case "formulation":
            return list(item.content["versions"][-1]["problems"])
        case "goal" | "method":
            said = dict(item.content["begun"])
            for step in item.content["steps"]:
                said |= {name: value for name, value in step["said"].items() if value}
            return [*said.get("problems", ()), *said.get("goals", ())]
        case _:
            return []
