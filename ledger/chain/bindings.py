"""Our contracts, typed. Reads go through any function (address, calldata) → result, such as
`View.call`, and those of a set through one that takes them together, such as `View.calls`; what
they give is in `structs`, events are in `events`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, cast

from ledger.chain.contract_abi import ContractAbi, Name, Undecodable, load
from ledger.chain.errors import NoContract
from ledger.chain.structs import (
    ZERO,
    AnchoredSize,
    Ballot,
    CatalogueItem,
    ContractRegistration,
    Key,
    Log,
    Member,
    Proposal,
    address,
    address_or_none,
    build,
    code_text,
    digest_or_none,
)
from ledger.core.ids import Address, Digest, KeyId, bytes32_ascii

Call = Callable[[Address, bytes], bytes]
Many = Callable[[Sequence[tuple[Address, bytes]]], list[bytes]]

LOG_ANCHOR, CATALOGUE, CASE_REGISTRY = "LogAnchor", "Catalogue", "CaseRegistry"  # roles


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

    def _read_all(self, function: str, arguments: Iterable[Any]) -> list[Any]:
        """As `_read`, for each of `arguments`."""
        spec = self.abi.functions[function]
        wanted = [(self.address, spec.encode(argument)) for argument in arguments]
        return [self._decoded(function, data) for data in self._many(wanted)]

    def _decoded(self, function: str, data: bytes) -> Any:
        try:
            values = self.abi.functions[function].decode(data)
        except Undecodable as error:
            raise NoContract(self.address, f"{self.name}.{function}") from error
        return values[0] if len(values) == 1 else values


class Consortium(_Contract):
    """Members, keys, logs, votes and contracts. Unknown ids give None, never an error."""

    name = "Consortium"

    def member(self, code: str) -> Member | None:
        found = build(Member, self._read("member", bytes32_ascii(code)))
        return found if found.status else None

    def members(self) -> tuple[Member, ...]:
        """In the order of founding."""
        found = self._read_all("member", self._read("memberCodes"))
        return tuple(build(Member, member) for member in found)

    def key(self, key_id: bytes) -> Key | None:
        found = self._read("key", key_id)
        return build(Key, found) if found["keyId"] != ZERO else None

    def keys(self, code: str) -> tuple[Key, ...]:
        """Of a member, in the order of registration."""
        found = self._read_all("key", self._read("keyIds", bytes32_ascii(code)))
        return tuple(build(Key, key) for key in found)

    def key_valid_at(self, key_id: bytes, purpose: int, time: int) -> bool:
        return cast(bool, self._read("keyValidAt", key_id, purpose, time))

    def key_of_signer(self, code: str, purpose: int, signer: Address) -> KeyId | None:
        """At the time of the block that is read."""
        found = self._read("keyOfSigner", bytes32_ascii(code), purpose, signer)
        return KeyId(found) if found != ZERO else None

    def log(self, log_id: bytes) -> Log | None:
        found = build(Log, self._read("log", log_id))
        return found if found.status else None

    def logs(self) -> tuple[Log, ...]:
        """In the order of opening."""
        return tuple(build(Log, log) for log in self._read_all("log", self._read("logIds")))

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
    """What may be recorded."""

    name = "Catalogue"

    def item_ids(self) -> tuple[str, ...]:
        return tuple(code_text(word) for word in self._read("itemIds"))

    def items(self) -> tuple[CatalogueItem, ...]:
        """All versions of all items."""
        found = self._read_all("item", self._read("itemIds"))
        return tuple(build(CatalogueItem, item) for versions in found for item in versions)

    def item(self, item_id: str) -> tuple[CatalogueItem, ...]:
        """All versions, national ones and those of every region."""
        found = self._read("item", bytes32_ascii(item_id))
        return tuple(build(CatalogueItem, item) for item in found)

    def item_at(self, item_id: str, region: str, time: int) -> CatalogueItem | None:
        """The version in force; `region` "": national ones only."""
        word = bytes32_ascii(region) if region else ZERO
        found = build(CatalogueItem, self._read("itemAt", bytes32_ascii(item_id), word, time))
        return found if found.version else None
