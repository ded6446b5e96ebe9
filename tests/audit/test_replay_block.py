"""Up to which block a replay goes: by number, and by day in China."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from ledger.audit.replay_block import NoSuchBlock, last_block
from ledger.chain.nodes.blocks import Block, Reader
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.verdict.facts import date_of, end_of
from tests.audit.conftest import Ledger

DAY = 86_400


@contextmanager
def reading(ledger: Ledger) -> Iterator[QuorumReader]:
    reader = QuorumReader(ledger.network.file, now=ledger.network.anvil.head_time)
    try:
        yield reader
    finally:
        reader.close()


def last(ledger: Ledger, to: int | date | None) -> int:
    with reading(ledger) as reader:
        return last_block(reader, reader.head(), to).number


def refusal(ledger: Ledger, to: int | date) -> NoSuchBlock:
    with reading(ledger) as reader, pytest.raises(NoSuchBlock) as caught:
        last_block(reader, reader.head(), to)
    assert caught.value.words["zh"] != caught.value.words["en"]
    return caught.value


def blocks(ledger: Ledger) -> list[Block]:
    """All of them from the deployment to the newest final one."""
    first = ledger.network.file.deploy_block
    reader = Reader(ledger.network.anvil.rpc)
    made = [reader.block(number) for number in range(first, last(ledger, None) + 1)]
    return [block for block in made if block is not None]


def day_of(block: Block) -> date:
    return date.fromisoformat(date_of(block.time))


def test_every_day_ends_with_its_last_block(ledger: Ledger) -> None:
    """Several blocks a day, some of them seconds before and behind midnight in China; one day has
    none, and is as the one before it left things."""
    anvil = ledger.network.anvil
    midnight = end_of(date.fromisoformat(date_of(anvil.head_time())))
    for day in (0, 1, 4):
        for second in (-2, -1, 0, 1, 40_000):
            anvil.call("evm_setNextBlockTimestamp", hex(midnight + day * DAY + second))
            anvil.mine()
    anvil.mine(3)
    found = blocks(ledger)
    days = {day_of(block): block.number for block in found}
    first, newest = min(days), max(days)
    assert (newest - first).days >= 4
    asked, before = first, 0
    while asked <= newest:
        before = days.get(asked, before)
        assert last(ledger, asked) == before, asked
        asked += timedelta(days=1)
    assert len(days) < (newest - first).days + 1
    assert last(ledger, newest) == last(ledger, None) == found[-1].number


def test_a_number_and_nothing(ledger: Ledger) -> None:
    first, final = ledger.network.file.deploy_block, last(ledger, None)
    for number in (first, first + 1, final):
        assert last(ledger, number) == number


def test_what_is_not_there_is_refused_in_words(ledger: Ledger) -> None:
    first, final = blocks(ledger)[0], blocks(ledger)[-1]
    tomorrow, yesterday = day_of(final) + timedelta(days=1), day_of(first) - timedelta(days=1)
    assert refusal(ledger, first.number - 1).code == "before-deployment"
    assert refusal(ledger, yesterday).code == "before-deployment"
    assert refusal(ledger, final.number + 1).code == "not-final"
    error = refusal(ledger, tomorrow)
    assert (error.code, tomorrow.isoformat() in error.message) == ("not-final", True)


def test_a_report_up_to_a_day_is_that_up_to_its_block(ledger: Ledger) -> None:
    day = date.fromisoformat(date_of(ledger.network.anvil.head_time()))
    number = last(ledger, day)
    by_number = ledger.replay(to_block=number).encode()
    ledger.network.anvil.call("evm_increaseTime", 2 * DAY)
    ledger.network.anvil.mine(3)
    number = last(ledger, day)
    assert ledger.replay(to_block=day).encode() == ledger.replay(to_block=number).encode()
    assert last(ledger, None) > number
    assert b"findings" in by_number
