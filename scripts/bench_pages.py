"""What pages weigh and how soon something is seen, in a real browser whose processor is throttled.

    python scripts/bench_pages.py [--out DIR] [--slower 4]

Writes results.json and a page into docs/benchmarks/pages/. Exit 1 where a page weighs more than
150 kB without its charts. Times are noted, never judged: they are those of this machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from scripts.bench_parts.ending import heed
from scripts.bench_parts.report import setting
from scripts.pictures import FOLDER, browser, hand_in, node, sign_in

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks" / "pages"
HEAVIEST = 150_000
"""Bytes of a page as they are sent, without charts."""
CHARTS = "echarts"
OPEN = ("/", "/login", "/verify", "/explorer", "/explorer/logs", "/explorer/members", "/firm")
SIGNED = ("/desk", "/desk/files", "/desk/records", "/desk/cases", "/desk/worklists", "/audit")
TIMES = 5
PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const one of list.getEntriesByName("first-contentful-paint")) done(one.startTime);
}).observe({ type: "paint", buffered: true }))"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One page that nobody had opened before. bytes: as sent, without charts. paint_ms: from the
    request until something stands there, the middle of several."""

    path: str
    bytes: int
    charts: int
    requests: int
    paint_ms: int


def weigh(by: BrowserContext, url: str, path: str, cookies: list[Any], slower: float) -> Weighed:
    """Open it with nothing kept, several times. by: whose browser it is."""
    found = by.browser
    if found is None:
        raise RuntimeError("the browser has ended")
    paints, sizes, requests = [], Counter[str](), 0
    for _ in range(TIMES):
        context = found.new_context(base_url=url, locale="zh-CN")
        context.add_cookies(cookies)
        page = context.new_page()
        protocol = context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        names: dict[str, str] = {}
        sizes, requests = Counter(), 0

        def sent(event: dict[str, Any], names: dict[str, str] = names) -> None:
            names[event["requestId"]] = event["request"]["url"]

        def came(
            event: dict[str, Any],
            names: dict[str, str] = names,
            sizes: Counter[str] = sizes,
        ) -> None:
            name = names.get(event["requestId"], "")
            sizes[CHARTS if CHARTS in name else ""] += int(event["encodedDataLength"])

        protocol.on("Network.requestWillBeSent", sent)
        protocol.on("Network.loadingFinished", came)
        page.goto(path, wait_until="load")
        paints.append(float(page.evaluate(PAINT)))
        requests = len(names)
        context.close()
    middle = sorted(paints)[TIMES // 2]
    return Weighed(path, sizes[""], sizes[CHARTS], requests, round(middle))


def table(found: list[Weighed], where: str, slower: float) -> str:
    """The figures in words."""
    rows = "\n".join(
        f"| `{one.path}` | {one.bytes / 1000:.1f} | {one.charts / 1000:.1f} | {one.requests} |"
        f" {one.paint_ms} |"
        for one in found
    )
    return f"""# Pages

{where}

Chromium without anything kept, its processor slowed to a {slower:g}th; node and browser on the same
two cores. Bytes as they were sent. First paint: the middle of {TIMES}.

| page | kB | kB of charts | requests | first paint, ms |
|---|---|---|---|---|
{rows}
"""


def main() -> int:
    """Command line entry."""
    heed()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    parser.add_argument("--slower", type=float, default=4, metavar="TIMES")
    asked = parser.parse_args()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "")
    with node(FOLDER) as (url, token), browser(url, "zh") as page:
        sign_in(page, token)
        hand_in(page)
        cookies = page.context.cookies()
        ways = [*((path, []) for path in OPEN), *((path, cookies) for path in SIGNED)]
        found = [weigh(page.context, url, *way, asked.slower) for way in ways]
    asked.out.mkdir(parents=True, exist_ok=True)
    told = {"setting": asdict(at), "pages": [asdict(one) for one in found]}
    (asked.out / "results.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    where = f"{at.date}, commit {at.commit}. {at.machine}. Load before: {at.load:.0%}."
    (asked.out / "README.md").write_text(table(found, where, asked.slower), "utf-8")
    for one in found:
        print(f"{one.path:24} {one.bytes:8,} bytes {one.charts:9,} charts {one.paint_ms:6} ms")
    return 1 if any(one.bytes > HEAVIEST for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
