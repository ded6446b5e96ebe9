"""The main job, from department files to verified receipts and a replayed chain.

    python scripts/demo.py [--keep]

Starts a network in build/demo/, submits the sample files of the four provinces and a few records of
today, verifies receipts with every gateway stopped, has a firm of Hebei that was punished in
Tianjin repaired, upholds an objection of another one, has a bank decide about a loan, replays the
chain. Writes
build/demo/summary.json. Leaves nothing running. All firms in it are synthetic.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.devnet import services
from scripts.demo_parts import loan as lending
from scripts.demo_parts import story as life
from scripts.demo_parts import today
from scripts.demo_parts.figures import anchor_figures, timeliness

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "demo"
NET = BUILD / "network"
ENVIRONMENT = {**os.environ, "CREDIT_LEDGER_DIR": str(NET), "CREDIT_LEDGER_LANG": "en"}
"""The folder of the network: there the commands find the tokens of its members."""
COMMAND = Path(sys.executable).parent / "credit-ledger"
SAMPLES = ROOT / "examples"
FILES = {
    "110000": ["北京_行政处罚_gb18030.csv"],
    "120000": ["天津_行政处罚.xlsx", "天津_行政处罚_手工表.xlsx"],
    "130000": ["河北_行政许可_utf8bom.csv"],
    "140000": ["山西_行政处罚_旧版.csv"],
}
PROVINCES = {
    "110000": "北京 Beijing",
    "120000": "天津 Tianjin",
    "130000": "河北 Hebei",
    "140000": "山西 Shanxi",
}
ANCHOR_SECONDS = 900
console = Console(width=110)


class DemoFailed(Exception):
    """A command did not do what the demo is about to show."""


@dataclass
class Tally:
    """What was counted on the way."""

    verdicts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    leaves: dict[str, list[str]] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    story: life.Told = field(default_factory=life.Told)
    loan: lending.Loan | None = None


def run(*arguments: str | Path, expect: tuple[int, ...] = (0,)) -> tuple[int, Any]:
    """One command of the product; (exit code, its JSON or text)."""
    command = [str(COMMAND), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode not in expect:
        raise DemoFailed(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, done.stdout.strip()


@contextmanager
def network() -> Iterator[Path]:
    """A fresh network, stopped at the end whatever happens."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    try:
        with console.status("starting the chain and six gateways …"):
            _, path = run("network", "up", "--dir", NET, "--base-port", "0")
        yield Path(str(path))
    finally:
        subprocess.run(
            [str(COMMAND), "network", "down", "--dir", str(NET)], check=False, capture_output=True
        )


def endpoints() -> dict[str, str]:
    """Address of every member's gateway."""
    _, found = run("network", "status", "--dir", NET, "--json")
    return {member["code"]: member["endpoint"] for member in found["members"]}


def submit_all(urls: dict[str, str], tally: Tally) -> None:
    """The sample files, then the records of today."""
    table = Table(title="1. Departments submit their files")
    for title in ("province", "file", "rows", "accepted", "duplicate", "conflict", "rejected"):
        table.add_column(title, justify="left" if title in ("province", "file") else "right")
    for code, url in urls.items():
        if code not in FILES:
            continue
        fresh = today.write_file(BUILD / f"{code}-today.ndjson", code)
        for path in [*(SAMPLES / name for name in FILES[code]), fresh]:
            with console.status(f"{PROVINCES[code]}: {path.name}"):
                answer = submit(path, url)
            count(answer["verdicts"], code, tally)
            counts = Counter(row["verdict"] for row in answer["verdicts"])
            shown = [counts[key] for key in ("accepted", "duplicate", "conflict", "rejected")]
            table.add_row(PROVINCES[code], path.name, *map(str, [sum(shown), *shown]))
    console.print(table)


