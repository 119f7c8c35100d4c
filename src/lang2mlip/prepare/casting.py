"""Who is who: substances that are named now, matched with those that are known, by what they are and what they do."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Component, Phase
from lang2mlip.prepare.formulas import composition, parse_formula
from lang2mlip.prepare.hearing import Heard
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.roles import natural_role
from lang2mlip.prepare.substances import Substance, dissolved

__all__ = ["Cast", "same"]


def same(one: Component, other: Component) -> bool:
    """Both are one substance; a form that is not named is any form."""
    if one.molecule or other.molecule:
        solid = next((c for c in (one, other) if not c.molecule and not c.smiles), None)
        return one.molecule == other.molecule or (solid is not None and _ions(one, other) == dissolved(solid.formula))
    if one.smiles or other.smiles:
        return one.smiles == other.smiles
    return _composition(one) == _composition(other) and one.file == other.file


def _ions(one: Component, other: Component) -> str | None:
    return one.molecule or other.molecule


def _composition(component: Component) -> frozenset[tuple[str, float]]:
    return composition(parse_formula(component.formula) or {"?": 1.0})


_OF_A_CRYSTAL: set[Phase] = {"surface", "vacancy"}
"""Defects: said of what a concept brought, they join its phases."""


class Cast:
    """The components after an utterance.

    `names`: heard name → name from now on; `renamed`: old name → its successor.
    """

    def __init__(self, old: Reading, heard: Heard, first: bool) -> None:
        self._old, self._heard, self._first = old, heard, first
        self.names: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        self.roles = dict(old.roles)
        self.definite: set[str] = set()
        self._fresh: list[Component] = []
        self._twins: dict[str, Component] = {}
        for one in heard.reading.components:
            self._match(one)
        self._gone = self._given_up()
        self._fresh = [self._dressed(one) for one in self._fresh]

    @property
    def told(self) -> set[str]:
        """Names of components that the utterance speaks of."""
        return set(self.names.values())

    @property
    def usual(self) -> list[str]:
        """Names that are still only what a concept brought."""
        return [name for name in self._old.usual if name not in self.told]

    def components(self) -> list[Component]:
        """Those that are known and stay, as they are now, and the new ones; in the order of the layout's roles."""
        kept = [self._twins.get(one.name, one) for one in self._old.components if one.name not in self._gone]
        everyone = self._in_place(kept)
        order = [role for layer in self._old.layout for role in layer.split(" + ")]
        return sorted(
            everyone, key=lambda one: order.index(role) if (role := self.roles.get(one.name)) in order else 99
        )

    def _in_place(self, kept: Sequence[Component]) -> list[Component]:
        """New ones behind the last of their role, or at the end."""
        everyone = list(kept)
        for one in self._fresh:
            role = self.roles.get(one.name)
            alike = [i for i, other in enumerate(everyone) if role and self.roles.get(other.name) == role]
            everyone.insert(alike[-1] + 1 if alike else len(everyone), one)
        return everyone

    def _match(self, one: Component) -> None:
        said = self._heard.reading.roles.get(one.name)
        twin = next((other for other in self._old.components if same(other, one)), None)
        if twin is not None and self._another_form(twin, one):
            twin = None
        if twin is None:
            name = one.name if one.name not in [o.name for o in self._old.components] else f"{one.name} ({one.formula})"
            self.names[one.name] = name
            self._fresh.append(one.model_copy(update={"name": name}))
            role = said or natural_role(one)
            if said or role in {*self._old.roles.values(), *self._layout_roles}:
                self.roles[name] = str(role)
            return
        self.names[one.name] = twin.name
        self._twins[twin.name] = self._updated(twin, one)
        if said:
            self.roles[twin.name] = said

    @property
    def _layout_roles(self) -> set[str]:
        return {role for layer in self._old.layout for role in layer.split(" + ")}

    def _another_form(self, twin: Component, one: Component) -> bool:
        """Another crystal form that is added to the known one, as in `also the other polymorph`."""
        open_ = {choice.name for choice in self._heard.reading.choices}
        precise = one.crystal and twin.crystal and one.crystal != twin.crystal and one.name not in open_
        return bool(precise and self._heard.adding)

    def _updated(self, twin: Component, one: Component) -> Component:
        phases = tuple(phase for phase in one.phases if phase != "interface" or not self._old.layers)
        open_ = one.name in {choice.name for choice in self._heard.reading.choices}
        if not open_ and (one.crystal or one.molecule):
            self.definite.add(twin.name)
        joins = self._heard.adding or (twin.name in self._old.usual and set(phases) <= _OF_A_CRYSTAL)
        merged = tuple(dict.fromkeys((*twin.phases, *phases))) if joins else phases or twin.phases
        kept = twin.facets if "surface" in merged else ()
        facets = tuple(dict.fromkeys((*twin.facets, *one.facets))) if self._heard.adding else one.facets or kept
        return twin.model_copy(
            update={
                "phases": merged,
                "facets": facets,
                "crystal": twin.crystal if open_ or one.crystal is None or twin.molecule else one.crystal,
                "amount": one.amount or twin.amount,
                "file": one.file or twin.file,
                "formula": one.formula if one.file else twin.formula,
            }
        )

    def _given_up(self) -> set[str]:
        """Names that leave: taken back in words, or with a role that is now played by others."""
        gone = set(self._taken_back) | self._spelled_out
        mentioned = self.told
        for role in self._recast():
            for one in self._old.components:
                if self.roles.get(one.name) == role and one.name not in mentioned and self._may_go(one.name, role):
                    gone.add(one.name)
        if not gone and self._replaces_the_only_one():
            gone = {self._old.components[0].name}
        return gone

    @property
    def _spelled_out(self) -> set[str]:
        """What a concept brought as one substance, where the words give its parts or another composition of it."""
        said = {symbol for one in self._fresh for symbol in parse_formula(one.formula) or ()}
        usual = [one for one in self._old.components if one.name in self._old.usual]
        whole = [one for one in usual if not one.crystal and not one.smiles]
        return {one.name for one in whole if len(said) > 1 and set(parse_formula(one.formula) or ()) == said}

    @property
    def _taken_back(self) -> set[str]:
        """Names that a `without` or `instead of` speaks of."""
        items = [item for item in self._heard.dropped if item.kind == "substance"]
        return {one.name for one in self._old.components if any(_is(one, item.value) for item in items)}

    def _recast(self) -> set[str]:
        """Roles that the utterance fills anew."""
        if self._heard.adding:
            return set()
        said = {self.roles[name] for name in self.told if name in self.roles and name in self._explicit}
        fresh = {self.roles[one.name] for one in self._fresh if one.name in self.roles}
        named = {self.roles[name] for name in self._twins if name in self.roles} if self._first else set()
        exchanged = {self.roles.get(one.name) for one in self._old.components if one.name in self._taken_back}
        return (said | fresh | named) - exchanged

    @property
    def _explicit(self) -> set[str]:
        return {self.names[name] for name in self._heard.reading.roles if name in self.names}

    def _may_go(self, name: str, role: str) -> bool:
        spoken = {self.roles.get(one) for one in self._explicit}
        return name in self._old.usual or self._heard.correcting or role in spoken

    def _replaces_the_only_one(self) -> bool:
        only = len(self._old.components) == 1 == len(self._fresh)
        return bool(only and self._heard.correcting and not self._heard.adding and not self._twins)

    def _dressed(self, one: Component) -> Component:
        """A newcomer with what its predecessors had and nobody said of it: phases, and of a lone one the amount."""
        role = self.roles.get(one.name)
        before = [o for o in self._old.components if o.name in self._gone and self.roles.get(o.name) == role]
        if not before:
            before = [o for o in self._old.components if o.name in self._gone and len(self._gone) == len(self._fresh)]
        if not before:
            return self._by_its_role(one, role)
        former = before[min(self._fresh.index(one), len(before) - 1)]
        self.renamed[former.name] = one.name
        alone = len(before) == 1 == sum(self.roles.get(o.name) == role for o in self._fresh)
        wet = bool(one.smiles) == bool(former.smiles) and (
            bool(one.smiles) or role is None or "surface" in former.phases
        )
        inherited = former.phases if wet else self._solid(one, role)
        changes: dict[str, object] = {"phases": one.phases or inherited}
        changes["amount"] = one.amount or (former.amount if alone and "/" in (former.amount or "") else None)
        if role is None and not one.facets and "surface" in former.phases and not one.phases:
            changes["facets"] = former.facets if all(len(facet) == 3 for facet in former.facets) else ()
        return one.model_copy(update=changes)

    def _by_its_role(self, one: Component, role: str | None) -> Component:
        """With the phases of the others of its role or, in a mixture, of its layer."""
        layer = next((layer.split(" + ") for layer in self._old.layout if role in layer.split(" + ")), [role])
        alike = [o for o in self._old.components if role and self.roles.get(o.name) in layer]
        phases = [o.phases for o in alike if bool(o.smiles) == bool(one.smiles) and one.smiles]
        return one.model_copy(update={"phases": one.phases or (phases[0] if phases else self._solid(one, role))})

    def _solid(self, one: Component, role: str | None) -> tuple[Phase, ...]:
        """A layer of which no phase is said is a crystal, where the data have one."""
        return ("crystal",) if one.crystal and role in self._layout_roles else ()


def _is(component: Component, substance: object) -> bool:
    """The component is the substance that a `without` names."""
    if not isinstance(substance, Substance):
        return False
    if component.molecule or substance.molecules:
        return component.molecule in substance.molecules
    forms = substance.crystals
    if component.crystal and len(forms) == 1 and component.crystal != forms[0]:
        return False
    return composition(substance.counts) == _composition(component)
