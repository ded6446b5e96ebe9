"""Putting the contracts on a chain, always at the same addresses for one deployer.

The deployer is an account that does nothing before: Consortium, LogAnchor, Catalogue, CaseRegistry,
Revocations and Products are its transactions 0 to 5. What is there already is checked and left
alone, so this can be run again after any failure, and again on a chain that was lost.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    PRODUCTS,
    REVOCATIONS,
    CaseRegistry,
    Catalogue,
    LogAnchor,
    Products,
    Revocations,
)
from ledger.chain.contracts.contract_abi import NAMES, Name, encode, load
from ledger.chain.contracts.events import ThresholdSet, topic
from ledger.chain.contracts.structs import NATIONAL, ZERO, CatalogueItem, item_values
from ledger.chain.errors import BlockGone, TxPending
from ledger.chain.founding.founded import check_code, check_founding
from ledger.chain.founding.founders import Founder
from ledger.chain.governing.actions import put_national, register_contract
from ledger.chain.governing.govern import CarryOut, Council, Voter, latest_call
from ledger.chain.governing.requests import key_input
from ledger.chain.governing.tosign import ToSign
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import Finality, Hash32, NetworkFile
from ledger.chain.nodes.blocks import Block, LogEntry, Reader, hex_bytes, quantity
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.chain.nodes.rpc import Caller
from ledger.chain.sending.rawtx import created_address
from ledger.chain.sending.transactions import MemoryTxStore, Sender, TxStore
from ledger.core.errors import ConfigError
from ledger.core.ids import SUITES, Address, bytes32_ascii

_POLL = 0.2  # seconds
# Bytes of a creation with its arguments (EIP-3860); a key takes 320 of them.
_MAX_INITCODE = 49_152
# Items of one vote, as the Catalogue bounds them.
_MAX_ITEMS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is on the chain now. `to_sign`: what provinces whose keys are elsewhere have to sign
    before it is complete; none: it is."""

    chain_id: int
    consortium: Address
    log_anchor: Address
    catalogue: Address
    case_registry: Address
    revocations: Address
    products: Address
    deploy_block: int
    deploy_block_hash: Hash32
    to_sign: tuple[ToSign, ...] = ()

    @property
    def roles(self) -> dict[str, Address]:
        """The contract of each role, in the order in which they were created."""
        return {
            LOG_ANCHOR: self.log_anchor,
            CATALOGUE: self.catalogue,
            CASE_REGISTRY: self.case_registry,
            REVOCATIONS: self.revocations,
            PRODUCTS: self.products,
        }

    @property
    def contracts(self) -> dict[Name, Address]:
        """All contracts by name."""
        return {
            "Consortium": self.consortium,
            "LogAnchor": self.log_anchor,
            "Catalogue": self.catalogue,
            "CaseRegistry": self.case_registry,
            "Revocations": self.revocations,
            "Products": self.products,
        }

    def network_file(
        self,
        *,
        name: str,
        finality: Finality,
        rpc: Sequence[str],
        quorum: int,
        max_head_age: int,
    ) -> NetworkFile:
        """The file that a verifier pins."""
        return NetworkFile(
            name=name,
            chain_id=self.chain_id,
            consortium=self.consortium,
            deploy_block=self.deploy_block,
            deploy_block_hash=self.deploy_block_hash,
            finality=finality,
            rpc=tuple(rpc),
            quorum=quorum,
            max_head_age=max_head_age,
        )


def addresses(deployer: Address) -> dict[Name, Address]:
    """Where the contracts of a deployer are, in the order in which it creates them."""
    return {name: created_address(deployer, nonce) for nonce, name in enumerate(NAMES)}


def deploy(
    rpc: Caller,
    deployer: DigestSigner,
    *,
    founders: Sequence[Founder],
    threshold: int,
    council: Sequence[Voter],
    items: Sequence[CatalogueItem],
    others: Sequence[str] = (),
    store: TxStore | None = None,
    seconds: float = 60.0,
    same_keys: bool = True,
) -> Deployment:
    """Contracts, their registration by vote, and the national items by vote.

    `deployer` pays. `council`: GOVERN keys of provinces, `others`: provinces whose keys are
    elsewhere; below `threshold` they sign `to_sign`, and this is run again. `seconds`: for each
    transaction. `same_keys`: whether a founding that is there must have been with these keys.
    Raises TxError, CouldNotCheck, and ConfigError where something else is at an address.
    """
    node = Reader(rpc)
    chain_id = node.chain_id()
    sender = Sender(rpc, deployer, store or MemoryTxStore(), chain_id=chain_id)
    site = _Site(node, sender, seconds)
    places = addresses(deployer.address)
    consortium = places["Consortium"]
    site.create_all(places, lambda: _founding(founders, threshold))
    block, entries = site.founded(consortium)
    check_founding(
        entries,
        founders,
        threshold=threshold,
        chain_id=chain_id,
        consortium=consortium,
        keys=same_keys,
    )
    site.check(places)
    voting = Council(
        sender,
        rpc,
        chain_id=chain_id,
        consortium=consortium,
        voters=council,
        seconds=seconds,
    )
    made = _deployment(chain_id, places, block)
    to_sign: list[ToSign] = []
    for role, account in made.roles.items():
        if voting.consortium.current(role) is None:
            to_sign += voting.advance(register_contract(role, account), others=others)
    to_sign += _put_items(voting, Catalogue(made.catalogue, latest_call(rpc)), items, others)
    return replace(made, to_sign=tuple(to_sign))


def _deployment(chain_id: int, places: dict[Name, Address], block: Block) -> Deployment:
    return Deployment(
        chain_id=chain_id,
        consortium=places["Consortium"],
        log_anchor=places["LogAnchor"],
        catalogue=places["Catalogue"],
        case_registry=places["CaseRegistry"],
        revocations=places["Revocations"],
        products=places["Products"],
        deploy_block=block.number,
        deploy_block_hash=block.hash,
    )


