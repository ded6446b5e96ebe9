"""Votes, and members that write what they may not any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.core.ids import bytes32_ascii, keccak256
from tests.audit.banker import BANK, BEIJING, TIANJIN
from tests.audit.desk import record_of
from tests.audit.frauds import foreign
from tests.audit.frauds.chain import UNTOLD, free_act, lying_about, one_more
from tests.audit.frauds.fraud import NOT_OURS, Fraud
from tests.audit.frauds.honest import DECIDED
from tests.audit.frauds.scene import HEBEI, Scene
from tests.audit.test_foreign_catalogue import Shop, item
from tests.audit.test_judgements import PADDED, SuccessorLog, anchor_of, flip_signature
from tests.audit.test_replay import entry
from tests.support.ledger import make_record
from tests.support.votes import close_log, register, set_endpoint, stand_in, suspend


def unknown_role(scene: Scene) -> None:
    register(scene.network, "Weather", stand_in(scene.network, "Weather"))


def suspended(scene: Scene) -> None:
    """Hebei has nothing in its log, is suspended, and begins."""
    log = scene.desk.log(HEBEI)
    log.put(make_record(log, decided=DECIDED))
    suspend(scene.network, HEBEI)
    foreign.anchor(log)


def after_close(scene: Scene) -> None:
    log = one_more(scene)
    close_log(scene.network, log.log_id, len(log.entries) - 1)
    foreign.anchor(log)


def beyond_trusted(scene: Scene) -> None:
    """Tianjin anchors what the provinces then do not trust."""
    log = one_more(scene)
    log.anchor()
    close_log(scene.network, log.log_id, len(log.entries) - 1)


def not_stranded(scene: Scene) -> None:
    """A successor is opened, and what the old log still holds is logged again."""
    old = scene.tianjin
    close_log(scene.network, old.log_id, len(old.entries))
    new = SuccessorLog(scene.network, TIANJIN)
    new.put_raw(entry(new, replaces=record_of(old, 5), period="2025-10"))
    anchor_of(new)
    scene.desk.more["successor"] = new


def records_of_a_bank(scene: Scene) -> None:
    log = scene.desk.log(BANK)
    log.put(make_record(log, decided=DECIDED))
    log.anchor()


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="governance", code=code, plant=plant, en=en, zh=zh, **more)


FRAUDS: Final = (
    _f(
        "contract-of-an-unknown-role",
        "contract-not-known",
        unknown_role,
        "A contract is registered for a role that the software does not know.",
        "为软件不认识的角色登记了合约。",
    ),
    _f(
        "contract-taken-over",
        "contract-replaced",
        lambda scene: foreign.replace_contract(scene.network, "LogAnchor"),
        "Another contract takes over a role by vote.",
        "另一合约经表决接管角色。",
    ),
    _f(
        "proposal-signed-by-another",
        "vote-signature-invalid",
        lying_about("propose", "consortium", flip_signature(PADDED)),
        "A proposal is shown with a signature that is not of the key that it names.",
        "出示的提案，其签名不属于所标明的密钥。",
    ),
    _f(
        "vote-unseen",
        "vote-signature-not-seen",
        lying_about("vote", "consortium", lambda result: result | {"input": "0x"}),
        "A vote is shown without anything that was signed.",
        "出示的表决没有任何签名内容。",
    ),
    _f(
        "act-by-no-vote",
        "act-without-vote",
        lambda scene: foreign.registry(scene).write(
            free_act(scene), foreign.NOBODY, keccak256(b"no proposal")
        ),
        "An act is said to be by vote, and nobody voted.",
        "状态行为称系表决作出，而并无表决。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "item-by-no-vote",
        "item-without-vote",
        lambda scene: Shop(scene.ledger).put(item("hearsay"), keccak256(b"no proposal")),
        "A type of records is put into the catalogue of all, and nobody voted.",
        "未经表决即把记录类型写入全国目录。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "item-of-another-region",
        "item-not-allowed",
        lambda scene: Shop(scene.ledger).supplement(region=bytes32_ascii(BEIJING)),
        "A province puts a type of its own into the catalogue of another region.",
        "一省把自己的类型写入他地区的目录。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "item-signed-by-another",
        "item-signature-invalid",
        lambda scene: Shop(scene.ledger).supplement(signed_by=BEIJING),
        "A type of a province names the key of a province that did not sign it.",
        "地方类型标明某省的密钥，而签名并非其所作。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "item-unseen",
        "item-signature-not-seen",
        lambda scene: Shop(scene.ledger).supplement(bare=True),
        "A type of a province is put without anything that was signed.",
        "写入了地方类型，却没有任何签名内容。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "anchored-while-suspended",
        "anchor-while-suspended",
        suspended,
        "A member that is suspended anchors its log.",
        "已停权的成员仍为日志存证。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "anchored-after-the-close",
        "anchor-after-close",
        after_close,
        "A log that was closed by vote goes on.",
        "经表决关闭的日志仍继续存证。",
        follows=NOT_OURS,
        gaps=UNTOLD,
    ),
    _f(
        "anchored-beyond-trust",
        "anchor-beyond-trusted",
        beyond_trusted,
        "A log was anchored beyond the size up to which the provinces trust it.",
        "日志的存证超出各省所信任的大小。",
    ),
    _f(
        "logged-again-without-need",
        "replaces-not-stranded",
        not_stranded,
        "A record that the closed log still holds is logged again in its successor.",
        "已关闭日志中仍有效的记录，又在后继日志中重新登记。",
    ),
    _f(
        "records-of-a-bank",
        "issuer-not-a-province",
        records_of_a_bank,
        "A bank logs penalties.",
        "银行登记行政处罚。",
    ),
    _f(
        "words-for-an-endpoint",
        "endpoint-not-a-url",
        lambda scene: set_endpoint(scene.network, HEBEI, "张三"),
        "A member leaves a name on the chain where its address belongs.",
        "成员在应填地址之处留下姓名。",
    ),
)
