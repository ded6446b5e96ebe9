"""The auditors' page: its examples run as they stand, on a chain with a bank, an answer, sums and a
draw; and the faults that it names are all codes that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ledger.audit.codes import CODES
from ledger.cli.main import run
from ledger.core.canonical import instant
from ledger.core.signed import Item
from ledger.core.verdict.facts import DAY, SHANGHAI_OFFSET, date_of
from tests.audit.banker import BEIJING, TIANJIN, Banker
from tests.audit.conftest import Ledger, founded, ledger
from tests.audit.desk import Desk
from tests.audit.promised import HOUR, of_file, promise_of
from tests.support.ledger import serve
from tests.support.votes import set_endpoint

__all__ = ["Ledger", "founded", "ledger"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("auditing.md", "auditing.zh-CN.md")


def blocks(page: str, language: str = "sh") -> list[str]:
    """Lines of the fenced blocks in a language."""
    text = (ROOT / "docs/operators" / page).read_text("utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return "".join(found).splitlines()


@pytest.mark.parametrize("language", ["sh", "text"])
def test_both_languages_show_the_same_commands(language: str) -> None:
    assert blocks(PAGES[0], language) == blocks(PAGES[1], language)


@pytest.mark.parametrize("page", PAGES)
def test_the_faults_are_codes(page: str) -> None:
    """Each is as severe as the page says, and planted in the test that it names."""
    text = (ROOT / "docs/operators" / page).read_text("utf-8")
    rows = re.findall(
        r"^\| [^|]+ \| `([a-z-]+)`([^|]*) \| `(test_\w+\.py)` \|$", text, re.MULTILINE
    )
    assert {code for code, _, _ in rows} <= set(CODES)
    warnings = {code for code, said, _ in rows if "warning" in said or "提示" in said}
    assert warnings == {code for code, _, _ in rows if CODES[code].severity == "warning"}
    for code, _, test in rows:
        source = (ROOT / "tests/audit" / test).read_text("utf-8")
        assert f'"{code}"' in source, code


@pytest.fixture
def folder(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What an auditor has on the next day: openings, receipts, an answer, published sums."""
    desk = Desk(ledger, tmp_path / "made")
    desk.folder.mkdir()
    bank, log = Banker(desk), ledger.tianjin
    bank.outcome(12)
    bank.outcome(3, region=BEIJING)
    listed = [log.receipt(index) for index in range(3)]
    items = [Item.of(log.leaves()[index], data) for index, data in enumerate(listed)]
    answered = bank.answer(bank.authorise(), items=items)
    bank.use(answered)
    for member in list(desk.waiting):
        desk.batch(member)
    logs = [ledger.beijing, log, *desk.more.values()]
    with serve(*logs) as url:
        for each in logs:
            set_endpoint(ledger.network, each.member, url)
        anvil = ledger.network.anvil
        anvil.mine(seconds=3 * DAY - (anvil.head_time() + SHANGHAI_OFFSET) % DAY + 60)
        anvil.mine(2)
        (tmp_path / "network.json").write_bytes(ledger.network.file.encode())
        desk.answers().rename(tmp_path / "openings")
        papers = tmp_path / "papers"
        papers.mkdir()
        for path in bank.hand(answered, receipts=listed):
            path.rename(papers / path.name)
        (tmp_path / "receipts").mkdir()
        for index, data in enumerate(listed):
            (tmp_path / "receipts" / f"{index}.json").write_bytes(data)
        item = {"period": "2026-10", "households": 12, "granted": "120", "lent": "60"}
        sums = {
            "_type": "credit-ledger/outcome-sums@1",
            "from": "2026-09",
            "until": "2026-10",
            "by": ["period"],
            "items": [item | {"members": 1, "hidden": 1}],
        }
        (tmp_path / "published.json").write_bytes(orjson.dumps(sums))
        kept = log.leaves()[:3]
        issued = log.anchors[0].time - HOUR
        promise = promise_of(log, kept, issued=issued)
        (tmp_path / "answer.json").write_bytes(of_file(promise, kept))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(anvil.head_time()))
        yield tmp_path


def test_its_examples_run(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = blocks(PAGES[0])
    assert len(lines) == 7
    for line in lines:
        name, *words = shlex.split(line)
        assert name == "credit-ledger"
        assert run(words) == 0, (line, capsysbinary.readouterr())
    assert TIANJIN.encode() in (folder / "sums.csv").read_bytes()
    report = orjson.loads((folder / "report.json").read_bytes())
    assert report["findings"] == []
    assert {one["member"] for one in report["service"]} >= {"110000", "120000"}
    assert (report["finance"]["queries"], report["finance"]["answers"]) == (1, 1)


def test_evidence_as_the_page_has_it(
    folder: Path, ledger: Ledger, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Made with several receipts and days, and checked where no node is left."""
    shown = [line for line in blocks(PAGES[0], "text") if "credit-ledger evidence" in line]
    make, check, by_nodes = (shlex.split(line)[1:] for line in shown)
    for name, index in (("a.json", 0), ("b.json", 1)):
        (folder / name).write_bytes((folder / "receipts" / f"{index}.json").read_bytes())
    day = date_of(ledger.network.anvil.head_time())
    make = [day if word.startswith("2026-") else word for word in make]
    assert run(make) == 0, capsysbinary.readouterr()
    printed = capsysbinary.readouterr().out.decode().splitlines()
    [header] = [line for line in printed if line.startswith("0x")]
    down = ledger.network.with_rpc(["http://127.0.0.1:1"], 1)
    (folder / "network.json").write_bytes(down.encode())
    assert run([header if word == "HASH" else word for word in check]) == 0
    assert run([word for word in check if word not in ("--header", "HASH")]) == 4
    assert header in capsysbinary.readouterr().out.decode().splitlines()
    url = ledger.network.anvil.url
    assert run([url if word.startswith("http") else word for word in by_nodes]) == 0
