"""Promises that were not kept, and forged ones that are to make a member look so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.audit.judge_promises import judge_promises
from ledger.audit.promise_codes import PROMISES
from ledger.audit.promise_files import read_promises
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.keys import Purpose
from ledger.core.promise import Promise
from tests.audit.banker import HOUR
from tests.audit.frauds.fraud import Audit, Fraud
from tests.audit.frauds.honest import DECIDED
from tests.audit.frauds.scene import Scene, Told
from tests.audit.promised import of_file, promise_of
from tests.support.ledger import MemberLog, make_record
from tests.support.votes import compromise

NEVER: Final = [sha256(b"never logged")]


@dataclass
class Holder:
    """Whoever got an answer of Tianjin's, with its promise, and checks it two hours later."""

    scene: Scene
    data: bytes = b""

    @property
    def log(self) -> MemberLog:
        return self.scene.tianjin

    def hold(self, made: Promise, leaves: list[Digest]) -> None:
        self.data = of_file(made, leaves)

    def put(self, count: int) -> list[Digest]:
        """Entries that are not anchored yet; their leaves."""
        for _ in range(count):
            self.log.put(make_record(self.log, decided=DECIDED))
        return self.log.leaves()[-count:]

    def told(self) -> Told:
        """What `audit promise` tells."""
        self.scene.wait(2 * HOUR)
        self.scene.network.anvil.mine(2)
        now = self.scene.network.anvil.head_time
        reader = QuorumReader(self.scene.network.file, now=now)
        logs = {log.log_id: log for log in self.scene.desk.logs().values()}
        try:
            found = judge_promises(
                read_promises(self.data),
                reader,
                lambda member, log: [(member, logs[log].fetch)],
                now=int(now()),
            )
        finally:
            reader.close()
        return Told(Counter(one.code for one in found.judged if one.outcome != "met"))

    # ---- what is wrong

    def broken(self) -> None:
        self.hold(promise_of(self.log, NEVER), NEVER)

    def late(self) -> None:
        leaves = self.put(2)
        self.hold(promise_of(self.log, leaves), leaves)
        self.scene.wait(2 * HOUR)
        self.log.anchor()

    def forged(self, **changes: Any) -> None:
        """Of what was never logged: it would be broken, were it Tianjin's."""
        self.hold(promise_of(self.log, NEVER, **changes), NEVER)

    def earlier(self) -> None:
        made = promise_of(self.log, NEVER)
        self.hold(replace(made, due=made.due - 60), NEVER)

    def elsewhere(self) -> None:
        made = promise_of(self.log, NEVER)
        self.hold(replace(made, log=LogId(sha256(b"a log elsewhere"))), NEVER)

    def other_leaves(self) -> None:
        """The answer names another entry than the promise covers."""
        self.hold(promise_of(self.log, self.log.leaves()[:1]), NEVER)

    def stolen(self) -> None:
        made = promise_of(self.log, NEVER)
        self.hold(made, NEVER)
        key = self.log.key(Purpose.ANCHOR).key_id
        compromise(self.scene.network, key, made.issued_at - 1)


@contextmanager
def holding(scene: Scene) -> Iterator[Holder]:
    """A promise that is kept."""
    holder = Holder(scene)
    leaves = holder.put(3)
    holder.hold(promise_of(holder.log, leaves), leaves)
    holder.log.anchor()
    yield holder


PROMISE: Final = Audit("audit promise", PROMISES.keys(), holding)


def _f(name: str, code: str, plant: Callable[[Holder], Any], en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="promises", code=code, plant=plant, en=en, zh=zh, by=PROMISE)


FRAUDS: Final = (
    _f(
        "never-logged",
        "promise-broken",
        Holder.broken,
        "A member promises to anchor a record and never does.",
        "成员承诺为记录存证而始终未存证。",
    ),
    _f(
        "logged-late",
        "promise-late",
        Holder.late,
        "A member anchors a record after the time that it promised.",
        "成员的存证晚于其承诺的期限。",
    ),
    _f(
        "promise-by-another",
        "promise-not-signed",
        lambda holder: holder.forged(signer=holder.scene.beijing.key(Purpose.ANCHOR)),
        "Somebody shows a promise that the member did not sign.",
        "有人出示并非该成员签名的承诺。",
    ),
    _f(
        "promise-due-earlier",
        "promise-not-signed",
        Holder.earlier,
        "Somebody shows a promise that is due earlier than the member signed.",
        "有人出示的承诺期限早于成员所签。",
    ),
    _f(
        "promise-of-another-answer",
        "promise-mismatch",
        Holder.other_leaves,
        "Somebody shows the promise of one answer beside another one.",
        "有人把一份答复的承诺与另一份答复放在一起出示。",
    ),
    _f(
        "promise-of-another-network",
        "promise-other-network",
        Holder.elsewhere,
        "Somebody shows a promise about a log that is not of this network.",
        "有人出示的承诺所指的日志不属于此网络。",
    ),
    _f(
        "promise-before-the-key",
        "promise-key-not-valid",
        lambda holder: holder.forged(issued=1_577_000_000),
        "A promise is dated before the key began that signed it.",
        "承诺的日期早于其签名密钥的生效时间。",
    ),
    _f(
        "promise-by-a-thief",
        "promise-key-disputed",
        Holder.stolen,
        "A thief promises in the name of a member.",
        "窃贼以成员名义作出承诺。",
    ),
    _f(
        "promise-of-tomorrow",
        "promise-in-future",
        lambda holder: holder.forged(issued=holder.scene.now + 24 * HOUR),
        "A promise is dated tomorrow.",
        "承诺的日期为明日。",
    ),
)
