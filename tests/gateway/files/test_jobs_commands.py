"""`credit-ledger gateway jobs …` as an operator uses it."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import gateway
from gateway.files.models import file_parts
from gateway.node import Node
from tests.gateway.files.conftest import NOW
from tests.gateway.files.desk import Desk
from tests.gateway.intake.material import count
from tests.support.node import make_test_node
from tests.support.sheets import GOOD, csv_text

TOML = """
env = "development"
network = "network.json"
database_url = "{url}"
[node]
code = "110000"
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    url = node.ctx.settings.database_url
    (tmp_path / "gateway.toml").write_text(TOML.format(url=url), "utf-8")
    yield node
    node.close()


def run(tmp_path: Path, *arguments: str) -> Result:
    config = str(tmp_path / "gateway.toml")
    return CliRunner().invoke(gateway, ["jobs", *arguments, "--config", config])


def set_aside(node: Node, desk: Desk) -> tuple[str, str]:
    """(id, place) of a file that nobody can process."""
    place = desk.post(csv_text(GOOD).encode(), "x.csv").headers["Location"]
    held = node.jobs.claim("file")
    assert held is not None
    node.jobs.set_aside(held, "MemoryError")
    return held.id, place


def test_list_and_retry(node: Node, tmp_path: Path) -> None:
    desk = Desk(node)
    job, place = set_aside(node, desk)
    listed = run(tmp_path, "list")
    head, line = [text.split("\t") for text in listed.stdout.splitlines()]
    assert (listed.exit_code, line[:3]) == (0, [job, "file", "set-aside"])
    assert (head[:3], len(head)) == (["Id", "Kind", "State"], len(line))
    (told,) = json.loads(run(tmp_path, "list", "--json").stdout)["jobs"]
    assert (told["code"], told["token"]) == ("MemoryError", 1)
    assert told["bytes"] == len(csv_text(GOOD).encode())
    assert run(tmp_path, "list", "--state", "done").stdout == ""
    desk.report({"id": job})
    assert run(tmp_path, "retry", job).exit_code == 0
    desk.work()
    answer = desk.answer(place)
    assert (answer["state"], answer["counts"]["accepted"]) == ("done", 1)
    again = run(tmp_path, "retry", job)
    assert again.exit_code == 1 and "jobs list" in again.stderr
    assert run(tmp_path, "list").stdout == ""
    assert desk.report(answer), "made anew"


def report_set_aside(node: Node, desk: Desk) -> tuple[str, str]:
    """(id of the job, place) of a workbook to correct that could not be made."""
    answer = desk.send(csv_text(dict(GOOD, CF_NR_FK="x")).encode())
    place = f"/v1/files/{answer['id']}/report.xlsx"
    assert desk.get(place).status_code == 202
    held = node.jobs.claim("report")
    assert held is not None
    node.jobs.set_aside(held, "x")
    assert desk.get(place).status_code == 503
    return held.id, place


@pytest.mark.parametrize("command", ["drop", "retry"])
def test_a_workbook_to_correct(node: Node, tmp_path: Path, command: str) -> None:
    """Whatever becomes of its job, it is made where it is asked for again."""
    desk = Desk(node)
    job, place = report_set_aside(node, desk)
    assert run(tmp_path, command, job).exit_code == 0
    waiting = [one.id for one in node.jobs.listed(["queued"])]
    assert waiting == {"drop": [], "retry": [job]}[command]
    assert desk.get(place).status_code == 202
    desk.work()
    assert desk.get(place).content.startswith(b"PK")


def test_drop_what_runs(node: Node, tmp_path: Path) -> None:
    desk = Desk(node)
    place = desk.post(csv_text(GOOD).encode()).headers["Location"]
    held = node.jobs.claim("file")
    assert held is not None
    assert run(tmp_path, "drop", held.id).exit_code == 0
    assert count(node, file_parts) == 0
    node.files.process(held, threading.Event())  # of a worker that does not know yet
    assert "gave this file up" in desk.answer(place)["message"]["en"]


def test_drop(node: Node, tmp_path: Path) -> None:
    desk = Desk(node)
    job, place = set_aside(node, desk)
    assert count(node, file_parts) == 1
    dropped = run(tmp_path, "drop", job, "--json")
    assert json.loads(dropped.stdout) == {"id": job, "state": "failed"}
    assert count(node, file_parts) == 0
    answer = desk.answer(place)
    assert answer["state"] == "failed" and "gave this file up" in answer["message"]["en"]
    for arguments in (("drop", job), ("retry", job), ("drop", "0" * 32)):
        assert run(tmp_path, *arguments).exit_code == 1
    assert run(tmp_path, "drop", "x y").exit_code == 2
