"""The health of each log, as a state machine, and of the chain as seen from here.

    open ──► behind    the chain has more of it than this database (restored from a backup)
     │  ◄──            a newer database was restored
     ├───► forked      the chain has another tree at that size
     ├───► damaged     what was published does not read back; a restart with a mended disk ends it
     └───► closed      by vote, at `trusted`: nothing of it counts beyond that size

A closed log is judged up to `trusted` alone and hinders nobody: only the log that takes entries
decides whether records are taken. Pure: whoever reads chain and database hands in what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ledger.chain.nodes.heights import NodeState
from ledger.core.canonical import instant
from ledger.core.ids import KeyId


class Condition(StrEnum):
    """States of a log."""

    OPEN = "open"
    BEHIND = "behind"
    FORKED = "forked"
    DAMAGED = "damaged"
    CLOSED = "closed"


_CODES: Mapping[Condition, str] = {
    Condition.BEHIND: "log-behind-chain",
    Condition.FORKED: "log-forked",
    Condition.DAMAGED: "log-damaged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one log on the chain and here.

    trusted: None where it is open, else the size that its closing names. anchored: size on the
    chain. ours: size published here. agrees: whether our tree has the chain's root at the size up
    to which it is judged. extends: whether it has that of the whole anchored size. readable:
    whether our tree read back.
    """

    trusted: int | None
    anchored: int
    ours: int
    agrees: bool
    extends: bool
    readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHealth:
    """One log in one state.

    anchored, ours, trusted: as in `Seen`. good, good_time: the last anchor that we and the chain
    have alike, and the time of its block; 0 where there is none. grows: whether entries that
    were promised in it may still be added without contradicting what the chain has.
    """

    condition: Condition
    anchored: int = 0
    ours: int = 0
    trusted: int | None = None
    good: int = 0
    good_time: int = 0
    grows: bool = True

    @property
    def fault(self) -> str | None:
        """The code of what is wrong; None in the states `open` and `closed`."""
        return _CODES.get(self.condition)

    def explain(self) -> Mapping[str, str]:
        """Say what is wrong, what is missing and what to do; zh and en."""
        texts = zip(_TEXTS[self.condition], self._remedies(), strict=True)
        zh, en = (text + remedy for text, remedy in texts)
        values = {
            "ours": self.ours,
            "needed": self.anchored if self.trusted is None else self.trusted,
            "last": (self.anchored if self.trusted is None else self.trusted) - 1,
            "good": self.good if self._knows_good else "?",
            "since": instant(self.good_time) if self.good_time else "-",
        }
        return {"zh": zh.format(**values), "en": en.format(**values)}

    @property
    def _knows_good(self) -> bool:
        """Whether 0 means that there is none, and not that none was found."""
        return bool(self.good) or (not self.anchored and self.condition is not Condition.DAMAGED)

    def _remedies(self) -> tuple[str, str]:
        if self.fault is None:
            return "", ""
        return _REMEDY if self._knows_good else _REMEDY_UNKNOWN


_REMEDY = (
    "恢复更新的备份；没有时，由联盟投票 OPEN_SUCCESSOR（trustedSize {good}），再运行 gateway relog"
    "，{since} 之后报送的记录须重新报送",
    "Restore a newer backup; where there is none, have the consortium vote OPEN_SUCCESSOR with"
    " trustedSize {good}, then run `gateway relog`, and have records sent after {since} sent again",
)
_REMEDY_UNKNOWN = (
    "恢复更新的备份。本库未找到与链最后一致的大小，不能据此认为是 0：查明之前请勿投票"
    " OPEN_SUCCESSOR，否则已出具的回执将失去效力",
    "Restore a newer backup. The last size on which this database and the chain agree was not"
    " found, which does not make it 0: do not vote OPEN_SUCCESSOR before it is known, or receipts"
    " that were handed out lose their worth",
)
_TEXTS: Mapping[Condition, tuple[str, str]] = {
    Condition.OPEN: ("日志正常", "The log is sound and open"),
    Condition.CLOSED: ("日志已关闭", "The log was closed by vote"),
    Condition.BEHIND: (
        "数据库比链旧：链上需有 {needed} 条，本库只有 {ours} 条，缺第 {ours} 至 {last} 条。"
        "停止节点后运行 gateway rebuild 可从其他省份的副本补齐。",
        "The database is older than the chain, which needs {needed} entries; it holds {ours}, and"
        " entries {ours} to {last} are missing. `gateway rebuild` puts them back from the copies of"
        " the other provinces, while no gateway runs. ",
    ),
    Condition.FORKED: (
        "链上在大小 {needed} 处是另一棵树，与本库最后一致之处是大小 {good}。",
        "The chain has another tree at size {needed}; both agree last at size {good}. ",
    ),
    Condition.DAMAGED: (
        "已公布的日志无法从数据库读回，请检查磁盘。",
        "What was published does not read back from the database; look after the disk. ",
    ),
}


