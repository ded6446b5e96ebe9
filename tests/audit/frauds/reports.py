"""Reports of audits: what somebody changed in one, or was shown otherwise; and who signed it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ledger.audit import report_signature
from ledger.audit.compare import compare
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.report_file import read_report
from ledger.audit.report_signature import check_signature, sign_report
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core import canonical
from ledger.core.keys import Purpose
from tests.audit.banker import AUDITOR, BEIJING
from tests.audit.frauds.fraud import Audit, Fraud
from tests.audit.frauds.scene import Scene, Told
from tests.audit.reports import finding, setting
from tests.support.votes import compromise, revoke

Document = dict[str, Any]


@dataclass
class Two:
    """The report of an auditor, and what another one shows of the same block."""

    own: bytes
    shown: Document

    def told(self) -> Told:
        """What `audit compare` tells."""
        found = compare(read_report(self.own), read_report(canonical.encode(self.shown)))
        return Told(Counter(one.code for one in found.divergences))

    def change(self, *changes: Callable[[Document], Any]) -> None:
        for one in changes:
            one(self.shown)

    def next_day(self, *changes: Callable[[Document], Any]) -> None:
        """Of a later block."""
        number = self.shown["block"]["number"] + 100
        self.shown["block"] = {"number": number, "hash": "0x" + "cd" * 32}
        self.shown["blockTime"] += 86_400
        self.change(*changes)


@contextmanager
def comparing(scene: Scene) -> Iterator[Two]:
    own = plain(scene).encode()
    yield Two(own, canonical.parse(own, max_bytes=len(own), max_depth=32))


def plain(scene: Scene) -> Any:
    """The report of chain and logs alone."""
    scene.network.anvil.mine()
    return scene.ledger.replay(logs=list(scene.desk.logs().values()))


@dataclass
class Signed:
    """A report that an auditor signed, and the signature beside it."""

    scene: Scene
    report: bytes
    signature: str = ""

    def sign(self, member: str = AUDITOR, purpose: Purpose = Purpose.PRESENT, by: str = "") -> None:
        """member: who is said to sign. by: who does."""
        read = read_report(self.report)
        self.signature = sign_report(
            read.document,
            read.digest,
            network=self.scene.network.file,
            member=member,
            signer=self.scene.network.keys[by or member, purpose],
        )

    def told(self) -> Told:
        """What `audit signature` tells."""
        network = self.scene.network
        network.anvil.mine(2)
        reader = QuorumReader(network.file, now=network.anvil.head_time)
        try:
            found = check_signature(
                network.file, reader.head(), read_report(self.report), self.signature
            )
        finally:
            reader.close()
        return Told(Counter([] if found.code is None else [found.code]))

    # ---- what is wrong

    def embellish(self) -> None:
        """The report is made to say less than was signed."""
        value = canonical.parse(self.report, max_bytes=len(self.report), max_depth=32)
        value["counts"]["entries"] -= 1
        self.report = canonical.encode(value)

    def elsewhere(self) -> None:
        """The report is of another network, and so signed."""
        value = canonical.parse(self.report, max_bytes=len(self.report), max_depth=32)
        value["network"]["chainId"] += 1
        self.report = canonical.encode(value)
        self.sign()

    def bend(self) -> None:
        """What stands behind it is of another key."""
        signed, _, _ = self.signature.rpartition(".")
        self.sign(by=BEIJING)
        self.signature = f"{signed}.{self.signature.rpartition('.')[2]}"

    def steal(self) -> None:
        key = self.scene.network.keys[AUDITOR, Purpose.PRESENT]
        compromise(self.scene.network, key.key_id, self.scene.now)

    def before(self) -> None:
        """The key was ended before the block of the report."""
        key = self.scene.network.keys[AUDITOR, Purpose.PRESENT]
        revoke(self.scene.network, AUDITOR, key.key_id)
        self.scene.wait(60)
        self.report = plain(self.scene).encode()
        self.sign()


@contextmanager
def signing(scene: Scene) -> Iterator[Signed]:
    made = Signed(scene, plain(scene).encode())
    made.sign()
    yield made


COMPARE: Final = Audit("audit compare", DIVERGENCES.keys(), comparing)
SIGNATURE: Final = Audit("audit signature", report_signature.CODES.keys(), signing)


def shorter(part: str) -> Callable[[Document], Any]:
    return lambda value: value[part].pop()


def forgotten(value: Document) -> None:
    value["status"]["records"].pop()


def smaller(value: Document) -> None:
    log = next(one for one in value["logs"] if one["member"] == BEIJING)
    log["size"] -= 1


def rewritten(value: Document) -> None:
    log = next(one for one in value["logs"] if one["member"] == BEIJING)
    log["root"] = "99" * 32


def _c(name: str, code: str, plant: Callable[[Two], Any], en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="reports", code=code, plant=plant, en=en, zh=zh, by=COMPARE)


def _s(name: str, code: str, plant: Callable[[Signed], Any], en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="reports", code=code, plant=plant, en=en, zh=zh, by=SIGNATURE)


FRAUDS: Final = (
    _c(
        "another-chain",
        "block-differs",
        lambda two: two.change(setting("block.hash", "0x" + "ff" * 32)),
        "Two auditors are shown two chains.",
        "两名审计者看到的是两条链。",
    ),
    _c(
        "another-threshold",
        "chain-differs",
        lambda two: two.change(setting("threshold", 2)),
        "Of one block two auditors are told different things.",
        "对同一区块，两名审计者得到了不同的内容。",
    ),
    _c(
        "log-rewritten",
        "log-differs",
        lambda two: two.next_day(rewritten),
        "A log is shown with another root at the same size.",
        "日志在同一大小上以另一个根出示。",
    ),
    _c(
        "log-shorter",
        "log-shrank",
        lambda two: two.next_day(smaller),
        "A log is shown smaller than it was the day before.",
        "日志比前一日更小。",
    ),
    _c(
        "acts-fewer",
        "acts-differ",
        lambda two: two.next_day(setting("status.head", "99" * 32)),
        "The acts of the chain are shown with another head.",
        "链上状态行为以另一个汇总哈希出示。",
    ),
    _c(
        "history-shorter",
        "record-differs",
        lambda two: two.next_day(forgotten),
        "A record is shown without its history of acts.",
        "记录的行为历史被隐去。",
    ),
    _c(
        "key-gone",
        "part-gone",
        lambda two: two.next_day(shorter("keys")),
        "A key is shown no more that was there the day before.",
        "前一日尚在的密钥不再出示。",
    ),
    _c(
        "finding-hushed-up",
        "findings-differ",
        lambda two: two.change(finding("ack-late")),
        "Of one block one auditor reports a finding that the other one does not.",
        "对同一区块，一名审计者报告的问题，另一名没有报告。",
    ),
    _s(
        "report-embellished",
        "other-report",
        Signed.embellish,
        "A report is changed after an auditor signed it.",
        "报告在审计者签名后被改动。",
    ),
    _s(
        "report-of-another-network",
        "other-network",
        Signed.elsewhere,
        "The report of another network is shown as that of this one.",
        "以另一网络的报告冒充本网络的报告。",
    ),
    _s(
        "signature-of-nothing",
        "malformed",
        lambda signed: setattr(signed, "signature", "no.jws.here"),
        "Beside a report lies something that is no signature.",
        "报告旁所附的不是签名。",
    ),
    _s(
        "signed-by-a-province",
        "not-an-auditor",
        lambda signed: signed.sign(BEIJING),
        "A province signs the report on itself.",
        "省级成员为关于自己的报告签名。",
    ),
    _s(
        "signed-with-another-key",
        "key-unknown",
        lambda signed: signed.sign(by=BEIJING),
        "A report is signed in the name of an auditor with the key of another.",
        "以审计者名义、用他人密钥为报告签名。",
    ),
    _s(
        "signature-bent",
        "signature-invalid",
        Signed.bend,
        "The signature of a report is not what the key makes.",
        "报告的签名并非该密钥所作。",
    ),
    _s(
        "signed-by-a-thief",
        "key-disputed",
        Signed.steal,
        "A report is signed with a key that is held to be stolen.",
        "报告以被认定失窃的密钥签名。",
    ),
    _s(
        "signed-with-an-ended-key",
        "key-not-valid",
        Signed.before,
        "A report is signed with a key that had ended before.",
        "报告以此前已失效的密钥签名。",
    ),
)
