"""What a monitor remembers of a network, and of the one that came after it."""

from __future__ import annotations

from pathlib import Path

from ledger.audit.monitor.chain import Place
from ledger.audit.monitor.logs import Shown
from ledger.audit.monitor.memory import Memory
from ledger.audit.monitor.store import Store
from ledger.core.ids import LogId

LOG = LogId(b"\1" * 32)


def test_another_network_is_begun_anew(tmp_path: Path) -> None:
    """After a move, or the loss of a chain, no block of before is missed and no anchor; but what
    an owner has signed it has signed."""
    store = Store(tmp_path)
    memory = Memory(store)
    with store.round():
        memory.begin("one")
        store.put("place", {"block": 7, "hash": "0x00"})
        store.put(f"anchor/{LOG.hex()}", {"size": 3, "root": "00", "time": 1})
        memory.keep_shown(LOG, Shown(size=4, root="00", note="note", holds=3))
        memory.begin("one")
    assert memory.place() == Place(7, "0x00")
    with store.round():
        memory.begin("another")
    assert memory.place() is None
    assert store.all("anchor/") == {}
    assert memory.shown(LOG) == Shown(size=4, root="00", note="note", holds=0)
    store.close()
