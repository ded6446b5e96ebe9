"""What a hostile reader proved (review 0005), mended."""

from ledger.chain.contracts.contract_abi import load
from ledger.core.ids import Address, address_bytes, bytes32_ascii, keccak256
from ledger.core.status import Action
from tests.support.chain import TestNetwork
from tests.support.votes import register
from tests.verify.conftest import Ledger
from tests.verify.test_status import (
    behind,  # noqa: F401
    do,
    settle,
    standing,
)
from tests.verify.test_verify import codes, verify

ALLOWED = 4.0


def _forgetful(network: TestNetwork) -> Address:
    """Code that passes for a CaseRegistry when it is registered, and for which no act ever was."""

    def give(word: bytes) -> bytes:
        return b"\x7f" + word + bytes.fromhex("60005260206000f3")

    role_at, stored_at = keccak256(b"role()")[:4], load("CaseRegistry").functions["stored"].selector
    consortium = give(address_bytes(network.deployment.consortium).rjust(32, b"\0"))
    role = b"\x5b" + give(bytes32_ascii("CaseRegistry"))
    start = len(bytes.fromhex("60003560e01c8063")) + 4 + 4 + 1 + 4 + 4
    first = start + len(consortium)
    head = bytes.fromhex("60003560e01c8063") + role_at + bytes([0x14, 0x60, first, 0x57])
    head += b"\x63" + stored_at + bytes([0x14, 0x60, first + len(role), 0x57])
    assert len(head) == start
    # As many zero words as were asked for: 0x20, n, then 96 bytes for each.
    zeros = bytes.fromhex("5b6020600052602435806020526060026040016000f3")
    address = Address("0x" + keccak256(b"forgetful")[:20].hex())
    code = head + consortium + role + zeros
    network.anvil.call("anvil_setCode", address, "0x" + code.hex())
    return address


def test_a_registry_that_forgets_takes_no_final_act_back_before_it_is_final_itself(
    ledger: Ledger,
) -> None:
    """design-2 11: no act is proven by zero words in EVERY registry of the role's tenure, and what
    eases counts once final. Only the newest is asked, from the block in which it is registered on;
    of a LogAnchor whose code is not ours every event is read."""
    do(ledger, Action.WITHDRAW)
    settle(ledger)
    assert standing(ledger)[0] == "withdrawn"
    register(ledger.network, "CaseRegistry", _forgetful(ledger.network))
    found = verify(ledger, ledger.beijing.receipt(0))
    assert found.verdict in ("withdrawn", "undetermined"), codes(found)
