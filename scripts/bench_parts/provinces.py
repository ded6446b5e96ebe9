"""How long it takes until four provinces have carried out what one of them decided."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path

from gateway.devnet import services
from gateway.devnet.layout import NODES, MemberSpec
from ledger.core.keys import Role
from ledger.core.status import Action
from scripts.bench_parts.acts import Registry
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import CODE
from scripts.bench_parts.singles import quantile
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

_POLL = 0.05


class Provinces(Site):
    """Four gateways on one chain."""

    def _nodes(self) -> list[MemberSpec]:
        return [member for member in NODES if Role.PROVINCE in member.role]


def measure_provinces(book: Book, folder: Path, rounds: int) -> None:
    """Act after act, each when all have acknowledged the one before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        site = Provinces(folder)
        with closing(site), closing(Registry(site, CODE)) as own:
            taken = [_one(own, number) for number in range(rounds)]
    finally:
        services.down(folder)
    book.put("fourth_ack_p50_s", rounds, quantile(taken, 0.5))
    book.put("fourth_ack_p99_s", rounds, quantile(taken, 0.99))
    book.check("acts acknowledged by four provinces", True, times=rounds)


def _one(own: Registry, number: int) -> float:
    """Seconds from the mined act to the fourth acknowledgement."""
    own.gas(own.send([own.act(Action.WITHDRAW, number.to_bytes(32, "big"))]))
    begun = time.monotonic()
    wanted = own.contract().latest().count
    codes = [member.code for member in NODES if Role.PROVINCE in member.role]
    while time.monotonic() - begun < PATIENCE:
        contract = own.contract()
        if all(contract.acknowledged(code).count >= wanted for code in codes):
            return time.monotonic() - begun
        time.sleep(_POLL)
    raise TooSlow("the acknowledgement of four provinces")
