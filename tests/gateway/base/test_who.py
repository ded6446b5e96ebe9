"""Files of who is who: read together, again without a restart, looked over before use."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from gateway.base import reread
from gateway.base.settings import load
from gateway.base.who import Doubts, Who, WhoFiles, WhoPaths, WhoWatch
from gateway.cli import gateway
from gateway.intake.worker import Rows
from ledger.core.errors import ConfigError
from ledger.records.authorities import parse_authorities
from tests.gateway.intake.material import row
from tests.gateway.policy.desk import write
from tests.records.examples import SUBJECT, code
from tests.support.callers import CENTRE
from tests.support.node import make_test_node

A, B = (code("11110000", f"MB{n:06}") for n in range(2))
PILOT = "91350203M0001QKT19"
AUTHORITIES = {"_type": "credit-ledger/authorities@1", "authorities": [{"code": A}]}
EXCEPTIONS = {
    "_type": "credit-ledger/uscc-exceptions@1",
    "exceptions": [{"code": PILOT, "reason": "试点", "source": "执照"}],
}
SUBJECTS = {
    "_type": "credit-ledger/subjects@1",
    "subjects": [{"codes": [SUBJECT, PILOT], "reason": "重新赋码", "document": "样登1号"}],
}
TOML = """
env = "development"
network = "network.json"
authorities_file = "authorities.json"
uscc_exceptions_file = "exceptions.json"
[node]
code = "110000"
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reread, "LOOK_SECONDS", 0.0)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")


@pytest.fixture
def paths(tmp_path: Path) -> WhoPaths:
    return WhoPaths(
        authorities=write(tmp_path / "authorities.json", AUTHORITIES),
        exceptions=write(tmp_path / "exceptions.json", EXCEPTIONS),
        subjects=write(tmp_path / "subjects.json", SUBJECTS),
    )


def sizes(who: Who) -> tuple[int, int, int]:
    return len(who.authorities), len(who.exceptions), len(who.subjects)


def test_no_files_say_nothing() -> None:
    assert sizes(WhoFiles(WhoPaths()).current()) == (0, 0, 0)


def test_the_files_are_taken_together(paths: WhoPaths) -> None:
    """A wrong one keeps the others as they were, until it is mended."""
    assert paths.exceptions and paths.authorities
    files = WhoFiles(paths)
    assert sizes(files.current()) == (1, 1, 1)
    assert files.current() is files.current()
    write(paths.authorities, AUTHORITIES | {"authorities": [{"code": A}, {"code": A}]})
    write(paths.exceptions, EXCEPTIONS | {"exceptions": []})
    assert sizes(files.current()) == (1, 1, 1)
    assert files.problem is not None and "stands twice" in files.problem.problem
    write(paths.authorities, AUTHORITIES | {"authorities": [{"code": A}, {"code": B}]})
    assert sizes(files.current()) == (2, 0, 1)
    assert files.problem is None


def test_no_gateway_starts_with_a_wrong_one(paths: WhoPaths, tmp_path: Path) -> None:
    assert paths.subjects
    paths.subjects.write_text("{")
    with pytest.raises(ConfigError):
        make_test_node(tmp_path, subjects_file=paths.subjects)


def test_a_wrong_one_is_measured(paths: WhoPaths, tmp_path: Path) -> None:
    node = make_test_node(tmp_path, authorities_file=paths.authorities)

    def refused() -> dict[str, float]:
        found = {family.name: family for family in node.collector.collect()}
        samples = found["credit_ledger_file_refused"].samples
        return {sample.labels["file"]: sample.value for sample in samples}

    assert paths.authorities and refused() == {"calendar": 0, "who": 0}
    write(paths.authorities, {})
    assert refused() == {"calendar": 0, "who": 1}
    node.close()


def test_what_was_read_is_told_once(paths: WhoPaths) -> None:
    assert paths.exceptions
    watch = WhoWatch(WhoFiles(paths))
    watch(threading.Event())
    with structlog.testing.capture_logs() as told:
        paths.exceptions.write_text("{")
        for _ in range(3):
            watch(threading.Event())
        write(paths.exceptions, EXCEPTIONS | {"exceptions": []})
        for _ in range(3):
            watch(threading.Event())
    assert [one["event"] for one in told] == ["who.refused", "who.read-again"]


