"""A role moves to a new contract: created, passed by vote, and registered. What the former one
holds stays there, and the new one reads it.

The catalogue is the exception: it holds what may be recorded from now on, so its items are put
anew, passed before it is registered and put right behind that, and nothing is refused meanwhile.

All of it can be run again after any failure: what the account has created before is found by its
address, what was passed by its proposal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ledger.chain.contracts.bindings import CATALOGUE, Call, Catalogue, Consortium
from ledger.chain.contracts.contract_abi import Name, load
from ledger.chain.contracts.structs import NATIONAL, CatalogueItem
from ledger.chain.founding.items import in_force_or_to_come, missing, put_items
from ledger.chain.founding.site import ROLE_CONTRACTS, Site
from ledger.chain.governing.actions import register_contract
from ledger.chain.governing.govern import Council, latest_call
from ledger.chain.governing.tosign import ToSign
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.rpc import Caller
from ledger.chain.sending.transactions import Sender
from ledger.core.errors import ConfigError
from ledger.core.ids import Address

ROLES: Mapping[str, Name] = {kind.name: kind.name for kind in ROLE_CONTRACTS}
"""Roles whose contracts ship with this software, with the names of the contracts."""
LOOKED_BACK = 256
"""Transactions of the account among which a contract that it made before is looked for: a move of
all roles takes about forty, votes included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One role. before: the contract that holds it, or held it before the new one. after: the new
    one; None: it is not created yet. done: it holds the role. items: what is to be put into a new
    catalogue still. supplements: by region, items that provinces have to put there again."""

    role: str
    before: Address
    after: Address | None
    done: bool
    items: tuple[CatalogueItem, ...] = ()
    supplements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Succession:
    """Moves roles of one consortium. The account of `sender` creates the contracts and pays."""

    def __init__(
        self, rpc: Caller, sender: Sender, consortium: Address, *, seconds: float = 60.0
    ) -> None:
        """seconds: for each transaction to be mined."""
        self._call = latest_call(rpc)
        self._site = Site(Reader(rpc), sender, seconds)
        self._consortium = Consortium(consortium, self._call)

    def plan(self, roles: Sequence[str], now: int) -> list[Step]:
        """What is to be done, as one node shows the chain. now: its time, Unix seconds. Raises
        ConfigError, CouldNotCheck."""
        made = list(self._made())
        return [self._step(role, made, now) for role in roles]

    def create(self, steps: Sequence[Step]) -> list[Step]:
        """The same with every contract created. Raises TxError."""
        own = [self._consortium.address]
        return [
            step
            if step.after is not None
            else replace(step, after=self._site.create_next(ROLES[step.role], own))
            for step in steps
        ]

    def register(
        self, voting: Council, steps: Sequence[Step], others: Sequence[str]
    ) -> list[ToSign]:
        """Vote the new contracts in; what `others` have still to sign. Raises TxError."""
        to_sign: list[ToSign] = []
        for step in steps:
            to_sign += self._register(voting, step, others)
        return to_sign

    def _register(self, voting: Council, step: Step, others: Sequence[str]) -> list[ToSign]:
        if step.after is None:
            raise ConfigError(step.role, "is not created yet")
        catalogue = Catalogue(step.after, self._call)
        waiting: list[ToSign] = []
        if not step.done:
            waiting += put_items(voting, catalogue, step.items, others, hold=True)
            taking_over = register_contract(step.role, step.after)
            waiting += voting.advance(taking_over, others=others, hold=bool(waiting))
        if step.items and not waiting:
            waiting += put_items(voting, catalogue, step.items, others)
        return waiting

    # ---- what is there

    def _step(self, role: str, made: Sequence[tuple[str, Address]], now: int) -> Step:
        if role not in ROLES:
            raise ConfigError(role, f"is none of {', '.join(ROLES)}")
        history = [one.account for one in self._consortium.contract_history(role)]
        if not history:
            raise ConfigError(role, "no contract has this role: a founding registers the first")
        there = [address for name, address in made if name == role]
        done = len(history) > 1 and history[-1] in there
        new = history[-1] if done else next((one for one in there if one not in history), None)
        before = history[-2] if done else history[-1]
        items: tuple[CatalogueItem, ...] = ()
        supplements: Mapping[str, tuple[str, ...]] = {}
        if role == CATALOGUE:
            items, supplements = to_put(self._call, before, new, now)
        return Step(
            role=role,
            before=before,
            after=new,
            done=done,
            items=items,
            supplements=supplements,
        )

    def _made(self) -> Iterator[tuple[str, Address]]:
        """Contracts of this consortium that the account has created, by role; newest first."""
        for address in self._site.made(LOOKED_BACK):
            code = self._site.code(address)
            for kind in ROLE_CONTRACTS:
                contract = kind(address, self._call)
                if code and load(kind.name).is_deployed_as(code):
                    if contract.consortium() == self._consortium.address:
                        yield kind.name, address


def to_put(
    call: Call, before: Address, after: Address | None, now: int
) -> tuple[tuple[CatalogueItem, ...], Mapping[str, tuple[str, ...]]]:
    """National items of a catalogue that are in force or to come, but those that the new one has,
    and what provinces have put beside them. call: of whom the chain is asked. after: None: there is
    no new one. now: Unix seconds. Raises CouldNotCheck."""
    catalogue = Catalogue(before, call)
    items: list[CatalogueItem] = []
    supplements: dict[str, list[str]] = {}
    for name in catalogue.item_ids():
        for region in catalogue.regions(name):
            kept = in_force_or_to_come(catalogue.item(name, region), now)
            if region == NATIONAL:
                items += kept
            elif kept:
                supplements.setdefault(region, []).append(name)
    left = items if after is None else missing(Catalogue(after, call), items)
    return tuple(left), {region: tuple(names) for region, names in supplements.items()}
