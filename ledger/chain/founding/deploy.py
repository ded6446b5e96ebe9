"""Putting the contracts on a chain, always at the same addresses for one deployer.

The deployer is an account that does nothing before: Consortium, LogAnchor, Catalogue, CaseRegistry,
Revocations and Products are its transactions 0 to 5. What is there already is checked and left
alone, so this can be run again after any failure, and again on a chain that was lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    PRODUCTS,
    REVOCATIONS,
    Catalogue,
)
from ledger.chain.contracts.contract_abi import NAMES, Name
from ledger.chain.contracts.structs import ZERO, CatalogueItem
from ledger.chain.founding.founded import check_founding
from ledger.chain.founding.founders import Founder
from ledger.chain.founding.items import put_items
from ledger.chain.founding.site import Site, fits_creation
from ledger.chain.governing.actions import register_contract
from ledger.chain.governing.govern import Council, Voter, latest_call
from ledger.chain.governing.requests import key_input
from ledger.chain.governing.tosign import ToSign
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import Finality, Hash32, NetworkFile, Rebuilt
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.rpc import Caller
from ledger.chain.sending.rawtx import created_address
from ledger.chain.sending.transactions import MemoryTxStore, Sender, TxStore
from ledger.core.ids import Address, bytes32_ascii


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is on the chain now. `deploy_time`: of the block, Unix seconds. `to_sign`: what
    provinces whose keys are elsewhere have to sign before it is complete; none: it is."""

    chain_id: int
    consortium: Address
    log_anchor: Address
    catalogue: Address
    case_registry: Address
    revocations: Address
    products: Address
    deploy_block: int
    deploy_block_hash: Hash32
    deploy_time: int
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
        formerly: Sequence[str] = (),
        refile_seconds: int = 0,
    ) -> NetworkFile:
        """The file that a verifier pins. formerly: what the network was called before it moved
        here. refile_seconds: for so long it is filled anew, 0: it is not."""
        begin = self.deploy_time
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
            formerly=tuple(formerly),
            rebuilt=Rebuilt(since=begin, until=begin + refile_seconds) if refile_seconds else None,
        )


def addresses(deployer: Address) -> dict[Name, Address]:
    """Where the contracts of a deployer are, in the order in which it creates them."""
    return {name: created_address(deployer, nonce) for nonce, name in enumerate(NAMES)}


def fits(founders: Sequence[Founder], threshold: int) -> bool:
    """Whether chains take a founding with so many members, keys and logs."""
    return fits_creation("Consortium", _founding(founders, threshold))


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
    site = Site(node, sender, seconds)
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
    to_sign += put_items(voting, Catalogue(made.catalogue, latest_call(rpc)), items, others)
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
        deploy_time=block.time,
    )


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
            "seq": log.seq,
            "suite": log.suite,
            "logId": log.log_id or ZERO,
        }
        for founder in founders
        for log in founder.logs
    ]
    return [members, keys, logs, threshold]