def submit(path: Path, url: str) -> Any:
    """One file; exit 1 says that some rows were refused, as they should be."""
    report = BUILD / f"{path.stem}-to-correct.xlsx"
    more = ("--report", report) if path.suffix != ".ndjson" else ()
    _, answer = run("submit", path, "--to", url, "--json", "--wait", *more, expect=(0, 1))
    return answer


def count(rows: list[dict[str, Any]], code: str, tally: Tally) -> None:
    """Add the answers of one file."""
    for row in rows:
        tally.verdicts[row["verdict"]] += 1
        if row["verdict"] == "rejected":
            tally.rejected[row["code"]] += 1
        if row["verdict"] == "accepted":
            tally.leaves.setdefault(code, []).append(row["leaf"])


def fetch_receipts(urls: dict[str, str], tally: Tally) -> list[tuple[str, Path]]:
    """(member, file) of the first record of each province's sample, and of one of today."""
    found = []
    with console.status("fetching receipts …"):
        for code, leaves in tally.leaves.items():
            for name, leaf in (("old", leaves[0]), ("today", leaves[-1])):
                path = BUILD / f"{code}-{name}.json"
                wait = ("--wait", str(ANCHOR_SECONDS))
                run("receipt", leaf, "--from", urls[code], "-o", path, *wait)
                found.append((code, path))
    return found


def verify_all(receipts: list[tuple[str, Path]], file: Path, tally: Tally) -> None:
    """Each receipt, and one with a changed character, with the gateways stopped."""
    table = Table(title="2. A bank verifies receipts; every gateway is stopped")
    for title in ("province", "receipt", "verdict", "exit", "may be used", "why"):
        table.add_column(title)
    for code, path in receipts:
        status, verdict = run("verify", path, "--network", file, "--json", expect=(0, 1, 3, 4))
        tally.receipts.append({"member": code, "verdict": verdict["verdict"], "exit": status})
        table.add_row(
            PROVINCES[code],
            path.name,
            verdict["verdict"],
            str(status),
            word(verdict["usable"]),
            why(verdict),
        )
    forged = forge(receipts[0][1])
    status, verdict = run("verify", forged, "--network", file, "--json", expect=(1,))
    table.add_row(
        "forged",
        forged.name,
        verdict["verdict"],
        str(status),
        word(verdict["usable"]),
        why(verdict),
    )
    console.print(table)


def forge(receipt: Path) -> Path:
    """The same receipt with one character of its commitment changed."""
    text = receipt.read_text("utf-8")
    place = text.index('"commitment":"') + len('"commitment":"')
    other = "0" if text[place] != "0" else "1"
    path = BUILD / "one-character-changed.json"
    path.write_text(text[:place] + other + text[place + 1 :], "utf-8")
    return path


def word(value: bool | None) -> str:
    """True, false and unknown in words."""
    return {True: "yes", False: "no", None: "unknown"}[value]


def why(verdict: dict[str, Any]) -> str:
    """The text of the check that decided; of a valid record, until when it may be used."""
    decisive = [check for check in verdict["checks"] if check["result"] in ("fail", "unknown")]
    in_force = [check for check in verdict["checks"] if check["id"] == "in-force"]
    return str((decisive or in_force)[0]["message"]["en"])


def play(file: Path, urls: dict[str, str], tally: Tally) -> None:
    """The life of two records across four provinces."""
    with console.status("a firm of Hebei, punished in Tianjin …"):
        desk = life.Desk(run=run, network=file, urls=urls, folder=BUILD)
        tally.story = life.play(desk)
    table = Table(title="3. A Hebei firm punished in Tianjin: one application, one decision")
    for title in ("filed in Hebei", "steps", "verdict before", "verdict after"):
        table.add_column(title)
    for case in tally.story.cases:
        steps = " → ".join(case["steps"])
        table.add_row(f"{case['kind']}: {case['state']}", steps, case["before"], case["after"])
    console.print(table)
    title = "The repair is carried out in every province, as each says on the chain"
    table = Table(title=title, min_width=70)
    table.add_column("province")
    table.add_column("after", justify="right")
    for row in life.rows_of(tally.story, PROVINCES):
        table.add_row(*row)
    console.print(table)
    lend(desk, tally)


