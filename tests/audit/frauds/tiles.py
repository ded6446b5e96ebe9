"""What members serve of their logs, and what others keep of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Alg, Purpose
from ledger.core.merkle import root
from ledger.core.tiles import encode_bundle, entries_path, tile_path
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.scene import Scene
from tests.audit.test_replay import entry
from tests.support.ledger import MemberLog

AT: Final = 7
"""An entry of Beijing's, which stands in a bundle of 256."""


def serve(path: str, data: Callable[[MemberLog], bytes | None]) -> Callable[[Scene], None]:
    """Beijing serves something else at a path."""

    def plant(scene: Scene) -> None:
        scene.beijing.served = {path: data(scene.beijing)}

    return plant


def altered(log: MemberLog) -> list[bytes]:
    """The entries, one of which says that it was in time."""
    changed = list(log.entries)
    changed[AT] = entry(log, commitment=log.records[AT].commitment.digest, timely="yes")
    return changed


def another_log(scene: Scene) -> None:
    """All of it computed anew, and signed."""
    scene.beijing.entries[:] = altered(scene.beijing)


def stranger(log: MemberLog) -> bytes:
    return log.checkpoint(signer=LocalSigner(Alg.ED25519, bytes([5]) * 32)).encode()


def another_tree(log: MemberLog) -> bytes:
    return replace(log, entries=altered(log)).checkpoint().encode()


def false_copy(scene: Scene) -> None:
    """Hebei keeps Tianjin's log with one entry in place of another."""
    copy = scene.copy()
    copy.entries[1] = copy.entries[0]


def false_line(scene: Scene) -> None:
    log = scene.tianjin
    line = log.cosigned(len(log.entries), "130000", signer=log.key(Purpose.NOTE))
    scene.copy().served = {"checkpoint": line.encode()}


def hash_tile(log: MemberLog) -> bytes:
    """One hash of it is another."""
    data = log.fetch(tile_path(0, 0), 1 << 20)
    return data[: 32 * AT] + bytes(32) + data[32 * AT + 32 :]


def upper_tile(log: MemberLog) -> bytes:
    return root([bytes(32)] * 2)


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="tiles", code=code, plant=plant, en=en, zh=zh, **more)


FRAUDS: Final = (
    _f(
        "an-entry-altered",
        "entry-altered",
        serve(entries_path(0), lambda log: encode_bundle(altered(log)[:256])),
        "A member serves one entry that is not the one that it anchored.",
        "成员提供的某一条目不是其存证过的那一条。",
        gaps=("entry-not-served",),
    ),
    _f(
        "another-log",
        "root-mismatch",
        another_log,
        "A member computes its whole log anew with one entry changed, and signs it.",
        "成员改动一个条目后重算并重签整个日志。",
    ),
    _f(
        "a-hash-tile-altered",
        "tile-mismatch",
        serve(tile_path(0, 0), hash_tile),
        "A member serves a hash tile that is not that of the entries.",
        "成员提供的哈希瓦片与条目不符。",
    ),
    _f(
        "an-upper-tile-altered",
        "tile-mismatch",
        serve(tile_path(1, 0, 1), upper_tile),
        "A member serves a hash tile of an upper level that is not that of those below.",
        "成员提供的上层哈希瓦片与下层不符。",
    ),
    _f(
        "a-bundle-of-noise",
        "bundle-malformed",
        serve(entries_path(0), lambda log: b"\xff\xff\0"),
        "A member serves bytes in which no entries can be read.",
        "成员提供的数据无法读出条目。",
        gaps=("log-unreadable",),
    ),
    _f(
        "tiles-withheld",
        "tiles-missing",
        serve(entries_path(0), lambda log: None),
        "A member does not serve a part of its log.",
        "成员不提供其日志的一部分。",
        gaps=("tiles-missing",),
    ),
    _f(
        "checkpoint-of-a-stranger",
        "checkpoint-invalid",
        serve("checkpoint", stranger),
        "A log is shown under a checkpoint that its owner did not sign.",
        "日志以并非其所有者签名的检查点出示。",
    ),
    _f(
        "checkpoint-taken-back",
        "checkpoint-behind",
        serve("checkpoint", lambda log: log.checkpoint(len(log.entries) - 1).encode()),
        "A member shows its log shorter than it anchored it.",
        "成员出示的日志短于其已存证的大小。",
    ),
    _f(
        "checkpoint-of-another-tree",
        "checkpoint-differs",
        serve("checkpoint", another_tree),
        "A member signs another tree of the same size than it anchored.",
        "成员签署了与存证大小相同、内容不同的另一棵树。",
    ),
    _f(
        "copy-altered",
        "mirror-differs",
        false_copy,
        "A province keeps a copy of another's log with an entry changed.",
        "一省保存的他省日志副本中，条目被改动。",
    ),
    _f(
        "witness-of-a-copy",
        "witness-line-false",
        false_line,
        "A copy is shown with the line of a witness that did not sign it.",
        "副本上的见证行并非该见证者所签。",
    ),
)
