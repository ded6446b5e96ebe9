"""What the parts of a monitor remember from round to round, as the store keeps it."""

from __future__ import annotations

from dataclasses import asdict

from ledger.audit.monitor.chain import Acts, Anchors, Follower, Place
from ledger.audit.monitor.logs import Shown
from ledger.audit.monitor.store import Store
from ledger.core.ids import LogId

__all__ = ["Memory"]

_PLACE, _ACTS, _ANCHOR, _SHOWN, _AHEAD = "place", "acts", "anchor/", "shown/", "ahead/"
_REPLAYED, _REPLAYING, _NETWORK = "replayed", "replaying", "network"


class Memory:
    """Names and forms of what is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, network: str) -> None:
        """Go on with this network. What was followed of another one, or before a chain was lost,
        tells nothing of it. Within a round."""
        if self._store.get(_NETWORK, network) != network:
            self.forget_chain()
        self._store.put(_NETWORK, network)

    def place(self) -> Place | None:
        """How far the chain was followed; None: it was not."""
        value = self._store.get(_PLACE)
        return None if value is None else Place(**value)

    def recall(self, follower: Follower) -> None:
        """Have a follower know what it knew at `place`."""
        follower.reset()
        follower.anchored = {
            LogId(bytes.fromhex(log)): Anchors(**value)
            for log, value in self._store.all(_ANCHOR).items()
        }
        acts = self._store.get(_ACTS)
        follower.acts = Acts() if acts is None else _acts(acts)

    def keep(self, follower: Follower, place: Place) -> None:
        """What it knows at a place. Within a round."""
        known = self._store.all(_ANCHOR)
        for log, anchor in follower.anchored.items():
            value = asdict(anchor)
            if known.get(log.hex()) != value:
                self._store.put(_ANCHOR + log.hex(), value)
        self._store.put(_ACTS, asdict(follower.acts) | {"times": list(follower.acts.times.items())})
        self._store.put(_PLACE, asdict(place))

    def forget_chain(self) -> None:
        """It was another chain. Checkpoints stay: what an owner has signed it has signed, and only
        which anchor they hold is to be seen anew. Within a round."""
        for name in (_PLACE, _ACTS, _ANCHOR, _AHEAD):
            self._store.drop(name)
        for log, value in self._store.all(_SHOWN).items():
            self._store.put(_SHOWN + log, {**value, "holds": 0})

    def shown(self, log: LogId) -> Shown | None:
        """The checkpoint of a log that was seen last."""
        value = self._store.get(_SHOWN + log.hex())
        return None if value is None else Shown(**value)

    def keep_shown(self, log: LogId, shown: Shown) -> None:
        """What is seen now."""
        self._store.put(_SHOWN + log.hex(), shown.as_dict())

    def ahead_since(self, log: LogId, size: int, now: int) -> int:
        """Since when a log has had more than was anchored, at this anchored size: now, if it had
        not before. Within a round."""
        value = self._store.get(_AHEAD + log.hex())
        if value is not None and value["size"] == size:
            return int(value["since"])
        self._store.put(_AHEAD + log.hex(), {"size": size, "since": now})
        return now

    def not_ahead(self, log: LogId) -> None:
        """Everything is anchored."""
        self._store.drop(_AHEAD + log.hex())

    def replayed(self) -> int:
        """Unix seconds at which the last full replay began; 0: there was none."""
        return int(self._store.get(_REPLAYED, 0))

    def is_replaying(self) -> bool:
        """Whether one was begun, and what became of it was not seen."""
        return bool(self._store.get(_REPLAYING, False))

    def keep_replayed(self, began: int, *, under_way: bool) -> None:
        """When one began, and whether it still has to end."""
        with self._store.round():
            self._store.put(_REPLAYED, began)
            self._store.put(_REPLAYING, under_way)


def _acts(value: dict[str, object]) -> Acts:
    times, acknowledged = value["times"], value["acknowledged"]
    assert isinstance(times, list) and isinstance(acknowledged, dict)  # noqa: S101 - ours
    latest = value["latest"]
    assert isinstance(latest, int)  # noqa: S101
    return Acts(latest=latest, times=dict(map(tuple, times)), acknowledged=acknowledged)
