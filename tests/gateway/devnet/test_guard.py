"""The guard of the embedded chain, with a real anvil that is killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from gateway.devnet.layout import choose_ports
from gateway.devnet.processes import Detached
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import CouldNotCheck
from tests.support import waiting
from tests.support.processes import runs

SECONDS = 300.0
ANVIL_ACCOUNT = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def until(condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    waiting.until(condition, never_yet=(CouldNotCheck, psutil.NoSuchProcess, IndexError))


class Chain:
    """A guard process on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = choose_ports(0).chain
        self.rpc = Rpc(f"http://127.0.0.1:{port}", timeout=60)
        self.guard = Detached(
            name="chain",
            pid_file=folder / "chain.pid",
            log_file=folder / "log.jsonl",
            arguments=["gateway.devnet.guard", "--chain", str(folder), "--port", str(port)],
        )

    def start(self) -> None:
        self.guard.start({"PYTHONPATH": os.getcwd()})
        until(lambda: self.height() >= 2)

    def height(self) -> int:
        return int(str(self.rpc.call("eth_blockNumber")), 16)

    def hash(self, number: int) -> object:
        block = self.rpc.call("eth_getBlockByNumber", [hex(number), False])
        return block and block["hash"]

    def send(self) -> int:
        """A transaction; the number of its block."""
        fields = {"from": ANVIL_ACCOUNT, "to": ANVIL_ACCOUNT, "value": "0x1"}
        transaction = self.rpc.call("eth_sendTransaction", [fields])
        until(lambda: self.rpc.call("eth_getTransactionReceipt", [transaction]))
        receipt = self.rpc.call("eth_getTransactionReceipt", [transaction])
        return int(receipt["blockNumber"], 16)

    def anvil(self) -> psutil.Process:
        process = self.guard.find()
        assert process is not None
        return process.children()[0]

    def stored(self, number: int) -> None:
        """Wait until a copy holds that block."""
        path = self.folder / "state.json"
        until(lambda: path.exists() and f'"best_block_number":{number}' in path.read_text())


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    found = Chain(tmp_path)
    found.start()
    yield found
    found.guard.stop()
    found.rpc.close()


def test_a_block_follows_each_transaction(chain: Chain) -> None:
    number = chain.send()
    until(lambda: chain.height() == number + 1)
    time.sleep(0.5)
    assert chain.height() == number + 1, "only one block follows"


def test_killed_anvil_comes_back_with_its_blocks(chain: Chain) -> None:
    number = chain.send()
    chain.stored(number + 1)
    before = chain.hash(number)
    first = chain.anvil()
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: chain.anvil().pid != first.pid)
    until(lambda: chain.hash(number) == before)
    assert chain.send() > number


def test_killed_guard_takes_anvil_along_and_comes_back(chain: Chain) -> None:
    number = chain.send()
    chain.stored(number + 1)
    before, anvil, guard = chain.hash(number), chain.anvil(), chain.guard.find()
    assert guard is not None
    guard.kill()
    until(lambda: not runs(anvil.pid))
    chain.start()
    assert chain.hash(number) == before


def test_stopped_guard_keeps_everything(chain: Chain) -> None:
    number = chain.send()
    before = chain.hash(number)
    assert chain.guard.stop()
    assert not chain.guard.stop()
    chain.start()
    assert chain.hash(number) == before


def test_empty_state_file_means_the_copy_before(chain: Chain) -> None:
    number = chain.send()
    chain.stored(number + 1)
    before = chain.hash(number)
    chain.guard.stop()
    (chain.folder / "state.json").write_bytes(b"")
    chain.start()
    assert chain.hash(number) == before
