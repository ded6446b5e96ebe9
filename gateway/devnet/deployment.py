"""The contracts of the embedded chain: there, or put there again at the same addresses."""

from __future__ import annotations

from gateway.devnet.added_keys import KeyAdding
from gateway.devnet.files import write_atomic
from gateway.devnet.guard import MAX_HEAD_AGE
from gateway.devnet.layout import MEMBERS, NODES, Layout, MemberSpec, Ports
from gateway.devnet.members import key_path, password_of, registered_keys
from ledger.chain.founding.deploy import deploy
from ledger.chain.founding.founders import Founder, FounderKey
from ledger.chain.founding.national import national_items
from ledger.chain.governing.govern import Voter
from ledger.chain.keys.keyfile import KeyFile
from ledger.chain.keys.signers import LocalSigner, open_signer
from ledger.chain.network import Finality, NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import ConfigError
from ledger.core.keys import Alg, Purpose, Role

NAME = "credit-ledger demonstration"
THRESHOLD = 3
"""Provinces of four that decide."""
DEPTH = 1
KEYS_SINCE = 1_735_660_800
"""2025-01-01 in Asia/Shanghai: keys of a demonstration are valid before its chain begins."""
MONEY = hex(10**24)
_DEPLOYER = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The first account of every development chain: public knowledge, so that redeployment on an empty
chain gives the same addresses. It deploys and says nothing for anybody."""


def deploy_if_needed(layout: Layout, ports: Ports) -> bool:
    """Put on the chain what is missing, write the network file; whether that file changed."""
    rpc = Rpc(ports.rpc, timeout=30)
    try:
        for address in _payers(layout):
            rpc.call("anvil_setBalance", [address, MONEY])
        file = _deploy(rpc, layout, ports)
        KeyAdding(rpc, layout, file, LocalSigner(Alg.SECP256K1, _DEPLOYER)).add_missing()
    finally:
        rpc.close()
    data = file.encode()
    if layout.network.exists() and layout.network.read_bytes() == data:
        return False
    write_atomic(layout.network, data)
    return True


def _deploy(rpc: Rpc, layout: Layout, ports: Ports) -> NetworkFile:
    deployment = deploy(
        rpc,
        LocalSigner(Alg.SECP256K1, _DEPLOYER),
        founders=[_founder(layout, member, ports) for member in MEMBERS],
        threshold=THRESHOLD,
        council=[_voter(layout, member) for member in MEMBERS if Role.PROVINCE in member.role],
        items=national_items(),
        same_keys=False,  # members rotate and lose theirs here too
    )
    return deployment.network_file(
        name=NAME,
        finality=Finality(rule="confirmations", depth=DEPTH),
        rpc=[ports.rpc],
        quorum=1,
        max_head_age=MAX_HEAD_AGE,
    )


def _founder(layout: Layout, member: MemberSpec, ports: Ports) -> Founder:
    keys = tuple(_founder_key(file) for file in registered_keys(layout, member))
    return Founder(
        code=member.code,
        roles=member.role,
        region=member.region,
        endpoint=ports.endpoint(member.code) if member.offset is not None else "",
        keys=keys,
    )


def _founder_key(file: KeyFile) -> FounderKey:
    if file.alg is None or file.public_key is None:
        raise ConfigError(str(file.path), "is not a key that can be registered")
    return FounderKey(
        purpose=Purpose[file.purpose],
        alg=file.alg,
        public_key=file.public_key,
        not_before=KEYS_SINCE,
    )


def _voter(layout: Layout, member: MemberSpec) -> Voter:
    folder = layout.member(member.code)
    signer = open_signer(key_path(folder, "GOVERN"), password_of(folder))
    return Voter(member.code, signer)


def _payers(layout: Layout) -> list[str]:
    files = [KeyFile.load(key_path(layout.member(member.code), "payer")) for member in NODES]
    return [file.address for file in files if file.address is not None]
