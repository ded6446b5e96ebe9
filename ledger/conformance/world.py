"""Facts: what chain and clock say, as a file of the suite has it (section 3 of its README)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.chain.network import Finality, Hash32, NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.core.errors import ConfigError
from ledger.core.ids import keccak256
from ledger.core.receipt import parse_network

__all__ = ["TYPE", "World", "block_of", "made_hash", "read", "stolen_since"]

TYPE: Final = "credit-ledger/conformance-facts@1"
NO_NODE: Final = "http://127.0.0.1:1"
"""Stands in the network file where nodes stand; nobody is asked."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """The members of a facts file, with those of its base."""

    values: Row

    def rows(self, name: str) -> Sequence[Row]:
        """One of its lists."""
        found: Sequence[Row] = self.values.get(name, [])
        return found

    def held(self, role: str) -> Sequence[Row]:
        """The contracts that ever held a role."""
        found: Sequence[Row] = self.values["contracts"].get(role, [])
        return found

    @property
    def now(self) -> int:
        """The local clock."""
        return int(self.values["now"])

    @property
    def unread(self) -> str | None:
        """The code in which reading the chain ended."""
        found: str | None = self.values.get("unread")
        return found

    @property
    def final(self) -> int:
        """Number of the newest final block; -1: none is."""
        return int(self.values["final"])

    @property
    def network(self) -> NetworkFile:
        """A network file that says the same, with no node to ask."""
        said = self.values["network"]
        chain_id, consortium = parse_network(said["reference"])
        return NetworkFile(
            name=said["name"],
            chain_id=chain_id,
            consortium=consortium,
            deploy_block=0,
            deploy_block_hash=Hash32("0x" + "00" * 32),
            finality=Finality(rule="latest"),
            rpc=(NO_NODE,),
            quorum=1,
            max_head_age=said["maxHeadAge"],
            formerly=tuple(said.get("formerly", ())),
        )

    def blocks(self) -> dict[int, Block]:
        """Every block of which something is said, by its number. Raises ConfigError where two
        things are said of one."""
        found: dict[int, Block] = {}
        for number, told, time in self._told():
            before = found.get(number)
            if before is not None and before.time != time:
                raise ConfigError("conformance", f"block {number} has two times")
            known = made_hash(number) if before is None else before.hash
            found[number] = block_of(number, Hash32(told) if told else known, time)
        return found

    def _told(self) -> Iterator[tuple[int, str, int]]:
        """Number, hash ("": not said) and time. What says a hash comes last."""
        for act in self.rows("acts"):
            yield act["block"], "", act["time"]
        for key in self.rows("keys"):
            for said in key.get("compromises", ()):
                yield said["block"], "", said["time"]
        for anchor in self.rows("anchors"):
            yield anchor["block"], anchor["blockHash"], anchor["time"]
        head = self.values["head"]
        yield head["number"], head["hash"], head["time"]


def stolen_since(key: Row) -> int:
    """From when on the state of a key says that it is stolen, 0: not. A state that is more
    favourable than the last event, which no Consortium can have, is not believed."""
    state, told = int(key["compromisedSince"]), key.get("compromises", ())
    last = int(told[-1]["since"]) if told else 0
    return last if last and not 0 < state < last else state


def block_of(number: int, hash_: Hash32, time: int) -> Block:
    """A block whose parent nobody looks at."""
    return Block(
        number=number,
        hash=hash_,
        parent=made_hash(number - 1),
        time=time,
        base_fee=None,
    )


def made_hash(number: int) -> Hash32:
    """The hash of a block of which the facts do not tell it: nothing is compared with it."""
    return Hash32("0x" + keccak256(f"block {number}".encode()).hex())


def read(path: Path, folder: Path) -> World:
    """The facts in a file of a suite. folder: from where its `base` is named. Raises ConfigError
    where it is none."""
    values = _object(path)
    if "base" in values:
        base = _object(folder / values["base"])
        if "base" in base:
            raise ConfigError("conformance", f"{path}: its base has a base")
        values = {**base, **{name: value for name, value in values.items() if name != "base"}}
    return World(values)


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError("conformance", f"{path}: {error}") from error
    if not isinstance(found, dict) or found.get("_type") != TYPE:
        raise ConfigError("conformance", f"{path}: not {TYPE}")
    return found
