"""What our tests rely on: a chain that goes back while it mines is whole."""

from contextlib import suppress
from itertools import cycle, islice

from ledger.chain.errors import RpcError
from tests.support.anvil import Anvil, start_anvil


def missing(anvil: Anvil) -> list[int]:
    """Numbers of blocks under the head that are not there."""
    head = int(anvil.call("eth_blockNumber"), 16)
    numbers = range(head + 1)
    return [n for n in numbers if anvil.call("eth_getBlockByNumber", hex(n), False) is None]


def test_every_block_is_there() -> None:
    with start_anvil() as anvil:
        accounts = anvil.call("eth_accounts")[:3]
        for sent in islice(cycle((1, 2, 3)), 300):
            before = anvil.snapshot()
            for account in accounts[:sent]:
                with suppress(RpcError):  # its number may be one that was just given up
                    anvil.call("eth_sendTransaction", {"from": account, "to": account})
            anvil.revert(before)
            assert missing(anvil) == []
