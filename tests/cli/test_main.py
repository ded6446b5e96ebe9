"""The group of commands, its help and languages, and `audit replay` on the command line."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path

import click
import pytest

from ledger.cli import main
from ledger.cli.language import language
from tests.cli.conftest import Cli
from tests.support.ledger import serve
from tests.verify.conftest import Ledger

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = ("audit", "files", "gateway", "keys", "network", "receipt", "submit", "verify")


def test_the_overview_names_every_command(cli: Cli) -> None:
    done = cli("--help")
    assert done.exit == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.out
    assert cli().exit == 2
    assert cli("nonsense").exit == 2


def test_the_version_is_that_of_the_distribution(cli: Cli) -> None:
    done = cli("--version")
    assert (done.exit, done.out.split()[-1]) == (0, version("credit-record-ledger"))
    assert done.out.startswith("credit-ledger")


@pytest.mark.parametrize("command", [("verify",), ("receipt",), ("submit",), ("audit", "replay")])
def test_help_has_examples_and_exit_codes(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(*command, "--help")
    assert done.exit == 0
    assert f"credit-ledger {' '.join(command)} " in done.out
    assert "xamples:" in done.out or "示例" in done.out
    words = " ".join(done.out.split())
    assert "xit codes" in words or "退出码" in words


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"CREDIT_LEDGER_LANG": "zh", "LC_ALL": "C"}, "zh"),
        ({"CREDIT_LEDGER_LANG": "en", "LANG": "zh_CN"}, "en"),
    ],
)
def test_the_language(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


@pytest.mark.parametrize(("chosen", "word"), [("zh", "核验回执"), ("en", "Check receipts")])
def test_help_in_both_languages(chosen: str, word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ledger.cli.main", "verify", "--help"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CREDIT_LEDGER_LANG": chosen,
            "PYTHONIOENCODING": "utf-8",
        },
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, word in done.stdout.decode()) == (0, True)


def test_a_command_whose_package_is_not_installed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = (EntryPoint("gateway", "no_such_package:gateway", main.PLUGINS),)
    monkeypatch.setattr(main, "_plugins", lambda: points)
    done = cli("gateway", "serve")
    assert done.exit == 1
    assert "credit-record-ledger[gateway]" in done.err


def test_a_plugin_that_is_no_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    points = (EntryPoint("gateway", "json:loads", main.PLUGINS),)
    monkeypatch.setattr(main, "_plugins", lambda: points)
    done = cli("gateway")
    assert (done.exit, "is no command" in done.err) == (1, True)


def test_an_evidence_command_never_ends_well_without_an_answer(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that forgets its exit code is a bug, not a valid receipt."""

    @click.command("verify")
    def silent() -> None:
        pass

    monkeypatch.setattr(main, "_command", lambda found: silent)
    assert cli("verify").exit == 4
    monkeypatch.setattr(main, "_EVIDENCE", frozenset())
    assert cli("verify").exit == 0


@pytest.mark.parametrize(("command", "expected"), [("verify", 4), ("keys", 1)])
def test_nobody_reads_the_output(command: str, expected: int) -> None:
    """`credit-ledger verify … | head -1` must not end as "not authentic"."""
    words = {"verify": [str(ROOT / "README.md"), "--network", "nowhere.json"], "keys": ["show"]}
    script = (
        "import sys; from ledger.cli import main; import click\n"
        "def gone(*_): raise BrokenPipeError(32, 'gone')\n"
        "main.cli.invoke = gone\n"
        f"sys.exit(main.run({[command, *words[command]]!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == expected


# ---- audit replay


def test_replay_on_the_command_line(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    with serve(ledger.beijing, ledger.tianjin) as url:
        common = ["audit", "replay", "--network", network_file]
        mirrors = ["--mirror", f"110000={url}", "--mirror", f"120000={url}"]
        done = cli(*common, *mirrors, "--out", out)
        assert (done.exit, "all in order" in done.out) == (0, True)
        told = cli(*common, *mirrors, "--json")
        assert told.json() == json.loads(out.read_bytes())
        assert told.out.encode() == out.read_bytes() + b"\n"
        block = told.json()["block"]["number"]
        assert cli(*common, *mirrors, "--block", block, "--json").json() == told.json()
        assert cli(*common, *mirrors, "--block", block + 1).exit == 4

        silent = "--mirror=120000=http://127.0.0.1:1"
        missing = cli(*common, mirrors[0], mirrors[1], silent, "--json")
        codes = [finding["code"] for finding in missing.json()["findings"]]
        assert (missing.exit, codes) == (4, ["tiles-missing"])
        gaps = [gap["code"] for gap in missing.json()["incomplete"]]
        assert gaps == ["tiles-unreachable"]
        told = cli(*common, mirrors[0], mirrors[1], silent)
        assert told.exit == 4
        assert told.out.startswith("INCOMPLETE")

        ledger.beijing.served = {"tile/0/000.p/2": bytes(64)}
        done = cli(*common, *mirrors)
        assert done.exit == 1
        assert "tile-mismatch" in done.out


def test_replay_where_the_chain_is_silent(
    ledger: Ledger, cli: Cli, network_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    done = cli(
        *("audit", "replay", "--network", network_file),
        *("--rpc", "http://127.0.0.1:1", "--out", out),
    )
    assert (done.exit, done.out, out.exists()) == (4, "", False)
    for mirror in ("110000", "=http://x", "110000=ftp://x"):
        assert cli("audit", "replay", "--network", network_file, "--mirror", mirror).exit == 2


def test_replay_of_mirrors_that_are_not_there(ledger: Ledger, cli: Cli, network_file: Path) -> None:
    mirrors = [f"--mirror={code}=http://127.0.0.1:1" for code in ("110000", "120000")]
    done = cli("audit", "replay", "--network", network_file, *mirrors, "--json")
    assert done.exit == 4
    assert {finding["code"] for finding in done.json()["findings"]} == {"tiles-missing"}
