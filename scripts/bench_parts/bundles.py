"""A bank asks four provinces about a firm: how long one question takes, how many a second are
answered, and whose processor time that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, MemberSpec
from ledger.core.bundle import parse_bundle
from ledger.core.keys import Role
from scripts.bench_parts.load import BODY_ROWS, send
from scripts.bench_parts.material import subject
from scripts.bench_parts.singles import quantile
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

BANK: Final = "demo-bank"
OF_A_FIRM: Final = 5
"""Records of each firm in each province."""
AT_ONCE: Final = 8
"""Questions under way where the throughput is measured."""
PURPOSE, FAMILY = "pre-loan", "penalty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was measured. records: in all four logs; firms: whom they are about. alone: seconds of
    questions one after the other; per_second: with `AT_ONCE` of them under way. cpu: processor
    seconds of a question by who spent them."""

    records: int
    firms: int
    items: int
    bytes: int
    alone: Sequence[float]
    per_second: float
    cpu: Mapping[str, float]

    def figures(self) -> dict[str, Any]:
        """For `results.json`."""
        return {
            "records": self.records,
            "firms": self.firms,
            "questions": len(self.alone),
            "itemsOfABundle": self.items,
            "bytesOfABundle": self.bytes,
            "p50_s": round(quantile(list(self.alone), 0.5), 3),
            "p99_s": round(quantile(list(self.alone), 0.99), 3),
            "perSecond": round(self.per_second, 2),
            "cpuSecondsOfAQuestion": {who: round(spent, 4) for who, spent in self.cpu.items()},
        }


class Lenders(Site):
    """Four provinces and a bank on one chain."""

    def _nodes(self) -> list[MemberSpec]:
        return [one for one in NODES if Role.PROVINCE in one.role or one.code == BANK]

    def provinces(self) -> list[str]:
        """Their codes."""
        return [one.code for one in self._nodes() if one.code != BANK]

    def token_of(self, code: str) -> str:
        """Of its centre."""
        return (Layout(self.folder).member(code) / "token").read_text("ascii").strip()

    def fill(self, code: str, count: int, firms: int, say: Callable[[str], None]) -> None:
        """So many records into a province's log, until they are finally anchored."""
        url, token = self.network.ports.endpoint(code), self.token_of(code)
        spans = [(at, min(BODY_ROWS, count - at)) for at in range(0, count, BODY_ROWS)]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            for number, span in enumerate(spans):
                pool.submit(send, url, token, [span], 0.0, firms).result()
                if number % 16 == 0:
                    say(f"{code}: {span[0] + span[1]:,} of {count:,} records")
        end = time.monotonic() + PATIENCE
        while self.http.get(f"{url}/v1/node").json()["logs"][0]["anchoredSize"] < count:
            if time.monotonic() > end:
                raise TooSlow(f"{count} entries of {code} anchored")
            time.sleep(0.2)

    def ask(self, http: httpx.Client, code: str) -> bytes:
        """The bundle about a firm. Raises TooSlow where the bank's node does not give it."""
        answer = http.post(
            f"{self.network.ports.endpoint(BANK)}/v1/uses",
            headers={"Authorization": f"Bearer {self.token_of(BANK)}"},
            json={"code": code, "purpose": PURPOSE, "types": [FAMILY]},
        )
        if answer.status_code != httpx.codes.OK:
            raise TooSlow(f"{answer.status_code}: {answer.text[:300]}")
        return answer.content

    def spent(self) -> dict[str, float]:
        """Processor seconds so far: of the bank's gateway, of the four provinces', of the chain."""
        found = {"bank": self._of(BANK), "provinces": 0.0, "chain": _chain_seconds(self.folder)}
        found["provinces"] = sum(map(self._of, self.provinces()))
        return found

    def _of(self, code: str) -> float:
        process = self.network.gateway(code).find()
        return 0.0 if process is None else _seconds(process)


def measure(folder: Path, records: int, questions: int, say: Callable[[str], None]) -> Asked:
    """Fill four logs with a quarter of `records` each, then ask about firms at random places."""
    folder.mkdir(parents=True, exist_ok=True)
    of_each = records // 4
    firms = max(1, of_each // OF_A_FIRM)
    try:
        with closing(Lenders(folder)) as site:
            for code in site.provinces():
                site.fill(code, of_each, firms, say)
            return _asked(site, 4 * of_each, firms, questions, say)
    finally:
        services.down(folder)


def _asked(
    site: Lenders, records: int, firms: int, questions: int, say: Callable[[str], None]
) -> Asked:
    # Far from each other, and each once: nothing of one helps with the next.
    codes = [subject(n * 7919 % firms, firms) for n in range(2 * questions)]
    _check(site.ask(site.http, codes[-1]), site)
    say(f"{questions} questions, one after the other")
    alone = []
    before = site.spent()
    data = b""
    for code in codes[:questions]:
        begun = time.monotonic()
        data = site.ask(site.http, code)
        alone.append(time.monotonic() - begun)
    after = site.spent()
    items = _check(data, site)
    say(f"{questions} questions, {AT_ONCE} at once")
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda code: site.ask(site.http, code), codes[questions:]))
    return Asked(
        records=records,
        firms=firms,
        items=items,
        bytes=len(data),
        alone=alone,
        per_second=questions / (time.monotonic() - begun),
        cpu={who: (after[who] - before[who]) / questions for who in after},
    )


def _check(data: bytes, site: Lenders) -> int:
    """The records in a bundle; all provinces stated all of theirs. Raises TooSlow otherwise."""
    bundle = parse_bundle(data)
    stated = [len(one.answer.items) for one in bundle.answers]
    if stated != [OF_A_FIRM] * len(site.provinces()) or bundle.overall != "adverse":
        raise TooSlow(f"{bundle.overall}, {stated} records, missing {bundle.missing}")
    return sum(stated)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    own = float(times.user + times.system)
    return own + sum(_seconds(child) for child in process.children())


def _chain_seconds(folder: Path) -> float:
    """Of anvil under the guard of this folder's network."""
    total = 0.0
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if "gateway.devnet.guard" in line and str(folder) in line:
            total += _seconds(process)
    return total