class _Site:
    """The chain on which is built."""

    def __init__(self, node: Reader, sender: Sender, seconds: float) -> None:
        self._node = node
        self._sender = sender
        self._seconds = seconds

    def create_all(self, places: dict[Name, Address], founding: Callable[[], list[Any]]) -> None:
        """Every contract at its place, Consortium with what `founding` gives, the others for it."""
        consortium = [places["Consortium"]]
        for nonce, (name, place) in enumerate(places.items()):
            self.create(name, place, nonce, (lambda: consortium) if nonce else founding)

    def create(
        self, name: Name, address: Address, nonce: int, arguments: Callable[[], list[Any]]
    ) -> None:
        """The contract at its address, unless something is there."""
        if self._settled(address, nonce):
            return
        abi = load(name)
        key = f"create/{name}"
        code = abi.bytecode + encode(abi.constructor, arguments())
        if len(code) > _MAX_INITCODE:
            raise ConfigError(
                "founders",
                f"{len(code)} bytes to create {name}, and chains take {_MAX_INITCODE}: found with "
                "fewer keys (GOVERN is enough), members add the others themselves",
            )
        self._sender.send(key, None, code)
        receipt = self._sender.wait(key, seconds=self._seconds)
        self._sender.done(key)
        if receipt.contract != address:
            raise ConfigError("deployer", f"{name} is at {receipt.contract}, not at {address}")

    def check(self, places: dict[Name, Address]) -> None:
        """What lies at the addresses is what would have been created. Raises ConfigError."""
        check_code(places, self._code)
        call = latest_call(self._node.rpc)
        for kind in (LogAnchor, Catalogue, CaseRegistry, Revocations, Products):
            contract, role = kind(places[kind.name], call), kind.name
            if contract.consortium() != places["Consortium"] or contract.role() != role:
                raise ConfigError(role, f"{contract.address} is another contract")

    def founded(self, consortium: Address) -> tuple[Block, list[LogEntry]]:
        """The block of the constructor, by its event, and the events of the contract in it."""
        last = self._block("latest").number
        first = LogQuery(address=consortium, topics=(topic(ThresholdSet),), first=0, last=last)
        found = read_logs(self._node, first)
        if not found:
            raise ConfigError("consortium", f"{consortium} is another contract")
        number = found[0].block
        own = LogQuery(address=consortium, topics=(), first=number, last=number)
        return self._block(number), list(read_logs(self._node, own))

    def _settled(self, address: Address, nonce: int) -> bool:
        """Whether the contract is there; False: its creation is the deployer's next transaction.

        Waits for one that an earlier run left in the queue.
        """
        end = time.monotonic() + self._seconds
        while not self._has_code(address):
            mined, queued = self._count("latest"), self._count("pending")
            if mined > nonce or queued < nonce:
                raise ConfigError(
                    "deployer", f"sent {mined} transactions; its number {nonce} made no {address}"
                )
            if queued == nonce:
                return False
            if time.monotonic() > end:
                raise TxPending(f"create/{address}", f"not mined within {self._seconds:g} seconds")
            time.sleep(_POLL)
        return True

    def _count(self, which: str) -> int:
        answer = self._node.ask("eth_getTransactionCount", self._sender.address, which)
        return quantity(self._node.name, answer)

    def _has_code(self, address: Address) -> bool:
        return self._code(address) != b""

    def _code(self, address: Address) -> bytes:
        return hex_bytes(self._node.name, self._node.ask("eth_getCode", address, "latest"))

    def _block(self, which: int | str) -> Block:
        found = self._node.block(which)
        if found is None:
            raise BlockGone(self._node.name, which)
        return found


def _founding(founders: Sequence[Founder], threshold: int) -> list[Any]:
    """Arguments of the constructor of Consortium."""
    members = [
        {
            "code": bytes32_ascii(founder.code),
            "region": bytes32_ascii(founder.region) if founder.region else ZERO,
            "roles": int(founder.roles),
            "endpoint": founder.endpoint,
        }
        for founder in founders
    ]
    keys = [
        key_input(
            member=founder.code,
            purpose=key.purpose,
            alg=key.alg,
            public_key=key.public_key,
            not_before=key.not_before,
            not_after=key.not_after,
        )
        for founder in founders
        for key in founder.keys
    ]
    logs = [
        {
            "member": bytes32_ascii(founder.code),
            "seq": 0,
            "suite": SUITES["sha256"],
            "logId": founder.log_id or ZERO,
        }
        for founder in founders
    ]
    return [members, keys, logs, threshold]


def _put_items(
    voting: Council, catalogue: Catalogue, items: Sequence[CatalogueItem], others: Sequence[str]
) -> list[ToSign]:
    """Those that the catalogue does not have, in as few votes as it takes; what is to be signed."""
    to_sign: list[ToSign] = []
    names = dict.fromkeys(item.item_id for item in items)
    there = {version.item for version in catalogue.series((name, NATIONAL) for name in names)}
    missing = [item for item in items if item not in there]
    for start in range(0, len(missing), _MAX_ITEMS):
        part = missing[start : start + _MAX_ITEMS]
        action = put_national(catalogue.address, part)
        to_sign += voting.advance(action, _putting(catalogue, part), others)
    return to_sign


def _putting(catalogue: Catalogue, items: Sequence[CatalogueItem]) -> CarryOut:
    """Calldata that carries out the vote on these items."""
    function = catalogue.abi.functions["putNational"]
    values = [item_values(item) for item in items]
    return lambda proposer, salt: function.encode(values, proposer, salt)
