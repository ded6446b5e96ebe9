"""A network on a real anvil: four provinces, a bureau, a bank, an auditor, all with fresh keys."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ledger.chain.contracts.bindings import (
    CaseRegistry,
    Catalogue,
    Consortium,
    LogAnchor,
    Products,
    Revocations,
)
from ledger.chain.contracts.structs import CatalogueItem
from ledger.chain.founding.deploy import Deployment, deploy
from ledger.chain.founding.founders import Founder, FounderKey
from ledger.chain.founding.national import national_items
from ledger.chain.governing.actions import Action
from ledger.chain.governing.govern import Council, Voter, latest_call
from ledger.chain.keys.keyfile import ALGS, new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Finality, NetworkFile
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core import eip712
from ledger.core.ids import LogId, bytes32_ascii, log_id
from ledger.core.keys import Alg, Purpose, Role
from tests.support.anvil import Anvil, start_anvil

PROVINCES = ("110000", "120000", "130000", "140000")
MEMBERS = (*PROVINCES, "demo-bureau", "demo-bank", "demo-auditor")
ROLES = {
    **dict.fromkeys(PROVINCES, Role.PROVINCE),
    "demo-bureau": Role.BUREAU,
    "demo-bank": Role.INSTITUTION,
    "demo-auditor": Role.AUDITOR,
}
THRESHOLD = 3
MAX_HEAD_AGE = 3600  # seconds; anvil mines only when a test sends something
KEY_START = 1_577_836_800  # 2020-01-01T00:00:00Z, before any test's clock

# A founding must fit into one creation, so only provinces register keys of every purpose.
OF_ALL = frozenset({Purpose.ANCHOR, Purpose.GOVERN, Purpose.PRESENT, Purpose.NOTE})

Keys = dict[tuple[str, Purpose], LocalSigner]


def make_keys(members: Sequence[str] = MEMBERS) -> Keys:
    """A fresh key of every purpose for every member."""
    keys = {}
    for member in members:
        for purpose in Purpose:
            alg = ALGS[purpose.name]
            assert alg is not None
            keys[member, purpose] = LocalSigner(alg, new_secret())
    return keys


def make_founders(keys: Keys, endpoints: Mapping[str, str] | None = None) -> list[Founder]:
    """The members with their keys, valid since 2020. endpoints: by member; then every key is
    registered, whoever holds it."""
    places = endpoints or {}
    return [
        Founder(
            code=member,
            roles=ROLES[member],
            region=member if member in PROVINCES else "",
            endpoint=places.get(member, f"http://{member}.test"),
            keys=tuple(
                FounderKey(
                    purpose=purpose,
                    alg=signer.alg,
                    public_key=signer.public_key,
                    not_before=KEY_START,
                )
                for (owner, purpose), signer in keys.items()
                if owner == member
                and (endpoints is not None or member in PROVINCES or purpose in OF_ALL)
            ),
        )
        for member in MEMBERS
    ]


@dataclass
class TestNetwork:
    """A deployed network. `payer` has money and says nothing; `keys` by member and purpose."""

    __test__ = False

    anvil: Anvil
    keys: Keys
    deployer: LocalSigner
    payer: LocalSigner
    deployment: Deployment
    file: NetworkFile
    sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.forget_sent()

    def forget_sent(self) -> None:
        """A fresh sender, for when the chain was set back."""
        self.sender = Sender(
            self.anvil.rpc, self.payer, MemoryTxStore(), chain_id=self.file.chain_id
        )

    @property
    def consortium(self) -> Consortium:
        """At the latest block."""
        return Consortium(self.deployment.consortium, latest_call(self.anvil.rpc))

    @property
    def log_anchor(self) -> LogAnchor:
        """At the latest block."""
        return LogAnchor(self.deployment.log_anchor, latest_call(self.anvil.rpc))

    @property
    def catalogue(self) -> Catalogue:
        """At the latest block."""
        return Catalogue(self.deployment.catalogue, latest_call(self.anvil.rpc))

    @property
    def case_registry(self) -> CaseRegistry:
        """At the latest block."""
        return CaseRegistry(self.deployment.case_registry, latest_call(self.anvil.rpc))

    @property
    def revocations(self) -> Revocations:
        """At the latest block."""
        return Revocations(self.deployment.revocations, latest_call(self.anvil.rpc))

    @property
    def products(self) -> Products:
        """At the latest block."""
        return Products(self.deployment.products, latest_call(self.anvil.rpc))

    def log_id(self, member: str) -> LogId:
        """The founding log of a member."""
        return log_id(self.file.chain_id, self.deployment.consortium, member, 0, 1)

    def voters(self) -> list[Voter]:
        """The provinces with their GOVERN keys."""
        return voters(self.keys)

    def decide(self, action: Action) -> None:
        """A passed and executed vote."""
        council(self, self.voters()).decide(action)

    def with_rpc(self, urls: Sequence[str], quorum: int) -> NetworkFile:
        """The network file with other nodes and another quorum."""
        return self.deployment.network_file(
            name=self.file.name,
            finality=self.file.finality,
            rpc=urls,
            quorum=quorum,
            max_head_age=self.file.max_head_age,
        )

    def anchor_calldata(
        self,
        member: str,
        *,
        prev_size: int,
        size: int,
        root: bytes,
        proof: Sequence[bytes] = (),
        signer: LocalSigner | None = None,
        log: bytes | None = None,
    ) -> bytes:
        """Calldata of `anchor`, signed by the member's ANCHOR key or by `signer`."""
        checkpoint: dict[str, int | bytes | str] = {
            "member": bytes32_ascii(member),
            "logId": log or self.log_id(member),
            "prevSize": prev_size,
            "size": size,
            "root": root,
            "deadline": self.anvil.head_time() + 3600,
        }
        domain = eip712.domain("LogAnchor", self.file.chain_id, self.deployment.log_anchor)
        digest = eip712.digest(domain, "Checkpoint", checkpoint)
        signature = (signer or self.keys[member, Purpose.ANCHOR]).sign_digest(digest)
        function = self.log_anchor.abi.functions["anchor"]
        return function.encode(checkpoint, list(proof), signature)


