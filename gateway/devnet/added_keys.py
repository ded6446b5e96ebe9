"""The keys that members add once the network stands: no chain takes a founding with all of them."""

from __future__ import annotations

from typing import Final

from gateway.devnet.layout import MEMBERS, Layout, MemberSpec
from gateway.devnet.members import added, key_path, password_of
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.governing.govern import latest_call
from ledger.chain.governing.requests import (
    FOREVER,
    Domain,
    add_key,
    key_input,
    signed_add_key,
)
from ledger.chain.keys.signers import LocalSigner, open_signer
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core.keys import Purpose

GOVERN: Final = Purpose.GOVERN.name


class KeyAdding:
    """Registers them, each signed by its member. payer: pays, and says nothing for anybody."""

    def __init__(self, rpc: Rpc, layout: Layout, network: NetworkFile, payer: LocalSigner) -> None:
        self._layout = layout
        self._sender = Sender(rpc, payer, MemoryTxStore(), chain_id=network.chain_id)
        self._consortium = Consortium(network.consortium, latest_call(rpc))
        self._domain = Domain(network.chain_id, network.consortium)

    def add_missing(self) -> None:
        """Register those that are not; what is registered stays, whatever became of it."""
        for member in MEMBERS:
            wanted = added(member)
            there = {key.key_id for key in self._consortium.keys(member.code)} if wanted else set()
            for purpose in wanted:
                signer = self._open(member, purpose)
                if signer.key_id not in there:
                    self._add(member, purpose, signer)

    def _add(self, member: MemberSpec, purpose: str, signer: LocalSigner) -> None:
        found = self._consortium.member(member.code)
        if found is None:
            return
        key = key_input(
            member=member.code,
            purpose=Purpose[purpose],
            alg=signer.alg,
            public_key=signer.public_key,
            not_before=0,
        )
        request = add_key(key=key, seq=found.seq, deadline=FOREVER)
        data = signed_add_key(request, self._domain, self._open(member, GOVERN), signer)
        name = f"key/{signer.key_id.hex()}"
        self._sender.send(name, self._consortium.address, data)
        self._sender.wait(name)
        self._sender.done(name)

    def _open(self, member: MemberSpec, purpose: str) -> LocalSigner:
        folder = self._layout.member(member.code)
        signer = open_signer(key_path(folder, purpose), password_of(folder))
        assert isinstance(signer, LocalSigner)  # noqa: S101 - `prepare` makes no other
        return signer
