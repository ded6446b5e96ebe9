"""Typed digests against another library, and both ways to recover a key against each other."""

import json
import re
from importlib.util import find_spec
from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.backends.native.main import NativeECCBackend
from eth_keys.datatypes import PrivateKey
from eth_keys.main import KeyAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import eip712, keys
from ledger.core.errors import EvidenceError, Malformed, SignatureInvalid
from tests.core.material import ROOT, fuzz, refuses

ADDRESS = "0x" + "ab" * 20
PRIVATE = st.integers(1, keys.ORDERS[keys.Alg.SECP256K1] - 1).map(lambda n: n.to_bytes(32, "big"))
WORDS = st.binary(min_size=32, max_size=32)


def members(struct: str) -> list[dict[str, str]]:
    inside = eip712.STRUCTS[struct].partition("(")[2].partition(")")[0]
    return [dict(zip(("type", "name"), m.split(" "), strict=True)) for m in inside.split(",")]


def values_of(struct: str) -> st.SearchStrategy[dict[str, Any]]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bytes32": WORDS,
        "bytes": st.binary(max_size=80),
        "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        **{f"uint{n}": st.integers(0, 2**n - 1) for n in (8, 16, 32, 64)},
    }
    for held in held_by(struct):
        kinds[f"{held}[]"] = st.lists(values_of(held), max_size=4)
    return st.fixed_dictionaries({m["name"]: kinds[m["type"]] for m in members(struct)})


def held_by(struct: str) -> list[str]:
    """Structs of which it has lists."""
    return [kind[:-2] for m in members(struct) if (kind := m["type"]).endswith("[]")]


@pytest.mark.parametrize("struct", [name for name in eip712.STRUCTS if name != "EIP712Domain"])
@settings(fuzz, max_examples=30)
@given(data=st.data(), chain_id=st.integers(1, 2**53 - 1))
def test_digests_are_those_of_another_library(
    struct: str, data: st.DataObject, chain_id: int
) -> None:
    values = data.draw(values_of(struct))
    message = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": members("EIP712Domain"),
                **{name: members(name) for name in (struct, *held_by(struct))},
            },
            "primaryType": struct,
            "domain": {
                "name": "CreditLedger LogAnchor",
                "version": "1",
                "chainId": chain_id,
                "verifyingContract": ADDRESS,
            },
            "message": values,
        }
    )
    domain = eip712.domain("LogAnchor", chain_id, ADDRESS)
    assert bytes(eip712.digest(domain, struct, values)) == bytes(_hash_eip191_message(message))


