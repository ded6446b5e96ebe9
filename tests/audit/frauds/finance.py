"""Authorisations, questions, answers, uses and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.core.ids import ProductId, sha256
from tests.audit.banker import BUREAU, HOUR, TIANJIN
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.scene import FREE, LATER, RECORDS, SHIELDED, Scene, items

NO_MODEL = ProductId(sha256(b"no model"))


def asked_for_something_else(scene: Scene) -> None:
    """The authorisation is for a guarantee, the question about a loan."""
    scene.answer(scene.bank.authorise(purpose="guarantee"))


def unstated(scene: Scene) -> None:
    """The signed answer alone: nothing in the log states it."""
    answered = scene.answer(silent=True)
    scene.papers.append(scene.bank.put("silent.json", answered.jws.encode()))
    scene.after = LATER


def stated_otherwise(scene: Scene) -> None:
    scene.papers += scene.bank.hand(scene.answer(stated={"items": 99}))


def after_the_promise(scene: Scene) -> None:
    """Promised within the hour, anchored after two."""
    answered = scene.answer()
    scene.desk.batch(BUREAU)
    scene.wait(2 * HOUR)
    scene.hand(scene.desk.promised(answered.query, due=answered.query.at + HOUR))
    scene.desk.unanswered.add(answered.query.commitment)
    scene.desk.batch(TIANJIN)


def forged_answer(scene: Scene) -> None:
    """Signed with the key of another member."""
    answered = scene.answer(silent=True, signer=BUREAU)
    scene.papers.append(scene.bank.put("forged.json", answered.jws.encode()))


def of_nothing(scene: Scene) -> None:
    scene.publish([scene.record(), sha256(b"nothing")])
    scene.after = LATER


def other_manifest(scene: Scene) -> None:
    """Of a version that nobody published."""
    data = scene.papers[0].read_bytes()
    assert b'"version":1' in data
    changed = data.replace(b'"version":1', b'"version":7')
    scene.papers.append(scene.bank.put("manifest-7.json", changed))


def left_out(scene: Scene) -> None:
    """Of all that Tianjin has on the firm, one record."""
    listed = items(scene.tianjin, [at for at in range(RECORDS) if at != FREE])
    answered = scene.answer(items=listed)
    scene.answers += scene.bank.hand(answered)


def used_what_nobody_gave(scene: Scene) -> None:
    scene.bank.use(sha256(b"nothing"))
    scene.after = LATER


def used(scene: Scene, **changes: Any) -> None:
    scene.bank.use(scene.answer(), **changes)


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="finance", code=code, plant=plant, en=en, zh=zh, **more)


def _o(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="openings", code=code, plant=plant, en=en, zh=zh)


FRAUDS: Final = (
    _f(
        "asked-for-something-else",
        "query-without-authorisation",
        asked_for_something_else,
        "A member answers a question for another purpose than the subject authorised.",
        "成员答复了超出主体授权用途的查询。",
    ),
    _f(
        "used-for-something-else",
        "use-without-authorisation",
        lambda scene: used(scene, purpose="post-loan"),
        "A bank uses an answer for another purpose than it was asked for.",
        "银行把答复用于查询时未声明的用途。",
    ),
    _f(
        "used-what-nobody-gave",
        "use-without-answer",
        used_what_nobody_gave,
        "A bank states that it used an answer that nobody gave it.",
        "银行声明使用了从未有人给出的答复。",
    ),
    _f(
        "used-in-no-product",
        "use-of-no-product",
        lambda scene: used(scene, product=NO_MODEL),
        "A bank states that an answer went into a product that is not registered.",
        "银行声明答复用于未登记的产品。",
    ),
    _f(
        "answered-in-secret",
        "answer-without-query",
        unstated,
        "A member gives a signed answer and states nothing of it in its log.",
        "成员给出了签名答复，而日志中没有相应的查询声明。",
    ),
    _f(
        "answered-otherwise",
        "answer-differs-from-query",
        stated_otherwise,
        "A member states in its log another answer than it signed.",
        "成员在日志中声明的答复与其签名的答复不同。",
    ),
    _f(
        "query-anchored-late",
        "query-after-promise",
        after_the_promise,
        "The query of an answer is anchored after the promise that went with it.",
        "查询声明的存证晚于随答复给出的承诺。",
    ),
    _o(
        "forged-answer",
        "answer-false",
        forged_answer,
        "Somebody hands over an answer that the member did not sign.",
        "有人交来并非该成员签名的答复。",
    ),
    _f(
        "record-left-out",
        "record-left-out",
        left_out,
        "A member leaves a record out of an answer; a draw shows that it has it.",
        "成员在答复中漏列一条记录，抽查表明其持有该记录。",
    ),
    _f(
        "product-of-nothing",
        "product-input-not-anchored",
        of_nothing,
        "A product is made of a record that no log holds.",
        "产品的输入记录不在任何日志中。",
    ),
    _f(
        "product-of-what-is-closed",
        "product-over-closed",
        lambda scene: scene.publish([scene.record(), scene.record(SHIELDED)]),
        "A product is made of a record that was shielded before.",
        "产品的输入记录此前已被屏蔽。",
    ),
    _f(
        "product-miscounted",
        "product-miscounted",
        lambda scene: scene.publish([scene.record()], inputs=9),
        "A version of a product says that it was made of more records than it was.",
        "产品版本所称的输入条数多于实际。",
    ),
    _o(
        "manifest-of-no-version",
        "manifest-differs",
        other_manifest,
        "Somebody hands over a manifest of a version that nobody published.",
        "有人交来从未发布过的版本的清单。",
    ),
)
