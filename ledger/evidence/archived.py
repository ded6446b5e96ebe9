"""What an archive holds, read as the chain is read: the source by which an archive is checked.

Every proof is checked before anything is read. What is asked for and not there is an error, and so
is what is there and never asked for: an archive holds what its verdicts rest on and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ledger.chain.nodes.blocks import Block, LogEntry
from ledger.chain.nodes.event_logs import LogQuery
from ledger.core.canonical import hex0x
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Address, Digest, keccak256
from ledger.evidence.account import NO_CODE, Account, parse_account
from ledger.evidence.header import Header, parse_header
from ledger.evidence.told import ToldBlock, ToldTransaction, parse_told
from ledger.evidence.view import block_of

HEADER: Final = "header.rlp"
STATE, CODE, BLOCKS = "state/", "code/", "blocks/"
_DIGITS: Final = 12  # of a block number in a name, so that names ascend as numbers do


def state_name(address: Address) -> str:
    """The member with the proofs of a contract."""
    return f"{STATE}{address}.json"


def code_name(digest: Digest) -> str:
    """The member with the code of this hash."""
    return f"{CODE}{digest.hex()}.bin"


def block_name(number: int) -> str:
    """The member with a block below the header."""
    return f"{BLOCKS}{number:0{_DIGITS}}.json"


class _Told(NamedTuple):
    """An event: number of its block, place of its transaction there."""

    number: int
    place: int
    entry: LogEntry


class Archived:
    """A source for `ProvenView` that asks nobody. See `view.Source`."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        """Check every proof of these members. Raises Malformed and ProofMismatch."""
        self._header = parse_header(_member(members, HEADER))
        self._accounts = {one.address: one for one in _accounts(members, self._header)}
        self._codes = dict(_codes(members))
        self._blocks = dict(_blocks(members, self._header))
        self._unread = {*members}
        self._slots = {
            (address, slot) for address, one in self._accounts.items() for slot in one.slots
        }
        self._transactions = {
            (number, one.place)
            for number, block in self._blocks.items()
            for one in block.transactions
        }
        self._unread.discard(HEADER)
        self._named: dict[tuple[Address, bytes, bytes], list[_Told]] = {}
        for told in self._all(0, self._header.number):
            if len(told.entry.topics) > 1:
                sort, name = told.entry.topics[:2]
                key = (told.entry.address, sort, name)
                self._named.setdefault(key, []).append(told)

    @property
    def header(self) -> Header:
        """The header that everything else is proven against."""
        return self._header

    def told(self) -> Sequence[Header]:
        """Headers of the blocks of which nodes said that they are below the header."""
        return [block.header for block in self._blocks.values()]

    def transaction(self, number: int, tx: str) -> tuple[ToldBlock, ToldTransaction]:
        """A transaction whose events were asked for, and its block."""
        block = self._blocks[number]
        return block, next(one for one in block.transactions if one.tx == tx)

    def words(self, address: Address, slots: Sequence[bytes]) -> list[bytes]:
        """Words of a contract's storage. Raises ProofMismatch where one is not proven."""
        held = self._account(address).slots
        for slot in slots:
            if slot not in held:
                raise _missing(f"place {hex0x(slot)} of {address}")
            self._slots.discard((address, slot))
        return [held[slot].value for slot in slots]

    def code(self, address: Address) -> bytes:
        """The code of a contract. Raises ProofMismatch where it is not there."""
        digest = self._account(address).code_hash
        if digest == NO_CODE:
            return b""
        if digest not in self._codes:
            raise _missing(f"code of {address}")
        self._unread.discard(code_name(digest))
        return self._codes[digest]

    def events(self, query: LogQuery) -> Sequence[LogEntry]:
        """Events of the blocks that are there."""
        return list(self._events(query))

    def block(self, number: int) -> Block:
        """A block. Raises ProofMismatch where it is not there."""
        if number not in self._blocks:
            raise _missing(f"block {number}")
        self._unread.discard(block_name(number))
        return block_of(self._blocks[number].header)

    def demand_all_read(self) -> None:
        """Raise ProofMismatch where something is there that nobody asked for."""
        places = sorted(f"place {hex0x(slot)} of {address}" for address, slot in self._slots)
        others = sorted(f"transaction {place} of block {n}" for n, place in self._transactions)
        names = sorted(name for name in self._unread if name.startswith((STATE, CODE, BLOCKS)))
        for what in (*names, *places, *others):
            raise ProofMismatch(what, expected="asked for", actual="not", code="proof-superfluous")

    def _account(self, address: Address) -> Account:
        if address not in self._accounts:
            raise _missing(f"account {address}")
        self._unread.discard(state_name(address))
        return self._accounts[address]

    def _events(self, query: LogQuery) -> Iterator[LogEntry]:
        for told in self._candidates(query):
            if query.first <= told.number <= query.last and query.matches(told.entry):
                self._transactions.discard((told.number, told.place))
                self._unread.discard(block_name(told.number))
                yield told.entry

    def _candidates(self, query: LogQuery) -> Iterable[_Told]:
        """What may match. There can be a hundred thousand of a forger, and as many questions, each
        of one of them."""
        match query.topics[:2]:
            case [bytes() as sort, bytes() as name]:
                return self._named.get((query.address, sort, name), ())
        return self._all(query.first, query.last)

    def _all(self, first: int, last: int) -> Iterator[_Told]:
        for number, block in self._blocks.items():
            if first <= number <= last:
                for one in block.transactions:
                    for entry in one.logs:
                        yield _Told(number, one.place, entry)


def _member(members: Mapping[str, bytes], name: str) -> bytes:
    if name not in members:
        raise _missing(name)
    return members[name]


def _missing(what: str) -> ProofMismatch:
    return ProofMismatch(what, expected="there", actual="missing", code="proof-missing")


def _accounts(members: Mapping[str, bytes], header: Header) -> Iterator[Account]:
    for name, data in sorted(members.items()):
        if name.startswith(STATE):
            account = parse_account(data, header.state_root, len(data))
            _demand_name(name, state_name(account.address))
            yield account


def _codes(members: Mapping[str, bytes]) -> Iterator[tuple[Digest, bytes]]:
    for name, data in members.items():
        if name.startswith(CODE):
            digest = keccak256(data)
            if name != code_name(digest):
                raise ProofMismatch(name, expected=name, actual=digest, code="code-differs")
            yield digest, data


def _blocks(members: Mapping[str, bytes], header: Header) -> Iterator[tuple[int, ToldBlock]]:
    found = [
        (name, parse_told(data, len(data)))
        for name, data in sorted(members.items())
        if name.startswith(BLOCKS)
    ]
    for name, block in found:
        _demand_name(name, block_name(block.header.number))
    for before, after in pairwise([*(block.header for _, block in found), header]):
        _demand_order(before, after)
    return iter([(block.header.number, block) for _, block in found])


def _demand_order(before: Header, after: Header) -> None:
    """Blocks of one chain: later ones have later times, and name the one before them."""
    gap = after.number - before.number
    fits = gap >= 0 and before.time <= after.time
    if gap == 0:
        fits = before.hash == after.hash
    elif gap == 1:
        fits = fits and after.parent == before.hash
    if not fits:
        raise ProofMismatch(
            f"block {before.number}", expected="an ancestor", actual="none", code="blocks-differ"
        )


def _demand_name(name: str, wanted: str) -> None:
    if name != wanted:
        raise Malformed("archive", f"{wanted} is called otherwise", code="archive-malformed")
