"""Acts on records: what they cost on the chain, how fast a gateway sends and follows them, and what
they cost whoever verifies."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from gateway.base.db import open_engine
from gateway.base.settings import load
from gateway.devnet.layout import Layout
from gateway.devnet.members import key_path, password_of
from gateway.tokens.services import add_token
from ledger.chain.case_calls import CaseDomain, act_calldata, acts_digest
from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.keys.signers import open_signer
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.nodes.rpc import Rpc
from ledger.core.canonical import hex0x
from ledger.core.ids import Address, Digest, LogId
from ledger.core.receipt import parse
from ledger.core.status import NO_LOG, ZERO, Act, Action, Basis
from ledger.verify import Verifier, ask
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import CODE
from scripts.bench_parts.proofs import Held
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

OTHER = "110000"
"""A member without a gateway here, whose keys lie in the folder of the network."""
PAGE = 64
"""Acts of one call, as many as the contract takes."""
CALLS = 20
AHEAD = 3600
SENDERS = 2
"""As many steps as a token may hand in at once."""
CPU = "processor time of the gateway, µs per {}"
VERIFY = "verify_with_acts_per_s"
_SHANGHAI, _DAY = 8 * 3600, 86_400
_PDF = b"%PDF-1.7\n% synthetic\n%%EOF\n"


class Registry:
    """Sends acts past all gateways, as a member that has its own software would."""

    def __init__(self, site: Site, member: str) -> None:
        self._rpc = Rpc(site.rpc, timeout=60)
        self.network = NetworkFile.load(site.file)
        self.reader = QuorumReader(self.network, max_ahead=None)
        self.member = member
        folder = Layout(site.folder).member(member)
        self._key = open_signer(key_path(folder, "DECIDE"), password_of(folder))
        accounts = self._rpc.call("eth_accounts", [])
        assert isinstance(accounts, list)  # noqa: S101 - for the type checker
        self._payer = accounts[0]
        consortium = self._consortium()
        found = consortium.current(CASE_REGISTRY)
        assert found is not None  # noqa: S101 - `network up` has one
        self.address = found
        self.log = LogId(consortium.log_ids(member)[-1])

    def _consortium(self) -> Consortium:
        view = self.reader.head()
        return Consortium(self.network.consortium, view.call, view.calls)

    def contract(self) -> CaseRegistry:
        """As it is now."""
        view = self.reader.head()
        return CaseRegistry(self.address, view.call, view.calls)

    def act(self, action: Action, commitment: bytes, log: LogId | None = None) -> Act:
        """The first act on a record, effective today."""
        now = self.reader.head().block.time
        return Act(
            log=log or self.log,
            commitment=Digest(commitment),
            action=action,
            expected_version=0,
            basis=Basis.ISSUER_CHECK,
            doc=Digest(secrets.token_bytes(32)),
            effective_at=(now + _SHANGHAI) // _DAY * _DAY - _SHANGHAI,
            other_log=NO_LOG,
            other_commitment=ZERO,
        )

    def send(self, acts: Sequence[Act]) -> str:
        """One call; the hash of its transaction."""
        deadline = self.reader.head().block.time + AHEAD
        domain = CaseDomain(self.network.chain_id, Address(self.address))
        digest = acts_digest(domain, self.member, acts, deadline)
        data = act_calldata(self.member, acts, deadline, self._key.sign_digest(digest))
        call = {"from": self._payer, "to": self.address, "data": hex0x(data)}
        return str(self._rpc.call("eth_sendTransaction", [call]))

    def gas(self, tx: str) -> int:
        """What a transaction used, once it is mined."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self._rpc.call("eth_getTransactionReceipt", [tx])
            if isinstance(found, dict):
                if found["status"] != "0x1":
                    raise TooSlow(f"the registry refused {tx}")
                return int(found["gasUsed"], 16)
            time.sleep(0.05)
        raise TooSlow(f"transaction {tx}")

    def close(self) -> None:
        """Drop the connections."""
        self.reader.close()
        self._rpc.close()


def measure_acts(book: Book, site: Site, held: Sequence[Held], sent: int, followed: int) -> None:
    """All figures of acts. held: receipts of this member's records, of which a tenth is acted on;
    sent: decisions about others of them through the gateway; followed: acts that it catches up
    with."""
    with closing(Registry(site, OTHER)) as other:
        _gas(book, other)
        _on_chain(book, other)
        _catch_up(book, site, other, followed)
    with closing(Registry(site, CODE)) as own:
        _through_the_gateway(book, site, own, held[1 : 2 * sent : 2])
        _verify(book, site, own, [one for n, one in enumerate(held) if n % 2 == 0])


def _verify(book: Book, site: Site, own: Registry, held: Sequence[Held]) -> None:
    """Receipts of which every tenth has an act, against the same ones before, each time by a
    verifier that knows nothing yet."""
    count, title = len(held), f"`{VERIFY}` of the same receipts, none with an act"
    before, verdicts = _apart(site.file, held)
    book.check("receipts without acts are valid", verdicts == {"valid": count}, verdicts)
    receipts = [parse(one.data) for one in held[::10]]
    acts = [own.act(Action.WITHDRAW, one.entry.commitment, one.log) for one in receipts]
    for tx in [own.send(page) for page in _pages(acts)]:
        own.gas(tx)
    after, verdicts = _apart(site.file, held)
    wanted = {"valid": count - len(acts), "withdrawn": len(acts)}
    book.check("a withdrawn record says so", verdicts == wanted, verdicts, times=count)
    book.put(VERIFY, count, count / after)
    book.aside(title, count, count / before)


