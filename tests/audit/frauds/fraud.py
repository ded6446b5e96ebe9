"""What an entry of the book is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from ledger.audit.codes import CODES
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.core.texts import Text
from tests.audit.frauds.scene import Scene, Told

Family = Literal[
    "chain",
    "keys",
    "governance",
    "tiles",
    "entries",
    "statements",
    "openings",
    "cases",
    "finance",
    "tables",
    "clocks",
    "promises",
    "reports",
    "watching",
]
FAMILIES: Final[Mapping[Family, Text]] = {
    "chain": {"zh": "链与合约", "en": "Chain and contracts"},
    "keys": {"zh": "密钥", "en": "Keys"},
    "governance": {"zh": "治理", "en": "Governance"},
    "tiles": {"zh": "公开日志的瓦片与副本", "en": "Tiles of public logs, and copies"},
    "entries": {"zh": "日志条目", "en": "Entries of logs"},
    "statements": {"zh": "声明及其批次", "en": "Statements and their batches"},
    "openings": {"zh": "交来的文件", "en": "Papers that are handed over"},
    "cases": {"zh": "案件", "en": "Cases"},
    "finance": {"zh": "授权、查询、使用与产品", "en": "Authorisations, queries, uses, products"},
    "tables": {"zh": "名单、抽查、汇总与质量表", "en": "Lists, draws, sums and quality tables"},
    "clocks": {"zh": "时间", "en": "Clocks"},
    "promises": {"zh": "承诺（audit promise）", "en": "Promises (`audit promise`)"},
    "reports": {"zh": "审计报告", "en": "Reports of audits"},
    "watching": {"zh": "持续监测（audit monitor）", "en": "Watching (`audit monitor`)"},
}

NOT_OURS: Final[Mapping[str, str]] = {
    "contract-not-ours": "only code that is not what ships records such a thing"
}


class Judge(Protocol):
    """Who looks: of an honest run it tells nothing."""

    def told(self) -> Told:
        """What is told."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One of the things that an auditor does. codes: that it may tell. of: a judge of the scene,
    which is given what honest members give."""

    command: str
    codes: Collection[str]
    of: Callable[[Scene], AbstractContextManager[Judge]]


REPLAY: Final = Audit("audit replay", frozenset({*CODES, *INCOMPLETE}), nullcontext)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraud:
    """A cheat or a fault. code: what an audit finds, once, and nothing else but `follows`: other
    codes by why they come with it, each once as well. gaps: what could not be looked at then. A
    fraud that accuses nobody has its code among the gaps. by: who looks; plant: is given the
    judge."""

    name: str
    family: Family
    code: str
    en: str
    zh: str
    plant: Callable[[Any], Any]
    by: Audit = REPLAY
    follows: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    @property
    def expected(self) -> Told:
        """What is to be told."""
        found = Counter([*(() if self.accuses_nobody else [self.code]), *self.follows])
        return Told(found, frozenset(self.gaps))

    @property
    def accuses_nobody(self) -> bool:
        """Whether it only shows in what could not be looked at."""
        return self.by is REPLAY and self.code in INCOMPLETE and self.code not in CODES
