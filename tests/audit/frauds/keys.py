"""Keys that are stolen, are for something else, or had ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Alg, Purpose
from ledger.core.status import Action
from tests.audit.banker import BEIJING, TIANJIN
from tests.audit.frauds import foreign
from tests.audit.frauds.chain import UNTOLD, free_act, one_more
from tests.audit.frauds.fraud import NOT_OURS, Fraud
from tests.audit.frauds.scene import HEBEI, MODEL, SHANXI, Scene
from tests.audit.test_foreign_catalogue import Shop
from tests.audit.test_judgements import recover
from tests.support.cases import acknowledge
from tests.support.revocations import take_back
from tests.support.votes import compromise, put_supplement

OTHERS: Final = (BEIJING, HEBEI, SHANXI)
"""Provinces whose keys are not those of the act."""


def stolen(scene: Scene, member: str, purpose: Purpose, since: int) -> None:
    """A key is held to be stolen, by vote."""
    compromise(scene.network, scene.network.keys[member, purpose].key_id, since)


def stolen_anchor(scene: Scene) -> None:
    log = one_more(scene)
    stolen(scene, TIANJIN, Purpose.ANCHOR, log.anchor().time)


def stolen_act(action: Action, purpose: Purpose) -> Callable[[Scene], None]:
    def plant(scene: Scene) -> None:
        since = scene.now
        scene.act(action)
        scene.acknowledge(*OTHERS)
        stolen(scene, TIANJIN, purpose, since)

    return plant


def stolen_acknowledgement(scene: Scene) -> None:
    """Hebei's, of an act that it carries out."""
    scene.act(Action.DISPUTE)
    since = scene.now
    acknowledge(scene.network, HEBEI)
    scene.wait(60)
    stolen(scene, HEBEI, Purpose.CASE, since)
    scene.acknowledge(BEIJING, TIANJIN, SHANXI)


def acknowledged_with_another_key(scene: Scene) -> None:
    registry = foreign.more_acts(scene)
    signer = scene.network.keys[HEBEI, Purpose.DECIDE]
    registry.acknowledge(HEBEI, registry.count, signer=signer)


def stolen_revocation(scene: Scene) -> None:
    paper = scene.bank.authorise(BEIJING)
    since = scene.now
    take_back(scene.network, BEIJING, paper.commitment)
    stolen(scene, BEIJING, Purpose.CONSENT, since)


def stolen_version(scene: Scene) -> None:
    since = scene.now
    scene.maker().publish(MODEL, 2)
    stolen(scene, BEIJING, Purpose.PRODUCT, since)


def stolen_item(scene: Scene) -> None:
    since = scene.now
    put_supplement(scene.network, SHANXI, "own")
    stolen(scene, SHANXI, Purpose.GOVERN, since)


def no_thief(scene: Scene) -> None:
    """An act is undone as a thief's, while nobody holds its key to be stolen."""
    registry = foreign.registry(scene)
    registry.act(free_act(scene))
    last = registry.last
    assert last is not None
    registry.write(foreign.gone(registry, last), foreign.NOBODY, foreign.NOBODY)


def planted(scene: Scene) -> None:
    recover(scene.ledger, SHANXI, LocalSigner(Alg.SECP256K1, new_secret()))


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="keys", code=code, plant=plant, en=en, zh=zh, **more)


def _other(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str) -> Fraud:
    return _f(name, code, plant, en, zh, follows=NOT_OURS, gaps=UNTOLD)


FRAUDS: Final = (
    _other(
        "anchor-by-a-key-for-votes",
        "anchor-key-not-valid",
        lambda scene: foreign.anchor(one_more(scene), purpose=Purpose.GOVERN),
        "A log is anchored with a key that is for votes.",
        "以表决密钥为日志存证。",
    ),
    _f(
        "anchor-by-a-thief",
        "anchor-key-disputed",
        stolen_anchor,
        "A thief anchors with the stolen key of a member.",
        "窃贼以成员失窃的密钥存证。",
    ),
    _other(
        "act-by-a-key-for-anchors",
        "act-key-not-valid",
        lambda scene: foreign.registry(scene).act(
            free_act(scene), signer=scene.network.keys[TIANJIN, Purpose.ANCHOR]
        ),
        "An act is signed with a key that is for anchors.",
        "以存证密钥签署状态行为。",
    ),
    _f(
        "dispute-by-a-thief",
        "act-key-disputed",
        stolen_act(Action.DISPUTE, Purpose.CASE),
        "A thief marks a record as disputed.",
        "窃贼把记录标为有异议。",
    ),
    _f(
        "repair-by-a-thief",
        "easing-act-disputed",
        stolen_act(Action.REPAIR, Purpose.DECIDE),
        "A thief has a record repaired.",
        "窃贼使记录被修复。",
    ),
    _other(
        "undone-without-a-thief",
        "undone-without-theft",
        no_thief,
        "An act is undone as a thief's though its key was never stolen.",
        "以密钥失窃为由撤销状态行为，而密钥并未失窃。",
    ),
    _other(
        "acknowledged-by-another-key",
        "ack-key-not-valid",
        acknowledged_with_another_key,
        "A province acknowledges with a key that is for something else.",
        "一省以用途不符的密钥确认。",
    ),
    _f(
        "acknowledged-by-a-thief",
        "ack-key-disputed",
        stolen_acknowledgement,
        "A thief acknowledges acts in the name of a province.",
        "窃贼以一省名义确认状态行为。",
    ),
    _other(
        "revoked-by-another-key",
        "revocation-key-not-valid",
        lambda scene: foreign.revocations(scene, signed_with=Purpose.PRODUCT).revoke(),
        "An authorisation is taken back with a key that is for something else.",
        "以用途不符的密钥撤回授权。",
    ),
    _f(
        "revoked-by-a-thief",
        "revocation-key-disputed",
        stolen_revocation,
        "A thief takes an authorisation back.",
        "窃贼撤回授权。",
    ),
    _other(
        "published-by-another-key",
        "product-key-not-valid",
        lambda scene: foreign.products(scene, signed_with=Purpose.CONSENT).publish(2),
        "A version of a product is published with a key that is for something else.",
        "以用途不符的密钥发布产品版本。",
    ),
    _f(
        "published-by-a-thief",
        "product-key-disputed",
        stolen_version,
        "A thief publishes a version of a product.",
        "窃贼发布产品版本。",
    ),
    _other(
        "item-by-a-key-for-anchors",
        "item-key-not-valid",
        lambda scene: Shop(scene.ledger).supplement(purpose=Purpose.ANCHOR),
        "A province puts a type of its own with a key that is for anchors.",
        "一省以存证密钥写入自己的类型。",
    ),
    _f(
        "item-by-a-thief",
        "item-key-disputed",
        stolen_item,
        "A thief puts a type of a province into the catalogue.",
        "窃贼把一省的类型写入目录。",
    ),
    _f(
        "planted-key",
        "key-recovered",
        planted,
        "The provinces give a member a key that it did not register.",
        "各省表决给成员植入了并非其自己登记的密钥。",
    ),
)