def lend(desk: life.Desk, tally: Tally) -> None:
    """A bank asks four provinces with the firm's consent, before a repair and after it."""
    with console.status("a bank is asked for a loan; one province is away …"):
        loan = lending.play(desk, NET)
    tally.loan = loan
    table = Table(title="4. A bank decides about a loan, with the firm's consent")
    for title in ("province", "records stated"):
        table.add_column(title)
    for code, number in loan.stated.items():
        table.add_row(PROVINCES[code], str(number))
    for code in loan.missing:
        table.add_row(PROVINCES[code], "away")
    console.print(table)


def replay(file: Path, tally: Tally) -> None:
    """An auditor rebuilds everything from the chain and the public tiles."""
    with console.status("replaying the chain …"):
        _, _ = run(
            "audit", "replay", "--network", file, "--out", BUILD / "audit.json", expect=(0, 1, 4)
        )
    report = json.loads((BUILD / "audit.json").read_text("utf-8"))
    tally.findings = report["findings"]
    entries = sum(log["size"] for log in report["logs"])
    console.print(
        f"5. An auditor replayed block {report['block']['number']}: {len(report['logs'])} logs, "
        f"{entries} entries, {len(tally.findings)} findings\n"
    )


def summarise(file: Path, urls: dict[str, str], tally: Tally) -> dict[str, Any]:
    """`summary.json`."""
    anchors, gas = anchor_figures(file)
    accepted = tally.verdicts["accepted"]
    return {
        "records": tally.verdicts.total(),
        "accepted": accepted,
        "rejected": dict(sorted(tally.rejected.items())),
        "duplicates": tally.verdicts["duplicate"],
        "conflicts": tally.verdicts["conflict"],
        "anchors": anchors,
        "gasPerRecord": round(gas / accepted, 1),
        "withinSevenWorkingDays": timeliness(urls),
        "receipts": tally.receipts,
        "cases": tally.story.cases,
        "acknowledgements": [
            {"member": code, "seconds": seconds}
            for code, seconds in tally.story.acknowledged.items()
        ],
        "loan": None if tally.loan is None else asdict(tally.loan),
        "findings": tally.findings,
    }


def show(summary: dict[str, Any], tally: Tally, seconds: float) -> None:
    """The closing table."""
    table = Table(title="What happened", show_header=False)
    days = summary["withinSevenWorkingDays"]
    known = days["yes"] + days["no"]
    rows = [
        ("rows read", summary["records"]),
        ("accepted", summary["accepted"]),
        ("already there (same record again)", summary["duplicates"]),
        ("same document number, other content", summary["conflicts"]),
        *((f"rejected: {code}", number) for code, number in summary["rejected"].items()),
        ("anchors on the chain", summary["anchors"]),
        ("gas per record", summary["gasPerRecord"]),
        ("anchored within 7 working days", f"{days['yes']} of {known} ({days['unknown']} unknown)"),
        (
            "receipts verified",
            ", ".join(f"{one['verdict']} ({one['exit']})" for one in summary["receipts"]),
        ),
        ("the loan", "-" if tally.loan is None else tally.loan.row()),
        ("findings of the replay", len(summary["findings"])),
        ("seconds", round(seconds)),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.parse_args()
    started = time.monotonic()
    tally = Tally()
    with network() as file:
        urls = endpoints()
        submit_all(urls, tally)
        receipts = fetch_receipts(urls, tally)
        services.down(NET, chain=False)
        verify_all(receipts, file, tally)
        with console.status("starting the gateways again …"):
            run("network", "up", "--dir", NET)
        play(file, urls, tally)
        replay(file, tally)
        summary = summarise(file, urls, tally)
    (BUILD / "summary.json").write_text(
        json.dumps(summary, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    show(summary, tally, time.monotonic() - started)
    console.print(f"details: {BUILD.relative_to(ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
