"""What contracts record that only code of somebody else's records, and what nodes tell of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ledger.core.ids import keccak256
from ledger.core.keys import Purpose
from ledger.core.status import Action
from tests.audit.frauds import foreign
from tests.audit.frauds.fraud import NOT_OURS, Fraud
from tests.audit.frauds.scene import FREE, Scene
from tests.audit.test_judgements import PADDED, flip_signature, or_revert, relay
from tests.audit.test_replay import entry
from tests.audit.test_written import BEIJING
from tests.support.cases import make_act
from tests.support.ledger import MemberLog

UNTOLD: Final = ("status-differs",)
"""The state of the contract does not have what its event says."""


def one_more(scene: Scene) -> MemberLog:
    """Tianjin's log with another entry, not anchored yet."""
    scene.tianjin.put_raw(entry(scene.tianjin, period="2025-10"))
    return scene.tianjin


def free_act(scene: Scene, action: Action = Action.REPAIR, **changes: Any) -> Any:
    """An act on a record that nothing was done about."""
    log = scene.tianjin
    commitment = log.records[FREE].commitment.digest
    changes.setdefault("expected_version", 0)
    return make_act(log.network, action, log.log_id, commitment, **changes)


def signed_by_another(scene: Scene) -> None:
    """The event names Tianjin's key; Beijing signed."""
    other = scene.network.keys[BEIJING, Purpose.DECIDE]
    own = scene.network.keys["120000", Purpose.DECIDE]
    registry = foreign.registry(scene)
    act = free_act(scene)
    registry.write(
        act, foreign.member_word("120000"), own.key_id, foreign.act_call(registry, act, other)
    )


def without_call(scene: Scene) -> None:
    own = scene.network.keys["120000", Purpose.DECIDE]
    foreign.registry(scene).write(free_act(scene), foreign.member_word("120000"), own.key_id)


