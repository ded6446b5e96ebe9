"""Ending the last key of a purpose: what that means, and who has to say that it is meant."""

import sys

import click

from ledger.chain.contracts.structs import Key
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused, note
from ledger.core.canonical import hex32
from ledger.core.keys import Purpose


def demand_another(hand: Hand, key: Key) -> None:
    """Ask on a terminal, and refuse elsewhere, where this is the last key of its purpose."""
    now = hand.time()
    alive = [other for other in hand.keys() if other.purpose == key.purpose and _lives(other, now)]
    if [other.key_id for other in alive] != [key.key_id]:
        return
    key_id, purpose, loss = hex32(key.key_id), purpose_of(key), _consequence(key.purpose)
    text = say(
        zh=f"{key_id} 是 {hand.code} 最后一把有效的 {purpose} 密钥：终止后{loss}。",
        en=f"{key_id} is the last {purpose} key in force of {hand.code}: without it {loss}.",
    )
    if sys.stdin.isatty():
        note(text)
        if click.confirm(say(zh="仍要终止？", en="End it all the same?"), err=True):
            return
        raise Refused(say(zh="未终止。", en="not ended."))
    remedy = say(
        zh="请先登记新的（keys rotate）；确要终止的，加 --yes。",
        en="Register another one first (`keys rotate`), or give --yes.",
    )
    raise Refused(f"{text} {remedy}")


def _lives(key: Key, now: int) -> bool:
    return key.valid_at(now) and not key.compromised_since


def _consequence(purpose: int) -> str:
    """What a member can no longer do without a key of that purpose."""
    if purpose == Purpose.GOVERN:
        return say(
            zh="再不能签署任何登记、表决或密钥更换，只能由各省市表决恢复（recover-key）",
            en="it signs no vote and no change of keys ever again, unless the provinces vote it a "
            "new one (recover-key)",
        )
    if purpose == Purpose.ANCHOR:
        return say(
            zh="其节点不能再存证，所报记录得不到回执",
            en="its node anchors nothing, and no record gets a receipt",
        )
    return say(zh="不能再签署此类内容", en="nothing of that kind can be signed for it")


def purpose_of(key: Key) -> str:
    known = key.purpose in tuple(Purpose)
    return Purpose(key.purpose).name if known else str(key.purpose)
