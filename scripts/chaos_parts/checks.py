"""What must hold after everything that went wrong. Each check says what is not so."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.chain.interfaces import MemberFacts
from gateway.chain.reading import read_facts
from gateway.jobs.models import jobs
from gateway.log.models import pending
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core import receipt as receipts
from ledger.core.canonical import unhex32
from ledger.core.disclosures import parse_disclosure
from ledger.core.errors import LedgerError
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash, root, verify_inclusion
from ledger.core.promise import Promise, from_json
from ledger.core.tiles import WIDTH, entries_path, parse_bundle
from ledger.verify import Verifier, ask
from scripts.chaos_parts.load import Answer, Told
from scripts.chaos_parts.site import COMMAND, PATIENCE, Site, wait

RECEIPTS = 100
"""Receipts fetched and verified, spread over all records."""
ENDED = ("done", "failed")
"""States of jobs that nobody waits for."""
OWN = "CF_WSH"
"""The field that tells one record from another: each receipt must show it."""
SETTLED = ("final", "lost", "failed")
"""States in which an anchor rests. Lost: the chain came back without it, and it was filed again;
failed: another one was there first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One of them. times: how often it was looked; never is a problem where there was something to
    look at (`due`). wrong: what is not so, in words; empty where it holds."""

    name: str
    times: int
    wrong: Sequence[str]
    due: bool = True


class Place(Protocol):
    """A member whose gateways were broken. file: of the network. urls: of its gateways, by their
    names. token: of a client. engine: its database."""

    @property
    def code(self) -> str: ...
    @property
    def file(self) -> Path: ...
    @property
    def urls(self) -> Mapping[str, str]: ...
    @property
    def token(self) -> str: ...
    @property
    def engine(self) -> sa.Engine: ...

    def log(self, name: str) -> dict[str, Any]:
        """Its log, as that gateway shows it."""

    def sent(self, number: int) -> Mapping[str, Any]:
        """The fields of a record, as a client sent them."""


def check_all(site: Site, told: Told) -> Iterator[Check]:
    """All checks, once nothing is under way any more."""
    yield from check_member(site, told)
    yield check_replay(site.file, site.folder / "audit.json")
    yield check_orphans(site.left_behind())


def check_member(site: Place, told: Told) -> Iterator[Check]:
    """What the clients of one member were told, beside its log, its receipts and its database."""
    unanswered = [f"record {number}" for number in told.unanswered()]
    yield Check(name="every record is answered", times=len(told.leaves), wrong=unanswered)
    yield Check(name="no answer that no fault excuses", times=1, wrong=told.wrong)
    taken, done = told.counts["file taken"], told.counts["file answered"]
    wrong = [] if taken == done else [f"{taken} taken, {done} answered"]
    yield Check(name="every file that was taken is answered", times=taken, wrong=wrong)
    yield from _promises(site, told)
    yield from _log(site, told)
    yield _receipts(site, told)
    yield _anchors(site)
    yield _left(site)


def check_orphans(pids: Sequence[int]) -> Check:
    """pids: of processes that outlive who started them."""
    orphans = [f"process {pid}" for pid in pids]
    return Check(name="no process outlives the one it served", times=1, wrong=orphans)


def _promises(site: Place, told: Told) -> Iterator[Check]:
    """Each covers its leaves, in this log, and is signed by the member's ANCHOR key."""
    network = NetworkFile.load(site.file)
    with closing(QuorumReader(network)) as reader:
        facts = read_facts(reader.head(), network, site.code)
    wrong = [text for one in told.promises if (text := check_promise(one, facts))]
    name = "every promise covers its record, in the log, and is signed by the member"
    yield Check(name=name, times=len(told.promises), wrong=wrong)
    wrong = [text for one in told.sets if (text := check_set(*one, facts))]
    name = "so does every promise of a stream or file, all its records"
    yield Check(name=name, times=len(told.sets), wrong=wrong)