def judge(seen: Seen, *, good: int = 0, good_time: int = 0) -> LogHealth:
    """The state that follows from what was seen."""
    judged = seen.anchored if seen.trusted is None else seen.trusted
    if seen.ours < judged:
        condition = Condition.BEHIND
    elif not seen.readable:
        condition = Condition.DAMAGED
    elif not seen.agrees:
        condition = Condition.FORKED
    else:
        condition = Condition.OPEN if seen.trusted is None else Condition.CLOSED
    return LogHealth(
        condition=condition,
        anchored=seen.anchored,
        ours=seen.ours,
        trusted=seen.trusted,
        good=good,
        good_time=good_time,
        grows=seen.readable and seen.extends and seen.ours >= seen.anchored,
    )


@dataclass(slots=True, kw_only=True)
class Health:
    """What is wrong, as codes; shared by all threads.

    chain_error: what keeps the chain from being read (`no-node`, `other-chain` …); None: it was
    read the last time. anchor_error: what keeps an anchor from getting there (`payer-empty`,
    `node-refuses`, `fee-too-high`, the contract's error …); None: nothing does. payer_balance:
    wei, as last read; None: not read yet. statuses_error: why acts on records are not followed
    (`acts-unclear`); None: they are. signer_failed_at: by key, when a signing service last gave no
    signature with it, by `time.monotonic()`. missing_content_keys: ids of content keys that
    something is wrapped under and that are not at hand. content_key_retired: the newest at hand
    wraps nothing any more. logs: by log id, those that were looked at. nodes: of the chain, as each
    said at the last look.
    """

    chain_error: str | None = None
    anchor_error: str | None = None
    statuses_error: str | None = None
    payer_balance: int | None = None
    signer_failed_at: dict[KeyId, float] = field(default_factory=dict)
    missing_content_keys: tuple[str, ...] = ()
    content_key_retired: bool = False
    logs: dict[bytes, LogHealth] = field(default_factory=dict)
    nodes: tuple[NodeState, ...] = ()
    _damaged: set[bytes] = field(default_factory=set)

    def note(self, log_id: bytes, health: LogHealth) -> None:
        """Take the state of one log. An open log that did not read back stays damaged."""
        if log_id in self._damaged and health.condition is Condition.OPEN:
            health = replace(health, condition=Condition.DAMAGED, good=health.anchored, grows=False)
        self.logs[log_id] = health

    def note_damage(self, log_id: bytes, ours: int) -> None:
        """A log did not read back when it should have grown."""
        self._damaged.add(log_id)
        self.logs[log_id] = LogHealth(condition=Condition.DAMAGED, ours=ours, grows=False)

    def of(self, log_id: bytes) -> LogHealth | None:
        """The state of a log; None: it was not looked at yet."""
        return self.logs.get(log_id)

    def grows(self, log_id: bytes) -> bool:
        """Whether entries may be added to it, as far as known."""
        found = self.logs.get(log_id)
        return log_id not in self._damaged and (found is None or found.grows)

    @property
    def fault(self) -> str | None:
        """Name one of the faults of open logs; None: sound. One of a closed log hinders nobody."""
        found = (health.fault for health in list(self.logs.values()) if health.trusted is None)
        return min((fault for fault in found if fault is not None), default=None)
