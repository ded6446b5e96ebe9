"""Check 28, as far as it is about the promise itself: who signed it, and with which key."""

from __future__ import annotations

from ledger.core.canonical import instant
from ledger.core.errors import SignatureInvalid
from ledger.core.ids import key_id
from ledger.core.keys import Alg, Purpose
from ledger.core.promise import Promise
from ledger.core.receipt import parse_network
from ledger.core.verdict.checks import Check, failed, passed
from ledger.core.verdict.facts import KeyFact, PromiseFacts
from ledger.core.verdict.judging import CLOCK_SKEW


def promise_key(
    promise: Promise, facts: PromiseFacts, *, reference: str, owner: str
) -> KeyFact | None:
    """The ANCHOR key of the owner of the log that signed it; None: none did. reference: of the
    network, `eip155:<chainId>:<consortium>`."""
    chain_id, _ = parse_network(reference)
    for contract in facts.log_anchors:
        try:
            by = promise.signer(chain_id=chain_id, log_anchor=contract, member=owner)
        except SignatureInvalid:
            return None
        key = facts.keys.get(key_id(Alg.SECP256K1, by.public_key))
        if key is not None and key.serves(owner, Purpose.ANCHOR):
            return key
    return None


def check_signed(promise: Promise, key: KeyFact | None, latest: int) -> Check:
    """Whether this key made it the owner's promise: valid then, and its registration final.
    latest: the later of the head's time and the local clock, in Unix seconds."""
    at = promise.issued_at
    if key is None:
        return failed("promise", "promise-not-signed")
    if at > latest + CLOCK_SKEW:
        return failed("promise", "promise-in-future", time=instant(at))
    if not key.valid_at(at):
        return failed("promise", "promise-key-not-valid", time=instant(at))
    since = key.stolen_since()
    if since is not None and at >= since:
        times = {"since": instant(since), "time": instant(at)}
        return failed("promise", "promise-key-disputed", **times)
    return passed("promise") if key.final else failed("promise", "key-not-final")