def check_promise(answer: Answer, facts: MemberFacts) -> str:
    """What is not so of the answer to a single record; empty where all is."""
    try:
        promise = from_json(answer["promise"])
        verify_inclusion(
            leaf=unhex32(answer["leaf"]),
            index=answer["index"],
            size=promise.count,
            path=[unhex32(node) for node in answer["path"]],
            root=promise.leaves_root,
        )
        return _check_given(promise, facts)
    except LedgerError as error:
        return str(error)


def check_set(given: object, leaves: Sequence[str], facts: MemberFacts) -> str:
    """What is not so of a promise for these leaves in this order; empty where all is."""
    try:
        promise = from_json(given)
        if promise.count != len(leaves):
            return f"of {promise.count} leaves, not {len(leaves)}"
        if promise.leaves_root != root([unhex32(leaf) for leaf in leaves]):
            return "of other leaves"
        return _check_given(promise, facts)
    except LedgerError as error:
        return str(error)


def _check_given(promise: Promise, facts: MemberFacts) -> str:
    """Whether the member gave it, for its log."""
    signer = promise.signer(
        chain_id=facts.chain_id, log_anchor=facts.log_anchor, member=facts.member
    )
    ours = {key.public_key for key in facts.keys if key.purpose == Purpose.ANCHOR}
    if signer.public_key.hex() not in ours:
        return "signed by somebody else"
    return "" if promise.log.hex() in {log.log_id for log in facts.logs} else "of another log"


def _log(site: Place, told: Told) -> Iterator[Check]:
    name, log = next(iter(site.urls)), {}

    def anchored() -> bool:
        log.update(site.log(name))
        return bool(log["anchoredSize"] == log["promisedSize"] == log["size"])

    wrong = [] if wait(anchored) else [json.dumps(log)]
    yield Check(name="all that is promised is anchored", times=1, wrong=wrong)
    yield from compare(told.leaves, _logged(str(log["url"]), log["size"]))


def compare(leaves: Mapping[int, Set[str]], logged: Mapping[str, int]) -> Iterator[Check]:
    """What clients were told beside what the log holds. leaves: by number of the record. logged:
    how often each leaf stands there."""
    told = {leaf for ones in leaves.values() for leaf in ones}
    size = sum(logged.values())
    twice = [f"record {number}: {sorted(ones)}" for number, ones in leaves.items() if len(ones) > 1]
    yield Check(name="no record has two leaves", times=len(leaves), wrong=twice)
    lost = sorted(told - logged.keys())
    yield Check(name="nothing that was promised is lost", times=len(told), wrong=lost)
    doubled = sorted(leaf for leaf, count in logged.items() if count > 1)
    yield Check(name="nothing is in the log twice", times=size, wrong=doubled)
    strange = sorted(logged.keys() - told)
    yield Check(name="nothing is in the log that nobody sent", times=size, wrong=strange)


