"""A real anvil for tests: on a free port, killed at the end, also when pytest itself dies."""

import ctypes
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.devnet.tools import find_tool
from ledger.chain.errors import RpcError
from ledger.chain.nodes.rpc import Rpc

CHAIN_ID = 31337
_START_SECONDS = 200.0
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


def find_anvil() -> Path:
    """The user's anvil where its version fits, else the one from npm."""
    return find_tool("anvil")


@dataclass
class Anvil:
    """A running anvil."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    rpc: Rpc = field(init=False)

    def __post_init__(self) -> None:
        self.rpc = Rpc(self.url)

    @property
    def pid(self) -> int:
        """Of the process, for tests that kill or stop it."""
        return self.process.pid

    def call(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call."""
        return self.rpc.call(method, params)

    def mine(self, blocks: int = 1, *, seconds: int = 1) -> None:
        """`blocks` more blocks, `seconds` apart."""
        self.call("anvil_mine", hex(blocks), hex(seconds))

    def fund(self, address: str, ether: int = 1000) -> None:
        """Gives `address` a balance."""
        self.call("anvil_setBalance", address, hex(ether * 10**18))

    def head_time(self) -> int:
        """Unix seconds of the latest block."""
        return int(self.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def snapshot(self) -> str:
        """Marks the state to go back to with `revert` (once)."""
        return str(self.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Goes back; blocks since then are gone."""
        if self.call("anvil_getAutomine"):
            self._let_it_mine()
        assert self.call("evm_revert", snapshot) is True

    def _let_it_mine(self) -> None:
        """Wait until anvil has mined what it had begun to. A block that it makes while it goes back
        is numbered by the chain that is given up: from then on those below are missing. Its turns
        come one after another, so we wait for that of a transaction of ours."""
        account = self.call("eth_accounts")[-1]
        empty = {"from": account, "to": account, "gas": hex(21_000), "gasPrice": hex(10**10)}
        end = time.monotonic() + _START_SECONDS
        ours = refused = None
        while ours is None or self.call("eth_getTransactionReceipt", ours) is None:
            assert time.monotonic() < end, f"anvil mines nothing: {ours or refused}"
            try:
                ours = ours or self.call("eth_sendTransaction", empty)
            except RpcError as error:  # its number may be one that was just given up
                refused = error
            time.sleep(0.002)

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power."""
        self.process.kill()
        self.process.wait()


@contextmanager
def start_anvil(
    *,
    port: int = 0,
    chain_id: int = CHAIN_ID,
    args: Sequence[str] = (),
    folder: Path | None = None,
) -> Iterator[Anvil]:
    """A running anvil, killed on exit. It mines a block per transaction and none else.

    `args` are passed on, e.g. ("--block-time", "1") or ("--state", FILE); `folder` takes its log
    and cache, by default a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="anvil-", dir=folder) as scratch:
        log = Path(scratch, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    str(find_anvil()),
                    *("--port", str(port)),
                    *("--chain-id", str(chain_id)),
                    *("--threads", "1"),
                    *("--cache-path", scratch),
                    *args,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 - one system call
            )
        try:
            anvil = _wait_until_up(process, log)
            try:
                yield anvil
            finally:
                anvil.rpc.close()
        finally:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], log: Path) -> Anvil:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENING.search(log.read_text(errors="replace"))
        if found:
            port = int(found[1])
            return Anvil(url=f"http://127.0.0.1:{port}", port=port, process=process)
        time.sleep(0.02)
    raise RuntimeError(f"anvil did not start: {log.read_text(errors='replace')[-2000:]}")


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
