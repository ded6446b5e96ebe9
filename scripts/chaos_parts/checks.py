"""What must hold after everything that went wrong. Each check says what is not so."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass

import httpx
import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.chain.interfaces import MemberFacts
from gateway.chain.reading import read_facts
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.canonical import unhex32
from ledger.core.errors import LedgerError
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.promise import from_json
from ledger.core.tiles import WIDTH, entries_path, parse_bundle
from ledger.verify import Verifier, ask
from scripts.bench_parts.material import CODE
from scripts.chaos_parts.load import Answer, Told
from scripts.chaos_parts.site import COMMAND, PATIENCE, Site, wait

RECEIPTS = 100
"""Receipts fetched and verified, spread over all records."""
SETTLED = ("final", "lost", "failed")
"""States in which an anchor rests. Lost: the chain came back without it, and it was filed again;
failed: another one was there first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One of them. wrong: what is not so, in words; empty where it holds."""

    name: str
    times: int
    wrong: Sequence[str]


def check_all(site: Site, told: Told) -> Iterator[Check]:
    """All checks, once nothing is under way any more."""
    unanswered = [f"record {number}" for number in told.unanswered()]
    yield Check(name="every record is answered", times=len(told.leaves), wrong=unanswered)
    yield Check(name="no answer that no fault excuses", times=1, wrong=told.wrong)
    taken, done = told.counts["file taken"], told.counts["file answered"]
    wrong = [] if taken == done else [f"{taken} taken, {done} answered"]
    yield Check(name="every file that was taken is answered", times=taken, wrong=wrong)
    yield _promises(site, told)
    yield from _log(site, told)
    yield _receipts(site, told)
    yield _replay(site)
    yield _anchors(site)
    orphans = [f"process {pid}" for pid in site.left_behind()]
    yield Check(name="no process outlives the one it served", times=1, wrong=orphans)


def _promises(site: Site, told: Told) -> Check:
    """Each covers its leaf and is signed by the member's ANCHOR key."""
    network = NetworkFile.load(site.file)
    with closing(QuorumReader(network)) as reader:
        facts = read_facts(reader.head(), network, CODE)
    wrong = [text for one in told.promises if (text := check_promise(one, facts))]
    name = "every promise covers its record and is signed by the member"
    return Check(name=name, times=len(told.promises), wrong=wrong)


def check_promise(answer: Answer, facts: MemberFacts) -> str:
    """What is not so of the answer to a single record; empty where all is."""
    ours = {key.public_key for key in facts.keys if key.purpose == Purpose.ANCHOR}
    try:
        promise = from_json(answer["promise"])
        signer = promise.signer(
            chain_id=facts.chain_id, log_anchor=facts.log_anchor, member=facts.member
        )
        verify_inclusion(
            leaf=unhex32(answer["leaf"]),
            index=answer["index"],
            size=promise.count,
            path=[unhex32(node) for node in answer["path"]],
            root=promise.leaves_root,
        )
    except LedgerError as error:
        return str(error)
    return "" if signer.public_key.hex() in ours else "signed by somebody else"


def _log(site: Site, told: Told) -> Iterator[Check]:
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


def _receipts(site: Site, told: Told) -> Check:
    """Of records spread over all, from both gateways in turn."""
    leaves = [leaf for ones in told.leaves.values() for leaf in ones]
    sample = leaves[:: max(1, len(leaves) // RECEIPTS)]
    urls = list(site.urls.values())
    verifier = Verifier(NetworkFile.load(site.file))
    headers = {"authorization": f"Bearer {site.token}"}
    wrong = []
    try:
        with httpx.Client(timeout=60, headers=headers, trust_env=False) as client:
            for n, leaf in enumerate(sample):
                answer = client.get(f"{urls[n % len(urls)]}/v1/records/{leaf}/receipt")
                if answer.status_code != 200:  # noqa: PLR2004
                    wrong.append(f"{leaf}: {answer.status_code} {answer.text[:200]}")
                    continue
                verdict = verifier.verify(answer.content, ask())
                if verdict.verdict != "valid":
                    wrong.append(f"{leaf}: {verdict.verdict}")
    finally:
        verifier.close()
    return Check(name="every receipt fetched verifies as valid", times=len(sample), wrong=wrong)


def _replay(site: Site) -> Check:
    out = site.folder / "audit.json"
    command = [str(COMMAND), "audit", "replay", "--network", str(site.file), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    wrong = []
    if done.returncode:
        wrong.append(f"exit code {done.returncode}: {done.stderr[-500:]}")
    if out.exists():
        wrong += [json.dumps(one) for one in json.loads(out.read_bytes())["findings"]]
    return Check(name="replay exits with 0 and finds nothing", times=1, wrong=wrong)


def anchor_states(site: Site) -> dict[str, int]:
    """How many anchors ended how."""
    query = sa.select(anchors.c.state, sa.func.count()).group_by(anchors.c.state)
    with site.engine.connect() as connection:
        return {state: count for state, count in connection.execute(query)}


def _anchors(site: Site) -> Check:
    with site.engine.connect() as connection:
        rows = connection.execute(sa.select(anchors).order_by(anchors.c.size, anchors.c.id)).all()
    return history([(row.state, row.prev_size, row.size) for row in rows])


def history(rows: Sequence[tuple[str, int, int]]) -> Check:
    """Whether the anchors of the chain follow one another, and none is still under way. rows:
    state, size before and size, in the order of sizes."""
    wrong = [f"{size}: {state}" for state, _, size in rows if state not in SETTLED]
    final = [(before, size) for state, before, size in rows if state == "final"]
    expected = [0, *(size for _, size in final)]
    wrong += [
        f"{size} follows {before}, not {due}"
        for (before, size), due in zip(final, expected, strict=False)
        if before != due
    ]
    return Check(name="the final anchors are one history", times=len(final), wrong=wrong)