def lying_about(function: str, contract: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The node tells the newest transaction with a call of a function otherwise."""

    def plant(scene: Scene) -> None:
        selector = getattr(scene.network, contract).abi.functions[function].selector.hex()
        seen: list[str] = []

        def rewrite(params: Sequence[Any], result: Any) -> Any:
            if selector not in result["input"] or (seen and seen[0] != params[0]):
                return result
            seen[:] = [params[0]]
            return change(result)

        scene.rumours.append(("eth_getTransactionByHash", rewrite))

    return plant


def unseen_anchor(scene: Scene) -> None:
    """The relay holds the call in its code: the transaction is empty."""
    log = one_more(scene)
    data = scene.network.anchor_calldata(
        log.member, prev_size=log.anchors[-1].size, size=len(log.entries), root=log.root(),
        proof=foreign.proof(log),
    )  # fmt: skip
    to = scene.network.deployment.log_anchor
    copied = f"61{len(data):04x}6040600039"  # CODECOPY to 0
    call = f"{copied}6000600061{len(data):04x}6000600073{to[2:]}5af1"
    relay(log, or_revert(call).ljust(2 * 0x40, "0") + data.hex(), b"")


def hidden_events(scene: Scene) -> None:
    """Of acts the node leaves out the newest."""
    address = scene.network.deployment.case_registry

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        return result[:-1] if params[0]["address"] == address else result

    scene.rumours.append(("eth_getLogs", rewrite))


def late_contract(scene: Scene) -> None:
    """An anchor by a LogAnchor after another one took over."""
    foreign.replace_contract(scene.network, "LogAnchor")
    foreign.anchor(one_more(scene))


def act_after_turn(scene: Scene) -> None:
    foreign.replace_contract(scene.network, "CaseRegistry")
    foreign.registry(scene).act(free_act(scene))


def acknowledged_by(scene: Scene, count: int, **changes: Any) -> None:
    """Hebei acknowledges, by other code, more acts than there are."""
    registry = foreign.registry(scene)
    registry.acknowledge("130000", registry.count + count, **changes)


def revoked_twice(scene: Scene) -> None:
    house = foreign.revocations(scene)
    house.revoke()
    house.revoke()


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="chain", code=code, plant=plant, en=en, zh=zh, **more)


def _other(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str,
           **more: Any) -> Fraud:  # fmt: skip
    """By a contract whose code is not what ships."""
    values = {"follows": NOT_OURS, "gaps": UNTOLD} | more
    return _f(name, code, plant, en, zh, **values)


FRAUDS: Final = (
    _f(
        "other-code",
        "contract-not-ours",
        lambda scene: foreign.not_ours(scene.network, "LogAnchor"),
        "The contract of a role has other code than what ships, though it does the same.",
        "某一角色的合约不是随软件发布的代码，尽管行为相同。",
    ),
    _other(
        "anchor-of-no-log",
        "anchor-unknown-log",
        lambda scene: foreign.anchor(one_more(scene), name=keccak256(b"no log")),
        "A log that nobody registered is anchored.",
        "为从未登记的日志存证。",
        gaps=(),
    ),
    _other(
        "anchor-by-a-former-contract",
        "anchor-out-of-turn",
        late_contract,
        "A contract goes on taking anchors after another one took over its role.",
        "合约在角色已由他人接管后仍接受存证。",
        follows={**NOT_OURS, "contract-replaced": "another contract took over, by vote"},
        gaps=(),
    ),
    _other(
        "anchor-with-a-gap",
        "anchor-discontinuous",
        lambda scene: foreign.anchor(one_more(scene), prev=1),
        "An anchor leaves out what was anchored before it.",
        "存证跳过了此前已存证的部分。",
    ),
    _other(
        "anchor-signed-by-another",
        "anchor-signature-invalid",
        lambda scene: foreign.anchor(one_more(scene), signer=BEIJING),
        "An anchor names the key of a member that did not sign it.",
        "存证标明某成员的密钥，而签名并非其所作。",
    ),
    _f(
        "anchor-unseen",
        "anchor-signature-not-seen",
        unseen_anchor,
        "An anchor is sent through a contract that hides what was signed.",
        "通过另一合约存证，使签名不可见。",
    ),
    _other(
        "act-after-turn",
        "act-out-of-turn",
        act_after_turn,
        "A registry goes on recording acts after another one took over.",
        "登记合约在角色已由他人接管后仍记录状态行为。",
        follows={**NOT_OURS, "contract-replaced": "another contract took over, by vote"},
        gaps=(),
    ),
    _other(
        "act-with-another-head",
        "act-discontinuous",
        lambda scene: foreign.registry(scene).act(free_act(scene), head=keccak256(b"another")),
        "An act is recorded under a head that does not follow from the one before.",
        "状态行为的汇总哈希与前一行为不相衔接。",
    ),
    _other(
        "act-on-another-s-record",
        "act-not-allowed",
        lambda scene: foreign.registry(scene).act(free_act(scene), member=BEIJING),
        "A province repairs the record of another one.",
        "一省修复了他省的记录。",
    ),
    _other(
        "act-signed-by-another",
        "act-signature-invalid",
        signed_by_another,
        "An act names the key of a member that did not sign it.",
        "状态行为标明某成员的密钥，而签名并非其所作。",
    ),
    _other(
        "act-unseen",
        "act-signature-not-seen",
        without_call,
        "An act is recorded without anything that was signed.",
        "记录了状态行为，却没有任何签名内容。",
    ),
    _other(
        "acknowledged-ahead",
        "ack-not-allowed",
        lambda scene: acknowledged_by(scene, 1),
        "A province acknowledges more acts than there are.",
        "一省确认的状态行为多于实际数目。",
    ),
    _f(
        "acknowledged-other-acts",
        "ack-head-differs",
        foreign.acknowledge_old,
        "A province acknowledges acts that fold to another head than those of the chain.",
        "一省所确认的汇总哈希与链上的状态行为不符。",
    ),
    _f(
        "acknowledgement-signed-by-another",
        "ack-signature-invalid",
        lying_about("acknowledge", "case_registry", flip_signature(PADDED)),
        "An acknowledgement is shown with a signature that is not of the key that it names.",
        "出示的确认，其签名不属于所标明的密钥。",
    ),
    _f(
        "acknowledgement-unseen",
        "ack-signature-not-seen",
        lying_about("acknowledge", "case_registry", lambda result: result | {"input": "0x"}),
        "An acknowledgement is shown without anything that was signed.",
        "出示的确认没有任何签名内容。",
    ),
    _other(
        "revoked-twice",
        "revocation-not-allowed",
        revoked_twice,
        "An authorisation is taken back twice.",
        "同一授权被撤回两次。",
    ),
    _other(
        "revocation-signed-by-another",
        "revocation-signature-invalid",
        lambda scene: foreign.revocations(scene).revoke(signer="120000"),
        "A revocation names the key of a custodian that did not sign it.",
        "撤回标明某保管成员的密钥，而签名并非其所作。",
    ),
    _other(
        "revocation-unseen",
        "revocation-signature-not-seen",
        lambda scene: foreign.revocations(scene).revoke(bare=True),
        "A revocation is recorded without anything that was signed.",
        "记录了撤回，却没有任何签名内容。",
    ),
    _other(
        "product-twice",
        "product-not-allowed",
        lambda scene: foreign.products(scene).register(),
        "A product is registered a second time.",
        "同一产品登记两次。",
        gaps=(),
    ),
    _other(
        "version-left-out",
        "product-version-gap",
        lambda scene: foreign.products(scene).publish(3),
        "A version of a product is published that does not follow the one before.",
        "发布的产品版本不接续前一版本。",
    ),
    _other(
        "maker-that-is-none",
        "product-not-a-maker",
        foreign.suspended_maker,
        "A member that is suspended publishes a version of its product.",
        "已停权的成员发布产品版本。",
    ),
    _other(
        "version-signed-by-another",
        "product-signature-invalid",
        lambda scene: foreign.products(scene).publish(2, signer="120000"),
        "A version of a product names the key of a maker that did not sign it.",
        "产品版本标明某成员的密钥，而签名并非其所作。",
    ),
    _other(
        "version-unseen",
        "product-signature-not-seen",
        lambda scene: foreign.products(scene).publish(2, bare=True),
        "A version of a product is recorded without anything that was signed.",
        "记录了产品版本，却没有任何签名内容。",
    ),
    _f(
        "events-left-out",
        "events-missing",
        hidden_events,
        "A node leaves out events.",
        "节点漏报事件。",
        gaps=("events-missing",),
    ),
)
