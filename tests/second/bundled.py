"""Check bundles: section 27."""

from dataclasses import dataclass

from tests.second import asked
from tests.second.answer import Bundle, Given
from tests.second.codec import Json, canonical
from tests.second.facts import ACTIVE, PROVINCE, SKEW, World
from tests.second.listed import Look
from tests.second.shelf import Shelf

_APART = 3600
_SETTLED = "repaired corrected withdrawn ended expired erased shielded".split()

State = tuple[str, str, str]
Standing = tuple[str, bool | None]


def _alike(bundle: Bundle) -> bool:
    """Tell whether all answers are to one question of one asker about the subject."""
    answers = [given.answer for given in bundle.answers]
    return (
        len({(answer.to, answer.question) for answer in answers}) <= 1
        and all(answer.code == bundle.subject for answer in answers)
        and all(0 <= bundle.at - answer.at <= _APART for answer in answers)
    )


def _families(bundle: Bundle) -> list[str]:
    if bundle.answers:
        return list(bundle.answers[0].answer.types)
    named = [one["family"] for one in bundle.completeness if isinstance(one, dict)]
    return sorted({name for name in named if isinstance(name, str)})


def _contradicted(given: Given, world: World, shelf: Shelf) -> set[str]:
    """Give the families of which a receipt proves that the answer left something out."""
    found = [Look(text, given.answer, world, shelf).left_out() for text in given.behind]
    return {family for family in found if family is not None}


def _states(bundle: Bundle, world: World, shelf: Shelf) -> list[State]:
    """Work out the completeness."""
    states = [(member, "missing", set[str]()) for member in bundle.missing]
    states += [
        (given.answer.iss, "stated", _contradicted(given, world, shelf)) for given in bundle.answers
    ]
    return [
        (member, family, "contradicted" if family in against else state)
        for member, state, against in sorted(states)
        for family in _families(bundle)
    ]


def _overall(records: list[Standing], states: list[State], answered: bool) -> str:
    """Say in a word what the records come to."""
    if ("valid", True) in records:
        return "adverse"
    stated = all(state == "stated" for _, _, state in states)
    settled = all(
        verdict in _SETTLED or (verdict, adverse) == ("valid", False)
        for verdict, adverse in records
    )
    return "clear" if answered and stated and settled else "open"


def _unspoken(bundle: Bundle, world: World) -> bool:
    """Tell whether a province neither answers nor is missing."""
    spoken = {*bundle.missing, *(given.answer.iss for given in bundle.answers)}
    return any(
        member.status == ACTIVE and member.had(PROVINCE, bundle.at) and code not in spoken
        for code, member in world.members.items()
    )


def _claims(bundle: Bundle) -> bytes:
    """Give what a bundle says follows from its answers."""
    return canonical([bundle.completeness, bundle.overall, bundle.verdicts])


@dataclass
class Judge:
    """Judge a bundle by the chain."""

    bundle: Bundle
    world: World
    shelf: Shelf

    def __post_init__(self) -> None:
        """Look at the receipts of all items."""
        given = self.bundle.answers
        self.looks = [look for one in given for look in asked.looks(one, self.world, self.shelf)]

    def problems(self) -> set[str]:
        """Give all that is found."""
        bundle, world = self.bundle, self.world
        if not _alike(bundle):
            return {"parts-differ"}
        found: set[str] = set()
        for given in bundle.answers:
            found |= asked.problems(given, world, self.shelf)
        if not found and _claims(bundle) != self._anew():
            found.add("recomputed-differs")
        if bundle.at > world.now + SKEW:
            found.add("time-wrong")
        if world.ended() is not None:
            found.add("chain-unread")
        elif _unspoken(bundle, world):
            found.add("province-unspoken")
        return found

    def overall(self, at_head: bool) -> str:
        """Say what it comes to, by the verdicts of the blocks or by those at the head."""
        records = [(look.judged(at_head).verdict, look.adverse) for look in self.looks]
        states = _states(self.bundle, self.world, self.shelf)
        return _overall(records, states, bool(self.bundle.answers))

    def _anew(self) -> bytes:
        completeness: list[Json] = [
            {"family": family, "member": member, "state": state}
            for member, family, state in _states(self.bundle, self.world, self.shelf)
        ]
        verdicts: list[Json] = [look.verdict() for look in self.looks]
        return canonical([completeness, self.overall(at_head=False), verdicts])

    def verdict(self) -> tuple[str, str]:
        """Give the verdict, and what it would be by the verdicts at the head."""
        wrong = asked.verdict_of(self.problems())
        if wrong is not None:
            return wrong, wrong
        return self.bundle.overall, self.overall(at_head=True)


def judge_bundle(bundle: Bundle, world: World, shelf: Shelf) -> tuple[str, str]:
    """Judge a bundle; give the verdict, and what it would be by the verdicts at the head."""
    return Judge(bundle, world, shelf).verdict()
