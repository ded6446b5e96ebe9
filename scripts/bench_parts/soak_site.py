"""Where a soak happens: one province takes the records in, another one follows its log and files
cases about some of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import psutil

from gateway.devnet import plain
from gateway.devnet.layout import NODES, MemberSpec
from scripts.bench_parts.material import CODE
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

HOME = "130000"
"""Follows, and files."""


class SoakSite(Site):
    """Two gateways on one chain."""

    def _nodes(self) -> list[MemberSpec]:
        return [member for member in NODES if member.code in (CODE, HOME)]

    @property
    def home(self) -> str:
        """Where the other province answers."""
        return self.network.ports.endpoint(HOME)

    def token_of(self, code: str) -> str:
        """Of who submits and reads there."""
        return (self.folder / "members" / code / "token").read_text("ascii").strip()

    def anchored(self) -> int:
        """Wait until all that is promised by now is finally anchored; the size then."""
        wanted = int(self.log()["promisedSize"])
        self.wait_anchored(wanted)
        return wanted

    def mirrored(self) -> Mapping[str, Any]:
        """The copy that the other province keeps of the log; empty before it has one."""
        found = plain.get(f"{self.home}/v1/node", timeout=PATIENCE).json()["mirrors"]
        log = self.log()["log"]
        return next((one for one in found if one["log"] == log), {})

    def await_follower(self, size: int) -> float:
        """Seconds until it holds that many entries."""
        begun = time.monotonic()
        while self.mirrored().get("size", 0) < size:
            if time.monotonic() > begun + PATIENCE:
                raise TooSlow(f"the follower: {self.mirrored()}")
            time.sleep(0.2)
        return time.monotonic() - begun

    def follower_seconds(self) -> float:
        """Processor time of the gateway that follows, so far."""
        found = self.network.gateway(HOME).find()
        if found is None:
            raise TooSlow("the follower has ended: " + self.network.gateway(HOME).tail())
        used = found.cpu_times()
        return float(used.user + used.system)

    def kill(self) -> None:
        """SIGKILL to the gateway, and to nothing that it started: that ends by itself."""
        process = self.process()
        started = process.children(recursive=True)
        process.kill()
        process.wait()
        _, left = psutil.wait_procs(started, PATIENCE)
        if left:
            raise TooSlow(f"the end of {left}")

    def revive(self) -> float:
        """Start it again, as an init system would; seconds until it is ready."""
        begun = time.monotonic()
        self.network.gateway(CODE).start({})
        while not self.ready():
            if time.monotonic() > begun + PATIENCE:
                raise TooSlow("the gateway's start after it was killed")
            time.sleep(0.02)
        return time.monotonic() - begun