def test_the_processes_read_them_too(paths: WhoPaths, tmp_path: Path) -> None:
    """A set that is drafted elsewhere goes by the same files."""
    assert paths.exceptions
    write(paths.exceptions, EXCEPTIONS | {"exceptions": []})
    node = make_test_node(
        tmp_path,
        uscc_exceptions_file=paths.exceptions,
        now=datetime(2026, 11, 23, tzinfo=UTC),
        intake={"processes": 1},
    )

    def verdicts(first: int) -> set[str]:
        rows = [row(n, CF_XDR_SHXYM=PILOT) for n in range(first, first + 100)]
        answer = node.intake.finish(node.intake.begin(Rows(rows)), callers=[CENTRE] * 100)
        return {one.verdict for one in answer.rows}

    assert verdicts(0) == {"rejected"}
    write(paths.exceptions, EXCEPTIONS)
    threading.Event().wait(1.1)  # the other process looks once a second
    assert verdicts(100) == {"accepted"}
    node.close()


def test_what_is_doubtful() -> None:
    table = parse_authorities(
        AUTHORITIES
        | {
            "authorities": [
                {"code": A, "kind": "market-supervison"},
                {"code": PILOT, "kind": "other"},
                {"code": B, "kind": "market-supervision"},
            ]
        }
    )
    doubts = Doubts.of(Who(authorities=table))
    assert (doubts.codes, doubts.kinds) == ((PILOT,), ("market-supervison",))
    assert Doubts.of(Who(authorities=table, exceptions=frozenset({PILOT}))).codes == ()


# ---- commands


@pytest.fixture
def config(tmp_path: Path, paths: WhoPaths) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(TOML, "utf-8")
    return path


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(gateway, [str(argument) for argument in arguments])


def test_settings_and_environment(
    config: Path, paths: WhoPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.exceptions and paths.subjects
    settings = load(config)
    assert WhoPaths.of(settings) == WhoPaths(
        authorities=paths.authorities, exceptions=paths.exceptions
    )
    monkeypatch.setenv("CREDIT_LEDGER_SUBJECTS_FILE", str(paths.subjects))
    assert WhoPaths.of(load(config)) == paths


def test_files_are_checked(paths: WhoPaths) -> None:
    done = run("authorities", "check", paths.authorities, paths.exceptions, paths.subjects)
    assert done.exit_code == 0, done.output
    assert "1 authorities, 1 excepted codes, 1 subjects" in done.stderr
    told = json.loads(run("authorities", "check", "--json", paths.authorities).stdout)
    assert told["authorities"] == 1
    assert told["doubtful"] == {"codes": [], "kinds": []}


def test_a_wrong_file_is_named_with_its_entry(paths: WhoPaths, tmp_path: Path) -> None:
    wrong = write(tmp_path / "x.json", AUTHORITIES | {"authorities": [{"code": A}, {"code": "1"}]})
    done = run("authorities", "check", wrong)
    assert done.exit_code == 1
    assert str(wrong) in done.stderr and "entry 2" in done.stderr
    assert run("authorities", "check", write(wrong, {"_type": "x"})).exit_code == 1
    assert run("authorities", "check", write(wrong, [])).exit_code == 1
    assert run("authorities", "check", paths.subjects, paths.subjects).exit_code == 1


def test_doubts_are_no_pass(paths: WhoPaths, tmp_path: Path) -> None:
    table = write(tmp_path / "x.json", AUTHORITIES | {"authorities": [{"code": PILOT}]})
    done = run("authorities", "check", table)
    assert done.exit_code == 1
    assert f"Doubtful: {PILOT}" in done.stderr
    assert run("authorities", "check", table, paths.exceptions).exit_code == 0


def test_what_a_token_stands_for(config: Path, paths: WhoPaths) -> None:
    assert paths.authorities
    merged = [{"code": A, "until": "2026-06-30", "successors": [B]}, {"code": B}]
    write(paths.authorities, AUTHORITIES | {"authorities": merged})
    common = ("authorities", "show", f" {B.lower()}", "--config", config, "--json", "--on")
    before = json.loads(run(*common, "2026-06-30").stdout)
    after = json.loads(run(*common, "2026-07-01").stdout)
    assert [one["code"] for one in before["standsFor"]] == [B]
    assert after["standsFor"][1] == {"code": A, "name": None, "from": None, "until": "2026-06-30"}
    shown = run(*(word for word in common if word != "--json"), "2026-07-01").stdout.splitlines()
    assert shown == ["Code\tName\tFrom\tUntil", f"{B}\t-\t-\t-", f"{A}\t-\t-\t2026-06-30"]


def test_a_token_of_an_excepted_code(config: Path, paths: WhoPaths) -> None:
    assert paths.exceptions
    common = ("token", "add", "甲", "--scope", "submit", "--config", config, "--authority", PILOT)
    added = run(*common)
    assert added.exit_code == 0
    assert f"{PILOT} is not in the table" in added.stderr
    write(paths.exceptions, EXCEPTIONS | {"exceptions": []})
    refused = run(*common)
    assert refused.exit_code == 1
    assert "file of exceptions" in refused.stderr or "uscc-" in refused.stderr
