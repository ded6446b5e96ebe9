"""Taking authorisations back on a test network."""

from ledger.chain.nodes.blocks import TxReceipt
from ledger.chain.revocations import revoke_calldata, revoke_digest
from ledger.core.ids import Address
from ledger.core.keys import Purpose
from tests.support.chain import TestNetwork


def take_back(
    network: TestNetwork,
    custodian: str,
    commitment: bytes,
    *,
    signed_by: str | None = None,
    purpose: Purpose = Purpose.CONSENT,
    contract: Address | None = None,
    deadline: int | None = None,
) -> TxReceipt:
    """A revocation, mined. signed_by: the member whose key signs, None: the custodian. contract:
    None: the one of the network. Raises TxRefused."""
    place = contract or network.deployment.revocations
    until = network.anvil.head_time() + 3600 if deadline is None else deadline
    digest = revoke_digest(network.file.chain_id, place, custodian, commitment, until)
    signature = network.keys[signed_by or custodian, purpose].sign_digest(digest)
    key = f"revoke/{digest.hex()}"
    network.sender.send(key, place, revoke_calldata(custodian, commitment, until, signature))
    mined = network.sender.wait(key)
    network.sender.done(key)
    return mined
