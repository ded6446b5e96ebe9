"""What can go wrong between us and a chain. Branches of the tree in `ledger.core.errors`:

CouldNotCheck
├─ RpcFailure             one node gave no usable answer
│  ├─ RpcUnreachable        no connection, or it broke
│  │  ├─ RpcTimeout           nothing within the time allowed
│  │  └─ RpcNotPublic         its address is private, where only public ones are called
│  ├─ RpcRefused            an HTTP status other than 200
│  ├─ RpcNonsense           not JSON-RPC, too deep, of the wrong shape
│  │  └─ RpcTooLong           an answer longer than is taken
│  ├─ RpcPruned             the node no longer holds what is that old
│  └─ RpcError              a JSON-RPC error object
│     ├─ Reverted             the contract refused (an answer, the same on every honest node)
│     └─ NoFunds              the account that would pay has not enough (likewise)
├─ NoQuorum               too few nodes answered
├─ TooManyPruned          the nodes that could answer no longer hold what is that old
├─ Disagreement           fewer than a quorum of nodes answered alike
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
   │  ├─ PayerEmpty           the account that pays has not enough
   │  └─ FeeTooHigh           it would cost more than our own limit
   ├─ NonceTaken            another of our transactions has the nonce
   └─ TxPending             not mined within the time allowed; it may still be

A failure is transient or permanent: `transient` says whether asking again may help, `tries` how
often at most, `retry_after` what the node itself asked for, `too_much` whether less may be had.
"""

import re
import ssl
from collections.abc import Mapping, Sequence

import httpcore
import httpx

from ledger.core.errors import CouldNotCheck, LedgerError


class RpcFailure(CouldNotCheck):
    """One node gave no usable answer.

    transient: the same question may be answered later. tries: how often it is worth asking, 0: for
    as long as there is time. retry_after: seconds to wait, by the node's own word. too_much: a
    smaller question may be answered.
    """

    transient = False
    tries = 0
    retry_after: float | None = None
    too_much = False


class RpcUnreachable(RpcFailure):
    """No connection to `url`, or it broke before the whole answer was here."""

    transient = True
    tries = 3  # a line is cut now and then; where nobody listens, nobody will

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("no-node", f"{url}: {problem}", url=url)


class RpcNotPublic(RpcUnreachable):
    """A host has an address that is not everybody's, where none but those are called."""

    transient = False


class RpcTimeout(RpcUnreachable):
    """No whole answer within the time allowed, which was long enough for this question."""

    transient = False
    too_much = True


# HTTP: what a server says when it may answer later, and when the answer would be too large.
_BUSY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_LARGE_STATUS = 413
_SERVER_ERROR = 500


class RpcRefused(RpcFailure):
    """An HTTP status other than 200 without a JSON-RPC error in it."""

    def __init__(self, url: str, status: int, *, retry_after: float | None = None) -> None:
        super().__init__("no-node", f"{url}: HTTP status {status}", url=url, status=status)
        self.status = status
        self.transient = status in _BUSY_STATUS
        self.too_much = status == _LARGE_STATUS or status >= _SERVER_ERROR
        self.retry_after = retry_after


class RpcNonsense(RpcFailure):
    """What came back is no answer to what was asked. page: it was no JSON at all, such as the page
    that a load balancer shows while nothing is behind it."""

    tries = 4

    def __init__(self, url: str, problem: str, *, page: bool = False) -> None:
        super().__init__("node-nonsense", f"{url}: {problem}", url=url)
        self.transient = page
        self.too_much = True


class RpcTooLong(RpcNonsense):
    """An answer longer than was asked to be taken."""


class RpcPruned(RpcFailure):
    """The node has thrown away what is that old; others may have it."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("node-pruned", f"{url}: {problem}", url=url)


# JSON-RPC: EIP-1474 has -32005 "limit exceeded", said of a rate as well as of a range.
_LIMIT, _NO_METHOD = -32005, -32601
_BEHIND = re.compile(r"(header|block) (was )?not found|unknown block", re.I)
_BUSY = re.compile(r"too many requests|rate.?limit|limit exceeded|capacity|server (is )?busy", re.I)
_BEHIND_TRIES = 7  # some six seconds: two blocks of the slowest engine we know


class RpcError(RpcFailure):
    """The node's own error object. `data` is None where the node gave none."""

    def __init__(self, url: str, *, number: int, text: str, data: object = None) -> None:
        super().__init__("node-error", f"{url}: {number} {text}", url=url)
        self.number = number
        self.text = text
        self.data = data
        behind = _BEHIND.search(text) is not None
        self.transient = behind or number == _LIMIT or _BUSY.search(text) is not None
        self.tries = _BEHIND_TRIES if behind else 0
        self.too_much = number != _NO_METHOD and not behind