def _logged(url: str, size: int) -> Counter[str]:
    """How often each leaf stands in the public log, by its tiles."""
    found: Counter[str] = Counter()
    with httpx.Client(timeout=60, trust_env=False) as client:
        for n in range(-(-size // WIDTH)):
            width = min(WIDTH, size - n * WIDTH)
            bundle = client.get(f"{url}/{entries_path(n, width)}").raise_for_status().content
            found.update(leaf_hash(entry).hex() for entry in parse_bundle(bundle, width))
    return found


def _receipts(site: Place, told: Told) -> Check:
    """Of records spread over all, from both gateways in turn."""
    leaves = [(number, leaf) for number, ones in told.leaves.items() for leaf in ones]
    sample = leaves[:: max(1, len(leaves) // RECEIPTS)]
    urls = list(site.urls.values())
    verifier = Verifier(NetworkFile.load(site.file))
    headers = {"authorization": f"Bearer {site.token}"}
    wrong = []
    try:
        with httpx.Client(timeout=60, headers=headers, trust_env=False) as client:
            for n, (number, leaf) in enumerate(sample):
                answer = client.get(f"{urls[n % len(urls)]}/v1/records/{leaf}/receipt")
                if answer.status_code != 200:  # noqa: PLR2004
                    wrong.append(f"{leaf}: {answer.status_code} {answer.text[:200]}")
                    continue
                verdict = verifier.verify(answer.content, ask())
                if verdict.verdict != "valid":
                    wrong.append(f"{leaf}: {verdict.verdict}")
                elif text := check_receipt(answer.content, site.sent(number)):
                    wrong.append(f"record {number}, {leaf}: {text}")
    finally:
        verifier.close()
    name = "every receipt fetched verifies as valid and shows what was sent"
    return Check(name=name, times=len(sample), wrong=wrong)


def check_receipt(data: bytes, fields: Mapping[str, Any]) -> str:
    """What a receipt shows beside what was sent; empty where it is the same. Its verdict is not
    asked here."""
    presentation = receipts.parse(data).presentation
    disclosures = () if presentation is None else presentation.disclosures
    shown = dict(parse_disclosure(one) for one in disclosures)
    if OWN not in shown:
        return f"shows no {OWN}"
    other = sorted(field for field, value in shown.items() if fields.get(field) != value)
    return f"other than sent: {', '.join(other)}" if other else ""


def check_replay(file: Path, out: Path) -> Check:
    """Whether an auditor finds nothing. file: of the network."""
    command = [str(COMMAND), "audit", "replay", "--network", str(file), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    wrong = []
    if done.returncode:
        wrong.append(f"exit code {done.returncode}: {done.stderr[-500:]}")
    if out.exists():
        wrong += [json.dumps(one) for one in json.loads(out.read_bytes())["findings"]]
    return Check(name="replay exits with 0 and finds nothing", times=1, wrong=wrong)


def anchor_states(site: Place) -> dict[str, int]:
    """How many anchors ended how."""
    query = sa.select(anchors.c.state, sa.func.count()).group_by(anchors.c.state)
    with site.engine.connect() as connection:
        return {state: count for state, count in connection.execute(query)}


def _anchors(site: Place) -> Check:
    size = site.log(next(iter(site.urls)))["size"]
    with site.engine.connect() as connection:
        rows = connection.execute(sa.select(anchors).order_by(anchors.c.size, anchors.c.id)).all()
    return history([(row.state, row.prev_size, row.size) for row in rows], size)


def history(rows: Sequence[tuple[str, int, int]], size: int) -> Check:
    """Whether the anchors of the chain follow one another up to the log as it is, and none is still
    under way. rows: state, size before and size, in the order of sizes. size: of the log."""
    wrong = [f"{size}: {state}" for state, _, size in rows if state not in SETTLED]
    final = [(before, size) for state, before, size in rows if state == "final"]
    expected = [0, *(size for _, size in final)]
    wrong += [
        f"{size} follows {before}, not {due}"
        for (before, size), due in zip(final, expected, strict=False)
        if before != due
    ]
    if expected[-1] != size or not final:
        wrong.append(f"the log has {size}, its last anchor {expected[-1]}")
    return Check(name="the final anchors are one history", times=len(final), wrong=wrong)


def _left(site: Place) -> Check:
    """An upload that was cut may stay `receiving` for a while: nobody was told of it."""
    ended = sa.or_(jobs.c.state.in_(ENDED), jobs.c.state == "receiving")
    queries = {
        "jobs that wait or were set aside": sa.select(jobs.c.id).where(sa.not_(ended)),
        "promises not yet in the log": sa.select(pending.c.promise).where(
            pending.c.error.is_(None)
        ),
        "promises in quarantine": sa.select(pending.c.promise).where(pending.c.error.is_not(None)),
    }
    found: dict[str, int] = {}

    def none() -> bool:
        with site.engine.connect() as connection:
            for name, query in queries.items():
                found[name] = len(connection.execute(query).all())
        return not any(found.values())

    wrong = [] if wait(none) else [f"{count} {name}" for name, count in found.items() if count]
    with site.engine.connect() as connection:
        done = connection.scalar(sa.select(sa.func.count()).where(jobs.c.state.in_(ENDED)))
    return Check(name="no job waits, nothing is set aside", times=done or 0, wrong=wrong)
