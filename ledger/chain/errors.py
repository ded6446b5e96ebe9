"""What can go wrong between us and a chain. Branches of the tree in `ledger.core.errors`:

CouldNotCheck
├─ RpcFailure             one node gave no usable answer
│  ├─ RpcUnreachable        no connection, or it broke
│  │  └─ RpcTimeout           nothing within the time allowed
│  ├─ RpcRefused            an HTTP status other than 200
│  ├─ RpcNonsense           not JSON-RPC, too large, too deep, of the wrong shape
│  └─ RpcError              a JSON-RPC error object
│     └─ Reverted             the contract refused (an answer, the same on every honest node)
├─ NoQuorum               too few nodes answered
├─ Disagreement           nodes answered differently
├─ OtherChain             chain id or pinned deployment block differ
├─ BadHead                the head is too old, or ahead of our clock
├─ BlockGone              the block that was read is no longer on the chain
└─ NoContract             no code at an address, or code that answers in another shape
LedgerError
├─ SignerUnavailable      the signing service gave no signature
└─ TxError                a transaction that we wanted did not happen
   ├─ TxReverted            it was mined and failed
   ├─ TxRefused             the contract would refuse it, so it was not sent
   ├─ TxRejected            the nodes do not take it
   ├─ NonceTaken            another of our transactions has the nonce
   └─ TxPending             not mined within the time allowed; it may still be
"""

import ssl
from collections.abc import Mapping

import httpcore
import httpx

from ledger.core.errors import CouldNotCheck, LedgerError


class RpcFailure(CouldNotCheck):
    """One node gave no usable answer."""


class RpcUnreachable(RpcFailure):
    """No connection to `url`, or it broke before the whole answer was here."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("no-node", f"{url}: {problem}", url=url)


class RpcTimeout(RpcUnreachable):
    """No whole answer within the time allowed."""


class RpcRefused(RpcFailure):
    """An HTTP status other than 200 without a JSON-RPC error in it."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__("no-node", f"{url}: HTTP status {status}", url=url, status=status)
        self.status = status


class RpcNonsense(RpcFailure):
    """What came back is no answer to what was asked."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("node-nonsense", f"{url}: {problem}", url=url)


class RpcError(RpcFailure):
    """The node's own error object. `data` is None where the node gave none."""

    def __init__(self, url: str, *, number: int, text: str, data: object = None) -> None:
        super().__init__("node-error", f"{url}: {number} {text}", url=url)
        self.number = number
        self.text = text
        self.data = data


class Reverted(RpcError):
    """The call was carried out and refused. `payload`: ABI-encoded error, b"" if not given."""

    def __init__(self, url: str, *, number: int, text: str, payload: bytes) -> None:
        super().__init__(url, number=number, text=text, data=payload)
        self.payload = payload


class NoQuorum(CouldNotCheck):
    """Fewer than `needed` nodes answered; `causes` says by URL what the others did."""

    def __init__(self, what: str, *, needed: int, causes: Mapping[str, BaseException]) -> None:
        told = "; ".join(str(cause) for cause in causes.values()) or "no node asked"
        super().__init__("no-node", f"{what}: fewer than {needed} nodes answered ({told})")
        self.needed = needed
        self.causes = dict(causes)


class Disagreement(CouldNotCheck):
    """Nodes gave different answers to `what`; `answers` holds each by URL."""

    def __init__(self, what: str, answers: Mapping[str, object]) -> None:
        super().__init__("nodes-disagree", f"{what}: {', '.join(answers)} disagree")
        self.what = what
        self.answers = dict(answers)


class OtherChain(CouldNotCheck):
    """The nodes serve another chain than the one the network file pins."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("other-chain", f"{url}: {problem}", url=url)


class BadHead(CouldNotCheck):
    """`code` is head-too-old or head-in-future."""

    def __init__(self, code: str, *, head_time: int, now: int) -> None:
        super().__init__(code, f"head of {head_time}, clock at {now}", head_time=head_time, now=now)


class BlockGone(CouldNotCheck):
    """`block` (number or hash) is unknown, or was replaced while we read."""

    def __init__(self, url: str, block: object) -> None:
        super().__init__("block-gone", f"{url}: block {block} is not there", url=url, block=block)


class NoContract(CouldNotCheck):
    """What answers at `address` is not the contract that `what` belongs to."""

    def __init__(self, address: str, what: str) -> None:
        super().__init__("no-code", f"{address}: no answer to {what}", address=address)


class SignerUnavailable(LedgerError):
    """The signing service at `url` gave no signature. Worth another try later."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"{url}: {problem}")
        self.url = url


class TxError(LedgerError):
    """A transaction that we wanted did not happen. `key` names it in our store."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key


class TxReverted(TxError):
    """Mined and failed. `hash` is the transaction."""

    def __init__(self, key: str, *, hash_: str, block: int) -> None:
        super().__init__(key, f"{hash_} failed in block {block}")
        self.hash = hash_
        self.block = block


class TxRefused(TxError):
    """The contract would refuse it now, so it was not sent. `payload`: its ABI-encoded error."""

    def __init__(self, key: str, payload: bytes) -> None:
        super().__init__(key, f"refused with 0x{payload[:4].hex()}")
        self.payload = payload


class TxRejected(TxError):
    """The nodes do not take it: no funds, or more to pay than our own limit."""


class NonceTaken(TxError):
    """Another transaction of the store has `nonce`."""

    def __init__(self, key: str, nonce: int) -> None:
        super().__init__(key, f"nonce {nonce} is taken")
        self.nonce = nonce


class TxPending(TxError):
    """Not mined within the time allowed. It may still be: ask again, do not send another."""


# Foreign exceptions stop here. First match wins, so the narrow ones stand first.
FOREIGN: tuple[tuple[type[BaseException], type[RpcUnreachable | RpcNonsense]], ...] = (
    (httpx.TimeoutException, RpcTimeout),
    (httpcore.TimeoutException, RpcTimeout),
    (httpx.RemoteProtocolError, RpcUnreachable),  # mostly: hung up without an answer
    (httpx.DecodingError, RpcNonsense),
    (httpx.TooManyRedirects, RpcNonsense),
    (httpx.HTTPError, RpcUnreachable),
    (httpx.InvalidURL, RpcUnreachable),
    (httpx.StreamError, RpcUnreachable),
    (httpx.CookieConflict, RpcNonsense),
    (httpcore.RemoteProtocolError, RpcUnreachable),
    (httpcore.ProtocolError, RpcNonsense),
    (httpcore.NetworkError, RpcUnreachable),
    (httpcore.UnsupportedProtocol, RpcUnreachable),
    (httpcore.ConnectionNotAvailable, RpcUnreachable),
    (httpcore.ProxyError, RpcUnreachable),
    (ssl.SSLError, RpcUnreachable),
    (UnicodeError, RpcUnreachable),  # a host name that IDNA cannot spell
    (OSError, RpcUnreachable),
)


def translate(error: BaseException, url: str) -> RpcFailure | None:
    """Our error for a foreign one; None where the table has no line for it."""
    for foreign, ours in FOREIGN:
        if isinstance(error, foreign):
            return ours(url, f"{type(error).__name__}: {error}")
    return None
