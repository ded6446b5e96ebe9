"""What provinces vote on: kinds of actions with their data, to be built, and to be read by those
who vote.

Names of kinds are those of `contracts/types/Codes.sol` in lower case with hyphens, names of values
those of their ABI. Values are plain: codes of members, regions, roles and items are text ("" for
none), ids and hashes bytes, addresses 0x text, numbers int.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.contracts import structs
from ledger.chain.contracts.contract_abi import Param, Undecodable, decode, encode, load
from ledger.chain.contracts.structs import CatalogueItem, code_text, item_values
from ledger.core.errors import Malformed
from ledger.core.ids import Address, Digest, bytes32_ascii, keccak256, word
from ledger.core.status import Act, act_values

MAX_DATA = 24_576
"""Bytes of an action, as the contract bounds them."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is voted on: a kind of `contracts/types/Codes.sol` and its ABI-encoded data."""

    kind: int
    data: bytes

    @property
    def data_hash(self) -> Digest:
        """keccak256(data), as it is signed."""
        return keccak256(self.data)


@dataclass(frozen=True, slots=True)
class Decoded:
    """An action in words: the name of its kind, and its values by name."""

    name: str
    values: Mapping[str, Any]


def _param(kind: str, name: str) -> Param:
    return Param(kind, name, False, ())


_MEMBER, _ROLE = _param("bytes32", "member"), _param("bytes32", "role")
_SINCE, _SUITE = _param("uint64", "since"), _param("uint16", "suite")
_KEY_ID, _LOG_ID = _param("bytes32", "keyId"), _param("bytes32", "logId")
# Words that hold ASCII codes; other words are ids and hashes.
_CODES = frozenset({"member", "code", "region", "role", "itemId"})


@functools.cache
def _kinds() -> dict[int, tuple[str, tuple[Param, ...]]]:
    founders, keys = load("Consortium").constructor[:2]
    founder = Param(founders.type.removesuffix("[]"), "founder", False, founders.members)
    key = Param(keys.type.removesuffix("[]"), "key", False, keys.members)
    items = load("Catalogue").functions["putNational"].inputs[0]
    acts = load("CaseRegistry").functions["actByVote"].inputs[0]
    member = (_MEMBER,)
    return {
        structs.SUSPEND: ("suspend", member),
        structs.REINSTATE: ("reinstate", member),
        structs.RECOVER_KEY: ("recover-key", (key,)),
        structs.REGISTER_CONTRACT: ("register-contract", (_ROLE, _param("address", "account"))),
        structs.OPEN_SUCCESSOR: (
            "open-successor",
            (_LOG_ID, _param("uint64", "trustedSize"), _SUITE),
        ),
        structs.COMPROMISE_KEY: ("compromise-key", (_MEMBER, _KEY_ID, _SINCE)),
        structs.PUT_NATIONAL: ("put-national", (_param("address", "catalogue"), items)),
        structs.SET_CHAIR: ("set-chair", member),
        structs.ACT: ("act", (_param("address", "registry"), acts)),
        structs.ADMIT: ("admit", (founder, keys)),
        structs.RETIRE: ("retire", member),
        structs.SET_ROLES: ("set-roles", (_MEMBER, _param("uint8", "roles"))),
        structs.SET_THRESHOLD: ("set-threshold", (_param("uint64", "threshold"),)),
        structs.OPEN_LOG: ("open-log", (_MEMBER, _SUITE)),
        structs.COMPROMISE_ALL: (
            "compromise-all",
            (_MEMBER, _param("uint8", "purpose"), _SINCE),
        ),
    }


def kind_names() -> tuple[str, ...]:
    """Of all kinds, in the order of their numbers."""
    return tuple(name for name, _ in _kinds().values())


def parameters(name: str) -> tuple[Param, ...]:
    """Of a kind, by its name. Raises Malformed where there is none of that name."""
    return _kinds()[_number(name)][1]


def action(name: str, values: Mapping[str, Any]) -> Action:
    """An action from plain values: the inverse of `decode_action`. Raises Malformed."""
    kind = _number(name)
    params = _kinds()[kind][1]
    wanted = [param.name for param in params]
    if set(values) != set(wanted):
        raise Malformed(name, f"needs {', '.join(wanted)} and nothing else")
    try:
        data = encode(params, [_bare(param, values[param.name]) for param in params])
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(name, f"a value is not what the contract takes: {error}") from error
    if len(data) > MAX_DATA:
        raise Malformed(name, f"longer than {MAX_DATA} bytes: propose it in parts")
    return Action(kind, data)


