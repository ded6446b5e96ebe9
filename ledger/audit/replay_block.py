"""The last block of a replay: by number, by day, or the newest that is final."""

from __future__ import annotations

from datetime import date

from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.texts import Text
from ledger.core.verdict.facts import date_of, end_of

__all__ = ["NoSuchBlock", "last_block"]


class NoSuchBlock(CouldNotCheck):
    """A replay up to there cannot be made: the network began later (`before-deployment`), or it is
    not final yet (`not-final`)."""

    def __init__(self, code: str, words: Text) -> None:
        super().__init__(code, words["en"])
        self.words = words


def last_block(reader: QuorumReader, view: View, to: int | date | None) -> Block:
    """The block of this number; the last one of this day in China; None: the newest final one. Of a
    day that is not over by the clock of the chain it is the newest final one, too. Raises
    CouldNotCheck."""
    final = reader.final_block(view)
    if final is None or final.number < reader.network.deploy_block:
        raise _not_final("网络还没有最终确认的区块", "no block of the network is final yet")
    if to is None:
        return final
    if isinstance(to, date):
        return _of_day(reader, view, final, to)
    first = reader.network.deploy_block
    if to < first:
        raise _before(f"网络始于区块 {first}", f"the network begins with block {first}")
    if to > final.number:
        raise _not_final(
            f"区块 {to} 尚未最终确认，最新的是 {final.number}",
            f"block {to} is above the final {final.number}",
        )
    return final if to == final.number else view.block_at(to)


def _of_day(reader: QuorumReader, view: View, final: Block, day: date) -> Block:
    """Times of blocks never fall, so the last one of a day is found by few questions."""
    newest, end = date_of(final.time), end_of(day)
    if newest < day.isoformat():
        raise _not_final(
            f"{day.isoformat()} 尚未到来：最新的最终区块在 {newest}",
            f"{day.isoformat()} has not come: the newest final block is of {newest}",
        )
    low, high = view.block_at(reader.network.deploy_block), final
    if low.time >= end:
        began = date_of(low.time)
        raise _before(
            f"网络始于 {began}，区块 {low.number}",
            f"the network begins on {began} with block {low.number}",
        )
    while high.number - low.number > 1:
        middle = view.block_at((low.number + high.number) // 2)
        low, high = (middle, high) if middle.time < end else (low, middle)
    return high if high.time < end else low


def _not_final(zh: str, en: str) -> NoSuchBlock:
    return NoSuchBlock("not-final", {"zh": zh, "en": en})


def _before(zh: str, en: str) -> NoSuchBlock:
    return NoSuchBlock("before-deployment", {"zh": zh, "en": en})
