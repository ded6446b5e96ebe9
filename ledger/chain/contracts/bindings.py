"""Our contracts, typed. Reads go through any function (address, calldata) → result, such as
`View.call`, and those of a set through one that takes them together, such as `View.calls`; what
they give is in `structs`, events are in `events`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, cast

from ledger.chain.contracts.contract_abi import ContractAbi, Name, Undecodable, load
from ledger.chain.contracts.structs import (
    NATIONAL,
    ZERO,
    Acknowledgement,
    ActCount,
    AnchoredSize,
    Ballot,
    CatalogueVersion,
    Code,
    ContractRegistration,
    Key,
    Log,
    Member,
    Product,
    ProductVersion,
    Proposal,
    RoleSpan,
    address,
    address_or_none,
    build,
    code_text,
    digest_or_none,
    state_of,
)
from ledger.chain.errors import NoContract
from ledger.core.errors import Malformed
from ledger.core.ids import Address, Digest, KeyId, LogId, bytes32_ascii
from ledger.core.status import State

Call = Callable[[Address, bytes], bytes]
Many = Callable[[Sequence[tuple[Address, bytes]]], list[bytes]]

LOG_ANCHOR, CATALOGUE, CASE_REGISTRY = "LogAnchor", "Catalogue", "CaseRegistry"  # roles
REVOCATIONS, PRODUCTS = "Revocations", "Products"

# Things of a list that are read at once. A node refuses calls that cost too much gas, 50 million by
# default: a word costs some 2,500, a key of the longest kind 30,000.
_PAGE_OF_WORDS = 1024
_PAGE_OF_KEYS = 128
PAGE_OF_RECORDS = 256
"""Records whose status is read at once, as the contract bounds them."""
_PAGE_OF_AUTHORISATIONS = 256
PAGE_OF_VERSIONS = 128
"""Versions of a product that are read at once, as the contract bounds them."""


class _Contract:
    name: ClassVar[Name]

    def __init__(self, address_: Address, call: Call, many: Many | None = None) -> None:
        """`many`: reads a set together; None: one by one."""
        self.address = address_
        self._call = call
        self._many = many or (lambda wanted: [call(to, data) for to, data in wanted])

    @property
    def abi(self) -> ContractAbi:
        return load(self.name)

    def _read(self, function: str, *arguments: Any) -> Any:
        """The result, or the list of results where there are several. Raises NoContract where
        the answer has not its shape, as when there is no code; CouldNotCheck."""
        data = self._call(self.address, self.abi.functions[function].encode(*arguments))
        return self._decoded(function, data)

    def _read_all(self, function: str, arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """As `_read`, for each of `arguments`."""
        spec = self.abi.functions[function]
        wanted = [(self.address, spec.encode(*given)) for given in arguments]
        return [self._decoded(function, data) for data in self._many(wanted)]

    def _decoded(self, function: str, data: bytes) -> Any:
        try:
            values = self.abi.functions[function].decode(data)
        except Undecodable as error:
            raise NoContract(self.address, f"{self.name}.{function}") from error
        return values[0] if len(values) == 1 else values

    def _pages(self, function: str, *arguments: Any, size: int) -> Iterator[Any]:
        """All of a list that is read page by page; most fit into one."""
        start = 0
        while True:
            page = self._read(function, *arguments, start, size)
            yield from page
            if len(page) < size:
                return
            start += size


class Consortium(_Contract):
    """Members, keys, logs, votes and contracts. Unknown ids give None, never an error."""

    name = "Consortium"

    def member(self, code: str) -> Member | None:
        found = build(Member, self._read("member", bytes32_ascii(code)))
        return found if found.status else None

    def member_count(self) -> int:
        return cast(int, self._read("memberCount"))

    def member_codes(self) -> tuple[Code, ...]:
        """In the order in which they came."""
        return tuple(code_text(word) for word in self._member_words())

    def members(self) -> tuple[Member, ...]:
        """In the order in which they came."""
        words = ((word,) for word in self._member_words())
        return tuple(build(Member, found) for found in self._read_all("member", words))

    def fetch(self, codes: Iterable[str], roles: Iterable[str] = ()) -> None:
        """Read members with their roles and keys, and the contracts of `roles`, all together:
        where `many` keeps what it gives, reading them one by one then costs nothing."""
        words = [bytes32_ascii(code) for code in codes]
        wanted = [("contractHistory", (bytes32_ascii(role),)) for role in roles]
        wanted += [(name, (word,)) for word in words for name in ("member", "roleHistory")]
        pages = [("keys", (word, 0, _PAGE_OF_KEYS)) for word in words]
        functions = self.abi.functions
        self._many([(self.address, functions[n].encode(*a)) for n, a in (*wanted, *pages)])

    def provinces(self) -> tuple[Code, ...]:
        """Those that are not retired, in no order."""
        return tuple(code_text(word) for word in self._read("provinces"))

    def roles_at(self, code: str, time: int) -> int:
        """Roles that a member had at `time`, 0 where it was none; whatever its status."""
        return cast(int, self._read("rolesAt", bytes32_ascii(code), time))

    def role_history(self, code: str) -> tuple[RoleSpan, ...]:
        """The first roles first."""
        found = self._read("roleHistory", bytes32_ascii(code))
        return tuple(build(RoleSpan, span) for span in found)

    def key(self, code: str, key_id: bytes) -> Key | None:
        """A key of a member. Another member may have registered the same public key."""
        found = self._read("key", bytes32_ascii(code), key_id)
        return build(Key, found) if found["keyId"] != ZERO else None

    def key_count(self, code: str) -> int:
        """Ended ones included."""
        return cast(int, self._read("keyCount", bytes32_ascii(code)))

    def keys(self, code: str) -> tuple[Key, ...]:
        """Of a member, in the order of registration: one call for the first 127."""
        found = self._pages("keys", bytes32_ascii(code), size=_PAGE_OF_KEYS)
        return tuple(build(Key, key) for key in found)

    def keys_from(self, code: str, start: int, count: int) -> tuple[Key, ...]:
        """Up to `count` of them behind the first `start`, at most 128."""
        found = self._read("keys", bytes32_ascii(code), start, min(count, _PAGE_OF_KEYS))
        return tuple(build(Key, key) for key in found)

    def key_valid_at(self, code: str, key_id: bytes, purpose: int, time: int) -> bool:
        return cast(bool, self._read("keyValidAt", bytes32_ascii(code), key_id, purpose, time))

    def key_of_signer(self, code: str, purpose: int, signer: Address) -> KeyId | None:
        """At the time of the block that is read."""
        found = self._read("keyOfSigner", bytes32_ascii(code), purpose, signer)
        return KeyId(found) if found != ZERO else None

    def log(self, log_id: bytes) -> Log | None:
        found = build(Log, self._read("log", log_id))
        return found if found.status else None

    def log_ids(self, code: str) -> tuple[LogId, ...]:
        """Of a member, in the order of opening."""
        return tuple(LogId(word) for word in self._read("logIds", bytes32_ascii(code)))

    def logs(self, code: str) -> tuple[Log, ...]:
        """Of a member, in the order of opening."""
        ids = ((log_id,) for log_id in self.log_ids(code))
        return tuple(build(Log, found) for found in self._read_all("log", ids))

    def contract_at(self, role: str, time: int) -> Address | None:
        return address_or_none(self._read("contractAt", bytes32_ascii(role), time))

    def current(self, role: str) -> Address | None:
        return address_or_none(self._read("current", bytes32_ascii(role)))

    def contract_history(self, role: str) -> tuple[ContractRegistration, ...]:
        found = self._read("contractHistory", bytes32_ascii(role))
        return tuple(build(ContractRegistration, item) for item in found)

    def threshold(self) -> int:
        return cast(int, self._read("threshold"))

    def chair(self) -> str | None:
        """Code of the member in the rotating chair."""
        return code_text(self._read("chair")) or None

    def proposal(self, proposal_id: bytes) -> Proposal | None:
        found = self._read("proposal", proposal_id)
        return build(Proposal, found) if found["proposer"] != ZERO else None

    def passed(self, proposal_id: bytes) -> bool:
        return cast(bool, self._read("passed", proposal_id))

    def ballot(self, proposal_id: bytes, code: str) -> Ballot:
        return build(Ballot, self._read("ballot", proposal_id, bytes32_ascii(code)))

    def _member_words(self) -> Iterator[bytes]:
        return self._pages("memberCodes", size=_PAGE_OF_WORDS)


class _RoleContract(_Contract):
    def consortium(self) -> Address:
        return address(self._read("consortium"))

    def role(self) -> str:
        return code_text(self._read("role"))


class LogAnchor(_RoleContract):
    """Roots of the logs."""

    name = "LogAnchor"

    def latest(self, log_id: bytes) -> AnchoredSize:
        size, root = self._read("latest", log_id)
        return AnchoredSize(size=size, root=digest_or_none(root))

    def root_at(self, log_id: bytes, size: int) -> Digest | None:
        return digest_or_none(self._read("rootAt", log_id, size))

    def verify_inclusion(
        self, *, log_id: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]
    ) -> bool:
        return cast(bool, self._read("verifyInclusion", log_id, size, index, leaf, list(path)))


class Catalogue(_RoleContract):
    """What may be recorded. Read series by series: all of them may be more than a node gives."""

    name = "Catalogue"

    def item_count(self) -> int:
        return cast(int, self._read("itemCount"))

    def item_ids(self) -> tuple[Code, ...]:
        """In the order in which they first appeared."""
        return tuple(code_text(word) for word in self._item_words())

    def item_ids_from(self, start: int, count: int) -> tuple[Code, ...]:
        """Up to `count` of them behind the first `start`, at most 1,024."""
        found = self._read("itemIds", start, min(count, _PAGE_OF_WORDS))
        return tuple(code_text(word) for word in found)

    def regions_from(self, item_id: str, start: int, count: int) -> tuple[str, ...]:
        """As `regions`, up to `count` of them behind the first `start`."""
        found = self._read("regions", bytes32_ascii(item_id), start, min(count, _PAGE_OF_WORDS))
        return tuple(code_text(word) for word in found)

    def regions(self, item_id: str) -> tuple[str, ...]:
        """Those in which an item has a series, in the order in which they first appeared;
        `NATIONAL` for the national one."""
        words = self._pages("regions", bytes32_ascii(item_id), size=_PAGE_OF_WORDS)
        return tuple(code_text(word) for word in words)

    def series(self, wanted: Iterable[tuple[str, str]]) -> tuple[CatalogueVersion, ...]:
        """All versions of the series of these items and regions."""
        words = ((bytes32_ascii(item_id), _region_word(region)) for item_id, region in wanted)
        found = self._read_all("item", words)
        return tuple(build(CatalogueVersion, item) for versions in found for item in versions)

    def item(self, item_id: str, region: str = NATIONAL) -> tuple[CatalogueVersion, ...]:
        """All versions of one series."""
        return self.series([(item_id, region)])

    def item_at(self, item_id: str, region: str, time: int) -> CatalogueVersion | None:
        """The version in force; `region` "": national ones only."""
        words = bytes32_ascii(item_id), _region_word(region)
        found = build(CatalogueVersion, self._read("itemAt", *words, time))
        return found if found.put_at else None

    def _item_words(self) -> Iterator[bytes]:
        return self._pages("itemIds", size=_PAGE_OF_WORDS)


class CaseRegistry(_RoleContract):
    """The status of records."""

    name = "CaseRegistry"

    def stored(self, record_ids: Sequence[bytes]) -> tuple[State, ...]:
        """What is kept of each record, here and before; of one that nobody ever acted on
        `NOTHING`. Raises NoContract where a word means nothing, as no code of ours writes."""
        size = PAGE_OF_RECORDS
        pages = [list(record_ids[at : at + size]) for at in range(0, len(record_ids), size)]
        found = self._read_all("stored", [(page,) for page in pages])
        try:
            states = tuple(state_of(values) for page in found for values in page)
        except Malformed as error:
            raise NoContract(self.address, f"{self.name}.stored") from error
        if len(states) != len(record_ids):
            raise NoContract(self.address, f"{self.name}.stored")
        return states

    def latest(self) -> ActCount:
        """All acts that ever were, those of predecessors too."""
        count, head = self._read("latest")
        return ActCount(count=count, head=Digest(head))

    def acknowledged(self, code: str) -> Acknowledgement:
        """How far a member has carried them out."""
        count, head_start = self._read("acknowledged", bytes32_ascii(code))
        return Acknowledgement(count=count, head_start=head_start)


class Revocations(_RoleContract):
    """Authorisations that were taken back."""

    name = "Revocations"

    def revoked_at(self, custodian: str, commitments: Sequence[bytes]) -> tuple[int | None, ...]:
        """Since when each is taken back, in Unix seconds; None: this contract knows nothing of it.
        custodian: the member that made the statements."""
        size = _PAGE_OF_AUTHORISATIONS
        pages = [list(commitments[at : at + size]) for at in range(0, len(commitments), size)]
        word = bytes32_ascii(custodian)
        read = self._read_all("revokedAt", [(word, page) for page in pages])
        found = tuple(time or None for times in read for time in times)
        if len(found) != len(commitments):
            raise NoContract(self.address, f"{self.name}.revokedAt")
        return found


class Products(_RoleContract):
    """Products made of records."""

    name = "Products"

    def product(self, member: str, product_id: bytes) -> Product | None:
        """A product of a member, registered with this contract or one before it; None: it is
        not."""
        found = build(Product, self._read("product", bytes32_ascii(member), product_id))
        return found if found.kind else None

    def versions(
        self, member: str, product_id: bytes, start: int, count: int
    ) -> tuple[ProductVersion, ...]:
        """Up to `count` versions behind the first `start`, in their order: the first of them is
        version `start` + 1. At most PAGE_OF_VERSIONS; fewer where there are no more."""
        word = bytes32_ascii(member)
        found = self._read("versions", word, product_id, start, count)
        if len(found) > count:
            raise NoContract(self.address, f"{self.name}.versions")
        return tuple(build(ProductVersion, version) for version in found)


def _region_word(region: str) -> bytes:
    return ZERO if region == NATIONAL else bytes32_ascii(region)