def decode_action(kind: int, data: bytes) -> Decoded | None:
    """What an action says; None for a kind of later times. Raises Malformed where the data are not
    what the kind needs, which no contract would carry out."""
    if kind not in _kinds():
        return None
    name, params = _kinds()[kind]
    try:
        found = decode(params, data)
    except Undecodable as error:
        raise Malformed(name, f"its data is not what the contract takes: {error}") from error
    pairs = zip(params, found, strict=True)
    return Decoded(name, {param.name: _plain(param, value) for param, value in pairs})


def proposal_id(
    chain_id: int, consortium: Address, proposer: str, of: Action, salt: bytes
) -> Digest:
    """keccak256(abi.encode(chainId, consortium, proposer, kind, dataHash, salt))."""
    account = encode((_param("address", ""),), (consortium,))
    proposed = bytes32_ascii(proposer) + word(of.kind) + of.data_hash + salt
    return keccak256(word(chain_id) + account + proposed)


# ---- builders for what programs propose themselves


def register_contract(role: str, account: Address) -> Action:
    """`account` takes over `role`."""
    return action("register-contract", {"role": role, "account": account})


def put_national(catalogue: Address, items: Sequence[CatalogueItem]) -> Action:
    """`items` go into the catalogue. Carried out by `Catalogue.putNational`, not by `execute`."""
    values = [item_values(item) for item in items]
    return action("put-national", {"catalogue": catalogue, "items": values})


def act(registry: Address, acts: Sequence[Act]) -> Action:
    """Acts on records. Carried out by `CaseRegistry.actByVote`, not by `execute`."""
    values = [act_values(one) for one in acts]
    return action("act", {"registry": registry, "acts": values})


def suspend(member: str) -> Action:
    """It writes no more, but may end its keys."""
    return action("suspend", {"member": member})


def reinstate(member: str) -> Action:
    """Of a suspended member."""
    return action("reinstate", {"member": member})


def retire(member: str) -> Action:
    """For good; its logs are closed at the size that they have."""
    return action("retire", {"member": member})


def set_roles(member: str, roles: int) -> Action:
    """`roles`: ledger.core.keys.Role."""
    return action("set-roles", {"member": member, "roles": int(roles)})


def set_threshold(threshold: int) -> Action:
    """At most as many as ACTIVE provinces, more than half of them."""
    return action("set-threshold", {"threshold": threshold})


def set_chair(member: str) -> Action:
    """The rotating chair, a label."""
    return action("set-chair", {"member": member})


def open_log(member: str, suite: int = 1) -> Action:
    """A further log of a member."""
    return action("open-log", {"member": member, "suite": suite})


def open_successor(log_id: bytes, trusted_size: int, suite: int = 1) -> Action:
    """Close a log at the last size to be trusted and open the next."""
    values = {"logId": log_id, "trustedSize": trusted_size, "suite": suite}
    return action("open-successor", values)


def compromise_key(member: str, key_id: bytes, since: int) -> Action:
    """A key is held to be stolen from `since` on, earlier or later than what stands."""
    return action("compromise-key", {"member": member, "keyId": key_id, "since": since})


def compromise_all(member: str, purpose: int, since: int) -> Action:
    """All keys of a purpose are; what stands earlier stays."""
    return action("compromise-all", {"member": member, "purpose": int(purpose), "since": since})


def recover_key(key: Mapping[str, Any]) -> Action:
    """A GOVERN key for a member that has lost its own; `key` as in `requests.key_input`. It begins
    in seven days at the earliest."""
    return action("recover-key", {"key": dict(key)})


def admit(founder: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Action:
    """A new member `{code, region, roles, endpoint}` with 1 to 32 keys of its own."""
    return action("admit", {"founder": dict(founder), "keys": [dict(key) for key in keys]})


# ---- plain values and words


def _number(name: str) -> int:
    for kind, (known, _) in _kinds().items():
        if known == name:
            return kind
    raise Malformed("kind", f"{name} is none of {', '.join(kind_names())}")


def _bare(param: Param, value: Any) -> Any:
    """As the ABI wants it; codes may be words already."""
    if param.type.endswith("[]"):
        one = Param(param.type.removesuffix("[]"), param.name, False, param.members)
        return [_bare(one, item) for item in value]
    if param.members:
        wanted = {member.name for member in param.members}
        if set(value) != wanted:
            raise ValueError(f"{param.name} needs {', '.join(sorted(wanted))}")
        return {member.name: _bare(member, value[member.name]) for member in param.members}
    if param.name in _CODES and isinstance(value, str):
        return bytes32_ascii(value) if value else structs.ZERO
    return value


def _plain(param: Param, value: Any) -> Any:
    """The inverse of `_bare`. A code that nobody can type shows as hex."""
    if param.type.endswith("[]"):
        one = Param(param.type.removesuffix("[]"), param.name, False, param.members)
        return [_plain(one, item) for item in value]
    if param.members:
        return {member.name: _plain(member, value[member.name]) for member in param.members}
    return code_text(value) if param.name in _CODES else value