def _apart(file: Path, held: Sequence[Held]) -> tuple[float, Counter[str]]:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_verify_anew, (file, held))


def _verify_anew(file: Path, held: Sequence[Held]) -> tuple[float, Counter[str]]:
    """Seconds and verdicts. Runs in a process of its own."""
    with closing(Verifier(NetworkFile.load(file))) as verifier:
        begun = time.perf_counter()
        verifier.prepare([one.data for one in held])
        found = Counter(verifier.verify(one.data, ask(subject=one.subject)).verdict for one in held)
        return time.perf_counter() - begun, found


def _gas(book: Book, other: Registry) -> None:
    alone = other.gas(other.send([other.act(Action.WITHDRAW, secrets.token_bytes(32))]))
    book.put("gas_per_act", 1, alone)
    acts = [other.act(Action.WITHDRAW, secrets.token_bytes(32)) for _ in range(PAGE)]
    book.put("gas_per_act", PAGE, other.gas(other.send(acts)) / PAGE)


def _on_chain(book: Book, other: Registry) -> None:
    """Acts straight to the contract, all calls sent before the first is waited for."""
    pages = [
        [other.act(Action.WITHDRAW, secrets.token_bytes(32)) for _ in range(PAGE)]
        for _ in range(CALLS)
    ]
    before = other.contract().latest().count
    begun = time.monotonic()
    for tx in [other.send(page) for page in pages]:
        other.gas(tx)
    seconds, count = time.monotonic() - begun, PAGE * CALLS
    made = other.contract().latest().count - before
    book.check("acts sent to the chain are there", made == count, made, times=count)
    book.put("chain_acts_per_s", count, count / seconds)


def _catch_up(book: Book, site: Site, other: Registry, count: int) -> None:
    """Acts while the gateway is down; from its start until it has acknowledged them all."""
    gateway = site.network.gateway(CODE)
    gateway.stop()
    act = other.act(Action.WITHDRAW, bytes(32))
    acts = [_another(act) for _ in range(count)]
    for tx in [other.send(page) for page in _pages(acts)]:
        other.gas(tx)
    wanted = other.contract().latest().count
    begun = time.monotonic()
    gateway.start({})
    until(lambda: other.contract().acknowledged(CODE).count >= wanted, "the catch-up")
    book.put("acts_followed_per_s", count, count / (time.monotonic() - begun))
    # Its start is part of it, some 2 s.
    book.aside(CPU.format("act followed, with its start"), count, 1e6 * site.cpu_seconds() / count)
    until(site.ready, "the gateway")
    book.check("acts followed and acknowledged after a gap", True, times=count)


def _another(act: Act) -> Act:
    return replace(
        act, commitment=Digest(secrets.token_bytes(32)), doc=Digest(secrets.token_bytes(32))
    )


def _pages(acts: Sequence[Act]) -> Iterator[Sequence[Act]]:
    return (acts[at : at + PAGE] for at in range(0, len(acts), PAGE))


def _through_the_gateway(book: Book, site: Site, own: Registry, held: Sequence[Held]) -> None:
    """Each proposed by one person and released by another, by HTTP; until all are on the chain."""
    tokens = officers(site)
    before = own.contract().latest().count
    begun, used = time.monotonic(), site.cpu_seconds()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda one: decide(site, tokens, one), held))
    until(lambda: own.contract().latest().count >= before + len(held), "the acts sent")
    book.put("acts_per_s", len(held), len(held) / (time.monotonic() - begun))
    used = 1e6 * (site.cpu_seconds() - used) / len(held)
    book.aside(CPU.format("act proposed and released"), len(held), used)
    book.check("decisions proposed, released and on the chain", True, times=len(held))


def decide(site: Site, tokens: tuple[str, str], one: Held) -> None:
    """Have a record withdrawn, by two persons."""
    at = f"{site.url}/v1/records/{parse(one.data).record_id.hex()}"
    release(site, tokens, at, {"act": "withdraw", "basis": int(Basis.ISSUER_CHECK)})


def release(site: Site, tokens: tuple[str, str], at: str, decision: Mapping[str, Any]) -> None:
    """Have a decision about a record or a case proposed and released. at: its address."""
    files: list[Any] = [
        ("case", (None, orjson.dumps(decision), "application/json")),
        ("doc", ("decision.pdf", _PDF)),
    ]
    proposed = site.http.post(f"{at}/decide", files=files, headers=_bearer(tokens[0]))
    number = proposed.raise_for_status().json()["proposal"]
    released = site.http.post(
        f"{at}/release", params={"proposal": number}, headers=_bearer(tokens[1])
    )
    released.raise_for_status()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def officers(site: Site) -> tuple[str, str]:
    """Tokens of one who proposes and of another who releases."""
    engine = open_engine(load(Path(site.member) / "gateway.toml").database_url)
    try:
        made = [
            add_token(
                engine,
                name=f"bench-{scope}",
                scopes=("read", scope),
                department=None,
                now=datetime.now(UTC),
            )[1]
            for scope in ("decide", "release")
        ]
    finally:
        engine.dispose()
    return made[0], made[1]


def until(look: Callable[[], bool], what: str) -> None:
    """Wait for it. Raises TooSlow."""
    end = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > end:
            raise TooSlow(what)
        time.sleep(0.1)