def voters(keys: Keys) -> list[Voter]:
    """The provinces with their GOVERN keys."""
    return [Voter(code, keys[code, Purpose.GOVERN]) for code in PROVINCES]


def council(network: TestNetwork, members: Sequence[Voter]) -> Council:
    """Decides with these votes; the payer of the network sends."""
    return Council(
        network.sender,
        network.anvil.rpc,
        chain_id=network.file.chain_id,
        consortium=network.deployment.consortium,
        voters=members,
    )


def deploy_network(
    anvil: Anvil,
    *,
    keys: Keys | None = None,
    deployer: LocalSigner | None = None,
    items: Sequence[CatalogueItem] | None = None,
    finality: Finality | None = None,
    endpoints: Mapping[str, str] | None = None,
) -> TestNetwork:
    """The contracts with the four provinces and the others, registered and filled by vote.

    With the `keys` and `deployer` of another network it is the same one again, at the same
    addresses, as after the loss of a chain. `items` None: all national ones.
    """
    keys = keys or make_keys()
    deployer = deployer or LocalSigner(Alg.SECP256K1, new_secret())
    payer = LocalSigner(Alg.SECP256K1, new_secret())
    anvil.fund(deployer.address)
    anvil.fund(payer.address)
    deployment = deploy(
        anvil.rpc,
        deployer,
        founders=make_founders(keys, endpoints),
        threshold=THRESHOLD,
        council=voters(keys),
        items=national_items() if items is None else items,
    )
    file = deployment.network_file(
        name="test",
        finality=finality or Finality(rule="confirmations", depth=1),
        rpc=[anvil.url],
        quorum=1,
        max_head_age=MAX_HEAD_AGE,
    )
    return TestNetwork(
        anvil=anvil, keys=keys, deployer=deployer, payer=payer, deployment=deployment, file=file
    )


@contextmanager
def start_network(args: Sequence[str] = ()) -> Iterator[TestNetwork]:
    """An anvil of its own with a network on it."""
    with start_anvil(args=args) as anvil:
        yield deploy_network(anvil)
