"""The commands: `case import-national`, `files release`, `files decisions`."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gateway.node import Node
from ledger.cli.main import run
from tests.gateway.casefiles.bureau import Bureau, line, table
from tests.gateway.cases.desk import take_in
from tests.gateway.cases.test_commands import serving

Cli = Callable[..., tuple[int, Any]]


@contextmanager
def working(bureau: Bureau) -> Iterator[None]:
    """What the threads of the gateway do, on a chain that mines."""
    stop = threading.Event()
    node = bureau.node

    def work() -> None:
        while not stop.wait(0.2):
            node.case_files.judging.step()
            node.case_files.deciding.step()
            node.case_parts.sending.step()
            bureau.anvil.mine()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def cli(
    bureau: Bureau,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cli]:
    """Runs a command; exit code and JSON."""
    for name in ("TOKEN", "DIR", "LANG", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    with serving(bureau.node) as url, working(bureau):

        def call(*arguments: object, chief: bool = False, as_json: bool = True) -> tuple[int, Any]:
            capsysbinary.readouterr()
            who = bureau.chief if chief else bureau.clerk
            to = ("--to", url, "--token", who.token, *(("--json",) if as_json else ()))
            code = run([*map(str, arguments), *to])
            found = capsysbinary.readouterr()
            if not as_json:
                return code, found.err.decode()
            return code, json.loads(found.out) if found.out else None

        yield call


def test_from_the_file_to_the_chain(bureau: Bureau, node: Node, cli: Cli, tmp_path: Path) -> None:
    take_in(node, bureau.anvil, 1, 2)
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(table(line(1)))
    bad.write_bytes(table(line(2), line(9)))
    code, told = cli("case", "import-national", good)
    assert (code, told["counts"]["proposed"], told["refused"]) == (0, 1, [])
    assert cli("files", "release", told["id"])[0] == 1, "the same person"
    code, told = cli("files", "release", told["id"], chief=True)
    assert (code, told["acts"]["recorded"]) == (0, 1)
    out = tmp_path / "out.xlsx"
    code, told = cli("case", "import-national", bad, "-o", out)
    assert (code, told["counts"]["proposed"], told["counts"]["refused"]) == (1, 1, 1)
    assert [row["code"] for row in told["refused"]] == ["record-unknown"]
    assert len(list(openpyxl.load_workbook(out).worksheets[0].iter_rows())) == 3
    assert cli("case", "import-national", bad)[1]["id"] == told["id"]
    code, told = cli("files", "release", told["id"], chief=True)
    assert (code, told["acts"]["recorded"], told["counts"]["refused"]) == (1, 1, 1)
    code, listed = cli("files", "decisions")
    assert (code, [one["state"] for one in listed["files"]]) == (0, ["done", "done"])


def test_what_people_read(bureau: Bureau, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(table(line(9)))
    code, said = cli("case", "import-national", file, as_json=False)
    assert code == 1
    assert "record-unknown" in said
    assert cli("files", "decisions", as_json=False)[0] == 0
    assert cli("case", "import-national", file, "-o", file)[0] == 2
    assert cli("files", "release", "x")[0] == 2
    assert cli("files", "decisions", "0" * 32)[0] == 1