class Reverted(RpcError):
    """The call was carried out and refused. `payload`: ABI-encoded error, b"" if not given."""

    def __init__(self, url: str, *, number: int, text: str, payload: bytes) -> None:
        super().__init__(url, number=number, text=text, data=payload)
        self.payload = payload
        self.transient = False


class NoFunds(RpcError):
    """The account in whose name was asked could not pay for it."""


class NoQuorum(CouldNotCheck):
    """Fewer than `needed` nodes answered; `causes` says by URL what the others did."""

    def __init__(self, what: str, *, needed: int, causes: Mapping[str, BaseException]) -> None:
        told = "; ".join(str(cause) for cause in causes.values()) or "no node asked"
        super().__init__("no-node", f"{what}: fewer than {needed} nodes answered ({told})")
        self.needed = needed
        self.causes = dict(causes)


class TooManyPruned(CouldNotCheck):
    """So many `nodes` have thrown `what` away that fewer than a quorum still have it."""

    def __init__(self, what: str, nodes: Sequence[str]) -> None:
        super().__init__("node-pruned", f"{what}: no longer held by {', '.join(nodes)}")
        self.nodes = tuple(nodes)


class Disagreement(CouldNotCheck):
    """Fewer nodes than the quorum gave one and the same answer to `what`; `answers` holds each by
    URL."""

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
    """`block` (number or hash) is unknown, or was replaced while we read.

    missing: the node has no block there, as one of several behind a load balancer that is a little
    late; it may have it soon.
    """

    tries = _BEHIND_TRIES
    retry_after: float | None = None

    def __init__(self, url: str, block: object, *, missing: bool = False) -> None:
        super().__init__("block-gone", f"{url}: block {block} is not there", url=url, block=block)
        self.transient = missing


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
    """A transaction that we wanted did not happen. `key` names it in our store, `code` says why."""

    code = "tx-failed"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key


class TxReverted(TxError):
    """Mined and failed. `hash` is the transaction."""

    code = "tx-reverted"

    def __init__(self, key: str, *, hash_: str, block: int) -> None:
        super().__init__(key, f"{hash_} failed in block {block}")
        self.hash = hash_
        self.block = block


class TxRefused(TxError):
    """The contract would refuse it now, so it was not sent. `payload`: its ABI-encoded error."""

    code = "tx-refused"

    def __init__(self, key: str, payload: bytes) -> None:
        super().__init__(key, f"refused with 0x{payload[:4].hex()}")
        self.payload = payload


class TxRejected(TxError):
    """The nodes do not take it, in their own words."""

    code = "node-refuses"


class PayerEmpty(TxRejected):
    """The account that pays has not enough for it; fund `payer`, and it goes on by itself."""

    code = "payer-empty"

    def __init__(self, key: str, *, payer: str, text: str) -> None:
        super().__init__(key, f"{payer} cannot pay ({text}); fund it")
        self.payer = payer


class FeeTooHigh(TxRejected):
    """The network asks for more than our own limit, in wei per gas."""

    code = "fee-too-high"

    def __init__(self, key: str, *, fee: int, limit: int) -> None:
        super().__init__(key, f"{fee} wei per gas is above {limit}")
        self.fee = fee
        self.limit = limit


class NonceTaken(TxError):
    """Another transaction of the store has `nonce`."""

    code = "nonce-taken"

    def __init__(self, key: str, nonce: int) -> None:
        super().__init__(key, f"nonce {nonce} is taken")
        self.nonce = nonce


class TxPending(TxError):
    """Not mined within the time allowed. It may still be: ask again, do not send another."""

    code = "tx-pending"


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
    (httpcore.LocalProtocolError, RpcUnreachable),
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
