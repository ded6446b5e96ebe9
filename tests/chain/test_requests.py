"""What a member writes about itself, signed here or on another machine."""

import pytest

from ledger.chain.contracts.structs import YES
from ledger.chain.errors import TxRefused
from ledger.chain.governing import requests
from ledger.chain.governing.requests import Domain, Request
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core import eip712
from ledger.core.errors import ConfigError, Malformed
from ledger.core.keys import Alg, Purpose
from tests.support import votes
from tests.support.chain import TestNetwork

DOMAIN = Domain(31337, "0x" + "11" * 20)  # type: ignore[arg-type]
SIGNER = LocalSigner(Alg.SECP256K1, b"\x07" * 32)


def new_key(alg: Alg = Alg.SECP256K1) -> LocalSigner:
    return LocalSigner(alg, new_secret())


def add_key(signer: LocalSigner) -> Request:
    key = requests.key_input(
        member="110000",
        purpose=Purpose.CASE,
        alg=signer.alg,
        public_key=signer.public_key,
        not_before=1,
    )
    return requests.add_key(key=key, seq=0, deadline=9)


def test_keys_of_every_algorithm_are_added(network: TestNetwork) -> None:
    for purpose, alg in (
        (Purpose.CASE, Alg.SECP256K1),
        (Purpose.PRESENT, Alg.P256),
        (Purpose.WITNESS, Alg.ED25519),
    ):
        signer = new_key(alg)
        votes.add_key(network, "demo-bank", purpose, signer)
        found = network.consortium.key("demo-bank", signer.key_id)
        assert found is not None
        assert (found.purpose, found.public_key) == (purpose, signer.public_key)


def test_keys_end_and_endpoints_change(network: TestNetwork) -> None:
    key_id = network.keys["demo-bank", Purpose.NOTE].key_id
    votes.revoke(network, "demo-bank", key_id)
    found = network.consortium.key("demo-bank", key_id)
    assert found is not None
    assert found.not_after <= network.anvil.head_time()
    votes.set_endpoint(network, "demo-bank", "https://新.example")
    bank = network.consortium.member("demo-bank")
    assert bank is not None
    assert (bank.endpoint, bank.seq) == ("https://新.example", 2)


def test_a_signature_of_another_machine(network: TestNetwork) -> None:
    """The digest goes there, the signature comes back; nothing else is needed."""
    domain = Domain(network.file.chain_id, network.deployment.consortium)
    request = requests.set_endpoint(
        member="110000", endpoint="x", seq=0, deadline=network.anvil.head_time() + 60
    )
    signature = network.keys["110000", Purpose.GOVERN].sign_digest(request.digest(domain))
    votes.send(network, request, request.calldata(signature))
    with pytest.raises(TxRefused):  # its seq is used up
        votes.send(network, request, request.calldata(signature))


def test_who_signs_what() -> None:
    for request in (
        requests.vote(member="110000", proposal=bytes(32), choice=YES, deadline=1),
        requests.set_endpoint(member="110000", endpoint="", seq=0, deadline=1),
        requests.revoke_key(member="110000", key_id=bytes(32), seq=0, deadline=1),
    ):
        data = request.signed(DOMAIN, SIGNER)
        signature = SIGNER.sign_digest(request.digest(DOMAIN))
        assert signature in data
        assert eip712.recover(request.digest(DOMAIN), signature).address == SIGNER.address
        other = Domain(31338, DOMAIN.consortium)
        assert request.digest(other) != request.digest(DOMAIN)


def test_a_new_key_signs_for_itself() -> None:
    signer = new_key()
    request = add_key(signer)
    own = requests.own_signature(request, DOMAIN, signer)
    assert eip712.recover(request.digest(DOMAIN), own).public_key == signer.public_key
    for other in (None, new_key(), new_key(Alg.P256)):
        with pytest.raises(ConfigError, match="sign for itself"):
            requests.signed_add_key(request, DOMAIN, SIGNER, other)


def test_other_algorithms_prove_nothing() -> None:
    for alg in (Alg.P256, Alg.ED25519):
        assert requests.own_signature(add_key(new_key(alg)), DOMAIN, None) == b""


def test_numbers_out_of_range() -> None:
    with pytest.raises(Malformed):
        requests.vote(member="110000", proposal=bytes(32), choice=256, deadline=1).digest(DOMAIN)
    with pytest.raises(Malformed):
        requests.set_endpoint(member="110000", endpoint="", seq=-1, deadline=1).digest(DOMAIN)
    with pytest.raises(Malformed):
        requests.revoke_key(member="", key_id=bytes(32), seq=0, deadline=1)
