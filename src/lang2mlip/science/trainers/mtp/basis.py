"""The moment basis of a level: which products of moments are contracted to which scalars.

A. V. Shapeev, Multiscale Model. Simul. 14, 1153 (2016); I. S. Novikov et al., Mach. Learn.: Sci. Technol. 2,
025002 (2021). The moment M_{mu,nu} has level 2 + 4 mu + nu; a basis function is a complete contraction of at most four
moments, so it is a multigraph: nodes are moments, the degree of a node is its rank nu, an edge is a contracted pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations, product
from math import factorial
from typing import TypeVar

import numpy as np

from lang2mlip.errors import BadInput

__all__ = ["MAX_FACTORS", "MomentBasis", "moment_basis"]

MAX_FACTORS = 4
"""Most moments in one contraction, as in the published templates."""

Kind = TypeVar("Kind", bound=tuple[int, object])
Exponents = tuple[int, int, int]
Node = tuple[int, Exponents]
"""A moment inside a partial contraction: mu, and the Cartesian exponents of its free indices."""
Edges = tuple[int, ...]
"""Number of contracted index pairs for each pair of nodes, in the order of `itertools.combinations`."""


@dataclass(frozen=True)
class MomentBasis:
    """The tables of a `.mtp` file: basic moments, products, and which moments are the scalar basis functions."""

    level: int
    basic: np.ndarray
    """(n_basic, 4) int: mu and the exponents of x, y, z of each basic moment."""
    times: np.ndarray
    """(n_times, 4) int: moment[d] += c * moment[a] * moment[b], as rows a, b, c, d."""
    mapping: np.ndarray
    """(n_scalars,) int: the moments that are basis functions, by growing level."""

    @property
    def n_radial(self) -> int:
        """Number of radial functions."""
        return int(self.basic[:, 0].max()) + 1

    @property
    def n_moments(self) -> int:
        """Number of moments, basic and contracted."""
        return max(int(self.basic.shape[0]), int(self.times[:, 3].max(initial=-1)) + 1)


@lru_cache(maxsize=16)
def moment_basis(level: int) -> MomentBasis:
    """The basis of all contractions with a level of at most `level` (even, 2 to 28). Raises BadInput otherwise."""
    if level not in range(2, 29, 2):
        raise BadInput(f"An MTP level is an even number from 2 to 28, not {level}; try 8, 12 or 16.")
    graphs = sorted(_scalars(level), key=_graph_level)
    kinds = sorted({label for labels, _ in graphs for label in labels})
    table = _Table([(mu, exponents) for mu, nu in kinds for exponents in _splits(nu)])
    mapping = [table.moment(tuple((mu, (0, 0, 0)) for mu, _ in labels), edges) for labels, edges in graphs]
    basic = np.array([(mu, *exponents) for mu, exponents in table.basic], dtype=np.int32)
    times = np.array(table.times, dtype=np.int32).reshape(-1, 4)
    return MomentBasis(level, basic, times, np.array(mapping, dtype=np.int32))


Graph = tuple[tuple[tuple[int, int], ...], Edges]
"""Labels (mu, nu) of the nodes, and the edges."""


def _graph_level(graph: Graph) -> tuple[int, int, Graph]:
    labels, _ = graph
    return sum(2 + 4 * mu + nu for mu, nu in labels), len(labels), graph


def _scalars(level: int) -> set[Graph]:
    """All complete contractions up to `level`, one for each class of isomorphic graphs."""
    found = set()
    for labels in _label_sets(level, MAX_FACTORS, (0, 0)):
        if sum(nu for _, nu in labels) % 2 == 0:
            for edges in _edge_sets([nu for _, nu in labels]):
                found.add(_canonical(labels, edges))
    return found


def _label_sets(budget: int, factors: int, least: tuple[int, int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Non-decreasing tuples of (mu, nu) whose levels add up to at most `budget`."""
    for mu in range(budget // 4 + 1):
        for nu in range(budget):
            cost = 2 + 4 * mu + nu
            if cost > budget or (mu, nu) < least:
                continue
            yield ((mu, nu),)
            if factors > 1:
                for rest in _label_sets(budget - cost, factors - 1, (mu, nu)):
                    yield ((mu, nu), *rest)


def _edge_sets(degrees: list[int]) -> Iterator[Edges]:
    """All multigraphs without loops in which node i has `degrees[i]` edges."""
    pairs = list(combinations(range(len(degrees)), 2))

    def place(index: int, left: list[int]) -> Iterator[Edges]:
        if index == len(pairs):
            if not any(left):
                yield ()
            return
        i, j = pairs[index]
        for count in range(min(left[i], left[j]) + 1):
            after = left.copy()
            after[i] -= count
            after[j] -= count
            for rest in place(index + 1, after):
                yield (count, *rest)

    return place(0, list(degrees))


def _canonical(nodes: tuple[Kind, ...], edges: Edges) -> tuple[tuple[Kind, ...], Edges]:
    """The smallest of all renumberings of the nodes: equal for isomorphic graphs."""
    size = len(nodes)
    if size == 1:
        return nodes, edges
    index = {pair: k for k, pair in enumerate(combinations(range(size), 2))}
    best = None
    for order in permutations(range(size)):
        relabelled = tuple(nodes[i] for i in order)
        if best is not None and relabelled > best[0]:
            continue
        moved = tuple(edges[index[min(order[i], order[j]), max(order[i], order[j])]] for i, j in index)
        if best is None or (relabelled, moved) < best:
            best = (relabelled, moved)
    assert best is not None
    return best


def _splits(total: int) -> list[Exponents]:
    """All exponents (x, y, z) that add up to `total`, x falling first."""
    return [(x, y, total - x - y) for x in range(total, -1, -1) for y in range(total - x, -1, -1)]


def _add(one: Exponents, two: Exponents) -> Exponents:
    return one[0] + two[0], one[1] + two[1], one[2] + two[2]


def _orders(exponents: Exponents) -> int:
    """In how many orders the indices can stand: the multinomial coefficient."""
    x, y, z = exponents
    return factorial(x + y + z) // (factorial(x) * factorial(y) * factorial(z))


class _Table:
    """Numbers the moments and collects the products; each partial contraction is computed once and shared."""

    def __init__(self, basic: list[Node]) -> None:
        self.basic = basic
        self.numbers: dict[tuple[tuple[Node, ...], Edges], int] = {((node,), ()): k for k, node in enumerate(basic)}
        self.times: list[tuple[int, int, int, int]] = []
        self.count = len(basic)

    def moment(self, nodes: tuple[Node, ...], edges: Edges) -> int:
        """The number of a partial contraction; makes it, and what it is made of, when it is new."""
        key = _canonical(nodes, edges)
        if key not in self.numbers:
            split = min(_bipartitions(len(nodes)), key=lambda part: self._cost(nodes, edges, part))
            terms = [
                (*sorted((self.moment(*left), self.moment(*right))), weight)
                for left, right, weight in _products(nodes, edges, split)
            ]
            self.times += [(a, b, weight, self.count) for (a, b), weight in _gathered(terms).items()]
            self.numbers[key] = self.count
            self.count += 1
        return self.numbers[key]

    def _cost(self, nodes: tuple[Node, ...], edges: Edges, split: tuple[int, ...]) -> int:
        """Products that this split would add, two levels deep."""
        terms = _products(nodes, edges, split)
        parts = {_canonical(*part) for left, right, _ in terms for part in (left, right)}
        return len(terms) + sum(self._least(part) for part in parts if part not in self.numbers)

    def _least(self, part: tuple[tuple[Node, ...], Edges]) -> int:
        nodes, edges = part
        return min(len(_products(nodes, edges, split)) for split in _bipartitions(len(nodes)))


def _gathered(terms: list[tuple[int, ...]]) -> dict[tuple[int, int], int]:
    """Equal products added up."""
    total: dict[tuple[int, int], int] = {}
    for a, b, weight in terms:
        total[a, b] = total.get((a, b), 0) + weight
    return total


def _bipartitions(size: int) -> list[tuple[int, ...]]:
    """The halves that hold node 0, of all ways to cut `size` nodes in two."""
    return [(0, *rest) for k in range(size - 1) for rest in combinations(range(1, size), k)]


Part = tuple[tuple[Node, ...], Edges]


def _products(nodes: tuple[Node, ...], edges: Edges, half: tuple[int, ...]) -> list[tuple[Part, Part, int]]:
    """The products of components whose sum is the contraction, for a cut into `half` and the rest."""
    count = dict(zip(combinations(range(len(nodes)), 2), edges, strict=True))
    other = tuple(k for k in range(len(nodes)) if k not in half)
    crossing = [(i, j, n) for (i, j), n in count.items() if n and (i in half) != (j in half)]
    found = []
    for choice in product(*(_splits(n) for _, _, n in crossing)):
        free = [exponents for _, exponents in nodes]
        weight = 1
        for (i, j, _), exponents in zip(crossing, choice, strict=True):
            free[i], free[j] = _add(free[i], exponents), _add(free[j], exponents)
            weight *= _orders(exponents)
        parts = [
            (tuple((nodes[k][0], free[k]) for k in side), tuple(count[pair] for pair in combinations(side, 2)))
            for side in (half, other)
        ]
        found.append((parts[0], parts[1], weight))
    return found
