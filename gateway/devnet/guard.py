"""The process that runs anvil, keeps its state and starts it again when it dies.

    python -m gateway.devnet.guard --chain DIR --port N

anvil mines a block for every transaction and one every HEARTBEAT seconds. After a block that holds
transactions the guard has one more mined, so that an anchor becomes final at once, and stores the
state. What the last good copy does not have is lost when anvil is killed: the gateways notice and
file again.

The chain's clock runs as far ahead of the machine's as `gateway.devnet.ahead` says, also after a
restart: anvil keeps no clock in its state, and would go on with blocks older than the last.
"""

from __future__ import annotations

import argparse
import ctypes
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import structlog

from gateway.base.logging_setup import configure
from gateway.devnet import ahead, state
from gateway.devnet.layout import CHAIN_ID
from gateway.devnet.tools import find_tool
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import CouldNotCheck

MAX_HEAD_AGE = 60
"""Seconds; goes into the network file."""
HEARTBEAT = MAX_HEAD_AGE // 4
POLL, QUIET_POLL = 0.1, 0.3
"""Seconds between two looks at the head, and where nobody has sent anything for `QUIET_AFTER`: a
look costs processor time, and most of the time nothing happens."""
QUIET_AFTER = 3.0
STATES_IN_MEMORY = 256
"""Older blocks can no longer be read by `eth_call`; their logs and receipts can."""
START_SECONDS = 300.0
"""For anvil to answer, on a busy machine too: one that ended is not waited for."""
STEADY_SECONDS = 20.0
"""What ran so long did not fail at its start."""
STOP_SECONDS = 60.0
DUMP_SHARE = 20
"""A dump costs time that grows with the chain: wait so many times as long before the next."""
LONGEST_RESTART_PAUSE = 5.0
_PR_SET_PDEATHSIG = 1

_log = structlog.get_logger(__name__)


def die_with_parent() -> None:
    """In the child: be killed when the guard is (Linux; elsewhere anvil outlives the guard)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def command(chain: Path, port: int, offset: int) -> list[str]:
    """How anvil is started. offset: seconds that its clock runs ahead."""
    copy = state.last_good(chain)
    found = [str(find_tool("anvil")), "--silent", "--host", "127.0.0.1", "--port", str(port)]
    found += ["--chain-id", str(CHAIN_ID), "--mixed-mining", "--block-time", str(HEARTBEAT)]
    found += ["--prune-history", str(STATES_IN_MEMORY)]
    if offset:
        found += ["--timestamp", str(int(time.time()) + offset)]
    return [*found, "--load-state", str(copy)] if copy else found


class Guard:
    """Runs until `stop` is set."""

    def __init__(self, chain: Path, port: int) -> None:
        self.stop = threading.Event()
        self._chain = chain
        self._port = port
        self._rpc = Rpc(f"http://127.0.0.1:{port}", timeout=30, max_bytes=1 << 30)
        self._anvil: subprocess.Popen[bytes] | None = None
        self._stored = -1
        self._next_dump = 0.0
        self._offset = 0
        self._sent_at = time.monotonic()

    def run(self) -> None:
        """Start anvil, watch it, start it again; end with a last dump."""
        pause = 0.1
        while not self.stop.is_set():
            started = time.monotonic()
            self._start()
            self._watch()
            if not self.stop.is_set():
                _log.warning("chain.died")
                pause = (
                    0.1
                    if time.monotonic() - started > STEADY_SECONDS
                    else min(pause * 2, LONGEST_RESTART_PAUSE)
                )
                self.stop.wait(pause)
        self._end()

    def _start(self) -> None:
        self._offset = ahead.read(self._chain)
        self._anvil = subprocess.Popen(  # noqa: S603 - our own tool, fixed arguments
            command(self._chain, self._port, self._offset),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the guard is single-threaded here
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._alive():
            try:
                self._stored = int(str(self._rpc.call("eth_blockNumber")), 16)
            except CouldNotCheck:
                time.sleep(POLL)
                continue
            # State at the blocks of a loaded chain cannot be read; two fresh ones can.
            self._rpc.call("anvil_mine", ["0x2"])
            _log.info("chain.started", block=self._stored)
            return

    def _alive(self) -> bool:
        return self._anvil is not None and self._anvil.poll() is None

    def _watch(self) -> None:
        """Until anvil dies or the guard is to stop."""
        while self._alive() and not self.stop.is_set():
            try:
                self._move()
                self._look()
            except CouldNotCheck as error:
                _log.warning("chain.unreadable", code=error.code)
            quiet = time.monotonic() - self._sent_at > QUIET_AFTER
            self.stop.wait(QUIET_POLL if quiet else POLL)

    def _move(self) -> None:
        """Move the chain on where another offset was asked for."""
        offset = ahead.read(self._chain)
        if offset > self._offset:
            self._rpc.call("evm_setNextBlockTimestamp", [int(time.time()) + offset])
            self._rpc.call("anvil_mine", ["0x1"])
            _log.info("chain.moved", ahead=offset)
            self._offset = offset

    def _look(self) -> None:
        block = self._rpc.call("eth_getBlockByNumber", ["latest", False])
        if not isinstance(block, dict):
            return
        if block.get("transactions"):
            self._sent_at = time.monotonic()
            self._rpc.call("anvil_mine", ["0x1"])
        number = int(str(block["number"]), 16)
        if number != self._stored and time.monotonic() >= self._next_dump:
            self._dump(number)

    def _dump(self, number: int) -> None:
        started = time.monotonic()
        state.store(self._chain, state.decode_dump(self._rpc.call("anvil_dumpState")))
        self._stored = number
        self._next_dump = time.monotonic() + DUMP_SHARE * (time.monotonic() - started)

    def _end(self) -> None:
        if self._alive():
            try:
                self._dump(-1)
            except CouldNotCheck as error:
                _log.warning("chain.unsaved", code=error.code)
        if self._anvil is not None:
            self._anvil.terminate()
            try:
                self._anvil.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._anvil.kill()
                self._anvil.wait()
        _log.info("chain.stopped")


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    configure()
    guard = Guard(args.chain, args.port)

    def end(_signal: int, _frame: FrameType | None) -> None:
        guard.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    guard.run()


if __name__ == "__main__":
    main()