def test_structs_are_those_of_the_specification() -> None:
    """Every struct stands there (design 5, design-2 18) as it is here."""
    pages = [ROOT / "docs" / "design" / f"{name}.md" for name in ("design", "design-2")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    text = re.sub(r",\n +", ",", text)  # line breaks are no part of a type
    for name, struct in eip712.STRUCTS.items():
        own, _, held = struct.partition(")")
        shown = own + ")" + ("Act(…)" if held else "")
        assert shown in text or name == "EIP712Domain", name
        assert held in ("", eip712.STRUCTS["Act"])


def test_values_of_the_wrong_shape() -> None:
    domain = eip712.domain("LogAnchor", 1, ADDRESS)
    good: dict[str, eip712.Value] = {
        "member": bytes(32),
        "endpoint": "https://a",
        "seq": 1,
        "deadline": 2,
    }
    assert len(eip712.digest(domain, "SetEndpoint", good)) == 32
    wrong: tuple[dict[str, Any], ...] = (
        *({"member": bytes(31)}, {"member": "120000"}, {"member": 1}, {"endpoint": b"x"}),
        *({"seq": -1}, {"seq": 2**64}, {"seq": True}, {"seq": "1"}, {"endpoint": "\ud800"}),
        *({"seq": b"\1"}, {"more": 1}),
    )
    for change in wrong:
        values = {**good, **change}
        assert refuses(Malformed, eip712.digest, domain, "SetEndpoint", values), change
    with pytest.raises(Malformed, match="separator"):
        eip712.digest(domain[:31], "SetEndpoint", good)
    acts: dict[str, Any] = {"member": bytes(32), "acts": [], "deadline": 1}
    assert len(eip712.digest(domain, "Acts", acts)) == 32
    bad: tuple[Any, ...] = ("", b"", 1, {}, [1], [{}], [{"logId": bytes(32)}])
    for wrong_acts in bad:
        values = {**acts, "acts": wrong_acts}
        assert refuses(Malformed, eip712.digest, domain, "Acts", values), wrong_acts
    del good["seq"]
    assert refuses(Malformed, eip712.digest, domain, "SetEndpoint", good)
    assert refuses(Malformed, eip712.domain, "LogAnchor", 1, ADDRESS.upper())
    assert refuses(Malformed, eip712.recover, bytes(31), bytes(65))


@settings(fuzz, max_examples=60)
@given(PRIVATE, WORDS)
def test_recover_gives_back_who_signed(secret: bytes, digest: bytes) -> None:
    key = PrivateKey(secret)
    made = key.sign_msg_hash(digest)
    signature = made.to_bytes()[:64] + bytes([27 + made.v])
    signer = eip712.recover(digest, signature)
    assert signer.address == key.public_key.to_address()
    assert signer.public_key == key.public_key.to_bytes()
    assert eip712.address_of(signer.public_key) == signer.address
    for wrong in (signature[:64] + bytes([made.v]), signature[:-1], signature + b"\0"):
        assert refuses(SignatureInvalid, eip712.recover, digest, wrong)
    flipped = bytes([digest[0] ^ 1]) + digest[1:]
    assert _recovered(flipped, signature) != signer


def test_the_range_of_a_signature() -> None:
    order, one = keys.ORDERS[keys.Alg.SECP256K1], (1).to_bytes(32, "big")
    top = order.to_bytes(32, "big")
    for r, s in ((bytes(32), one), (top, one), (one, bytes(32))):
        with pytest.raises(SignatureInvalid, match="outside the group"):
            eip712.recover(bytes(32), r + s + b"\x1b")
    for v in (0, 1, 26, 29, 255):
        with pytest.raises(SignatureInvalid, match="v is not"):
            eip712.recover(bytes(32), one + one + bytes([v]))
    assert eip712.recover(bytes(32), one + one + b"\x1b")
    with pytest.raises(SignatureInvalid, match="no key"):
        eip712.recover(bytes(32), (order - 1).to_bytes(32, "big") + one + b"\x1b")


def _recovered(digest: bytes, signature: bytes) -> eip712.Signer | None:
    try:
        return eip712.recover(digest, signature)
    except SignatureInvalid:
        return None


@settings(fuzz, max_examples=40)
@given(WORDS, WORDS, WORDS, st.sampled_from([27, 28]))
def test_native_library_and_plain_python_agree(digest: bytes, r: bytes, s: bytes, v: int) -> None:
    """On signatures that nobody made, too: same key or both refuse."""
    signature = r + bytes([s[0] & 0x3F]) + s[1:] + bytes([v])
    answer = _by(NativeECCBackend, digest, signature)
    if find_spec("coincurve"):  # no wheel for the newest Python: there plain Python serves alone
        assert _by(CoinCurveECCBackend, digest, signature) == answer
    ours = _recovered(digest, signature)
    assert (ours.public_key if ours else None) == answer


def _by(backend: type[Any], digest: bytes, signature: bytes) -> bytes | None:
    api = KeyAPI(backend)
    try:
        made = api.Signature(signature[:64] + bytes([signature[64] - 27]))
        public: bytes = api.ecdsa_recover(digest, made).to_bytes()
    except Exception as error:
        assert type(error).__name__ in ("BadSignature", "ValidationError"), error
        return None
    return public


@fuzz
@given(WORDS, st.binary(min_size=65, max_size=65))
def test_arbitrary_signatures(digest: bytes, signature: bytes) -> None:
    refuses(EvidenceError, eip712.recover, digest, signature)
    refuses(EvidenceError, eip712.recover, digest, signature[:64] + b"\x1b")


def test_type_hash_of_a_known_struct() -> None:
    """The domain's type hash as OpenZeppelin prints it."""
    known = "8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f"
    assert eip712.type_hash("EIP712Domain").hex() == known
    assert json.dumps(sorted(eip712.STRUCTS)).count(",") == 15


def test_the_members_of_a_struct_in_their_order() -> None:
    names = ["member", "logId", "prevSize", "size", "root", "deadline"]
    assert eip712.members("Checkpoint") == names


@pytest.mark.parametrize("struct", sorted(eip712.STRUCTS))
def test_members_with_their_types(struct: str) -> None:
    found = eip712.typed_members(struct)
    assert [{"type": kind, "name": name} for kind, name in found] == members(struct)
    assert [name for _, name in found] == eip712.members(struct)
