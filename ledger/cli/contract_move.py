"""One run of `consortium move-contract`: what it finds, does, and makes sure of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.chain.contracts.bindings import CATALOGUE, Consortium
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.errors import BlockGone
from ledger.chain.founding.founded import check_code
from ledger.chain.founding.succession import ROLES, Step, Succession, to_put
from ledger.chain.governing.govern import Council, Voter, latest_call
from ledger.chain.governing.tosign import ToSign
from ledger.chain.keys.keydir import files, newest, read_public
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.http import place
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.cli.acting import ANY_AGE, MINED_SECONDS
from ledger.cli.language import say
from ledger.cli.options import local_clock
from ledger.cli.output import shown_path
from ledger.core.errors import ConfigError, LedgerError
from ledger.core.keys import Purpose, Role

CONFIRM_SECONDS = 60.0
"""For which the other nodes may lag behind the one that was written to."""
_POLL = 0.5


class ContractMove:
    """Roles of one network, the account that creates their new contracts, and who votes here.

    steps: of each role, as one node shows the chain; complete: nothing is left of them.
    """

    def __init__(
        self, network: NetworkFile, rpc: Failover, deployer: DigestSigner, roles: Sequence[str]
    ) -> None:
        """Raise ConfigError, CouldNotCheck."""
        self.network = network
        self._rpc = rpc
        self._roles = roles
        self._sender = Sender(rpc, deployer, MemoryTxStore(), chain_id=network.chain_id)
        self._succession = Succession(rpc, self._sender, network.consortium, seconds=MINED_SECONDS)
        self._consortium = Consortium(network.consortium, latest_call(rpc))
        self._voters: list[Voter] = []
        self._demand_network()
        self.steps = self._plan()
        self.threshold = self._consortium.threshold()
        self.provinces = self._provinces()

    @property
    def complete(self) -> bool:
        return all(step.done and not step.items for step in self.steps)

    @property
    def here(self) -> list[str]:
        """Provinces that vote here."""
        return [voter.member for voter in self._voters]

    @property
    def elsewhere(self) -> list[str]:
        """All others that may vote."""
        return [code for code in self.provinces if code not in self.here]

    def voters(self, folders: Sequence[Path], opened: Callable[[Path], DigestSigner]) -> None:
        """Open the GOVERN keys in force of provinces that lie in these folders. Raises ConfigError
        where a folder holds none."""
        now = self._head().time
        registered = {
            code: [
                key.key_id
                for key in self._consortium.keys(code)
                if key.purpose == Purpose.GOVERN and key.valid_at(now)
            ]
            for code in self.provinces
        }
        for folder in folders:
            held = [(read_public(path).key_id, path) for path in _govern_files(folder)]
            pairs = ((code, newest(held, valid)) for code, valid in registered.items())
            ours = [(code, path) for code, path in pairs if path is not None]
            if not ours:
                raise ConfigError(str(folder), "holds no GOVERN key of an active province")
            self._voters += [Voter(code, opened(path)) for code, path in ours]

    def run(self) -> list[ToSign]:
        """Create, vote and register, as far as these keys go; what others have still to sign.
        Raises TxError, CouldNotCheck, ConfigError."""
        if any(step.items for step in self.steps):
            self._with_a_quorum(self._demand_items)
        voting = Council(
            self._sender,
            self._rpc,
            chain_id=self.network.chain_id,
            consortium=self.network.consortium,
            voters=self._voters,
            seconds=MINED_SECONDS,
        )
        created = self._succession.create(self.steps)
        left = self._succession.register(voting, created, self.elsewhere)
        self.steps = self._plan()
        return left

    def confirm(self) -> None:
        """A quorum shows each new contract in its role, with the code that ships. Raises
        ConfigError, CouldNotCheck."""
        self._with_a_quorum(self._compare)

    def _with_a_quorum(self, compare: Callable[[View], None]) -> None:
        """Other nodes get the time to catch up. Raises ConfigError, CouldNotCheck."""
        end = time.monotonic() + CONFIRM_SECONDS
        file = replace(self.network, max_head_age=ANY_AGE)
        with closing(QuorumReader(file, now=local_clock(), max_ahead=None)) as reader:
            while True:
                try:
                    return compare(reader.head())
                except LedgerError:
                    if time.monotonic() > end:
                        raise
                time.sleep(_POLL)

    def _compare(self, view: View) -> None:
        made = {ROLES[step.role]: step.after for step in self.steps if step.after}
        check_code(made, view.code)
        consortium = Consortium(self.network.consortium, view.call, view.calls)
        for step in self.steps:
            if consortium.current(step.role) != step.after:
                raise ConfigError(step.role, f"is not held by {step.after}")

    def _demand_items(self, view: View) -> None:
        """What is voted into a new catalogue is what a quorum shows in the former one: the node by
        which everything else is done could have it be anything, and nobody types it in."""
        for step in self.steps:
            if step.role == CATALOGUE:
                shown, _ = to_put(view.call, step.before, step.after, self._now)
                if shown != step.items:
                    name = place(self.network.rpc[0])
                    raise ConfigError(step.role, f"{name} shows other items than a quorum")

    def _plan(self) -> list[Step]:
        self._now = self._head().time
        return self._succession.plan(self._roles, self._now)

    def _provinces(self) -> list[str]:
        """Codes of those that may vote now."""
        found = self._consortium.members()
        return [m.code for m in found if m.roles & Role.PROVINCE and m.status == ACTIVE]

    def _demand_network(self) -> None:
        """The node shows the chain that the file pins. Raises ConfigError, CouldNotCheck."""
        node = Reader(self._rpc)
        if node.chain_id() != self.network.chain_id:
            raise ConfigError("rpc", f"is chain {node.chain_id()}, not {self.network.chain_id}")
        block = node.block(self.network.deploy_block)
        if block is None or block.hash != self.network.deploy_block_hash:
            raise ConfigError("rpc", "does not have the block in which the network was founded")

    def _head(self) -> Block:
        node = Reader(self._rpc)
        head = node.block("latest")
        if head is None:
            raise BlockGone(node.name, "latest")
        return head


@contextmanager
def contract_move(
    network: NetworkFile, deployer: DigestSigner, roles: Sequence[str]
) -> Iterator[ContractMove]:
    """A ContractMove over all nodes of the file; connections are dropped at its end. Raises as
    that does."""
    rpcs = [Rpc(url) for url in network.rpc]
    try:
        yield ContractMove(network, Failover(rpcs), deployer, roles)
    finally:
        for rpc in rpcs:
            rpc.close()


def votes_words(move: ContractMove) -> list[str]:
    """What is to be done and whose votes it takes, for people."""
    lines = [line for step in move.steps for line in step_words(step)]
    nobody = say(zh="无", en="none")
    here, elsewhere = " ".join(move.here) or nobody, " ".join(move.elsewhere) or nobody
    return [
        *lines,
        say(
            zh=f"需 {move.threshold} 票：此处 {here}；其余 {elsewhere}",
            en=f"{move.threshold} votes are needed: here {here}; elsewhere {elsewhere}",
        ),
    ]


def outcome_json(move: ContractMove, waiting: Sequence[Path], *, complete: bool) -> dict[str, Any]:
    """The document of `--json`."""
    return {
        "network": move.network.reference,
        "roles": [step_json(step) for step in move.steps],
        "threshold": move.threshold,
        "votes": {"here": move.here, "elsewhere": move.elsewhere},
        "complete": complete,
        "toSign": [shown_path(path) for path in waiting],
    }


def step_words(step: Step) -> list[str]:
    """What a step does, for people."""
    new = step.after or say(zh="（待创建）", en="(to be created)")
    if step.done:
        state = say(zh="已接任", en="holds the role")
    elif step.after:
        state = say(zh="已创建，待表决", en="created, to be voted in")
    else:
        state = say(zh="待创建、待表决", en="to be created and voted in")
    lines = [f"{step.role}: {step.before} → {new}  {state}"]
    if step.items:
        count = len(step.items)
        lines.append(
            "  "
            + say(
                zh=f"重新写入全国目录 {count} 项，接任后立即生效",
                en=f"{count} national items are put again, right behind the registration",
            )
        )
    for region, names in sorted(step.supplements.items()):
        told = ", ".join(names)
        lines.append(
            "  "
            + say(
                zh=f"{region} 须自行重新写入其补充目录：{told}",
                en=f"{region} has to put its supplements again itself: {told}",
            )
        )
    return lines


def step_json(step: Step) -> dict[str, Any]:
    """The same for `--json`."""
    waiting = "to-create" if step.after is None else "created"
    return {
        "role": step.role,
        "before": step.before,
        "after": step.after,
        "state": "registered" if step.done else waiting,
        "items": len(step.items),
        "supplements": {region: list(names) for region, names in step.supplements.items()},
    }


def _govern_files(folder: Path) -> list[Path]:
    name = Purpose.GOVERN.name
    return [*files(folder / "keys", name), *files(folder, name)]
