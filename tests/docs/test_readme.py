"""The commands of README.md and README.zh-CN.md are run, on other ports and in another folder."""

import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from gateway.devnet import services
from gateway.devnet.layout import DEFAULT_BASE_PORT, NODES, Layout, load_ports
from ledger.cli.main import run

ROOT = Path(__file__).resolve().parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")
TIANJIN = "120000"


def commands(name: str) -> list[str]:
    """Lines of the code blocks, without comments."""
    text = (ROOT / name).read_text("utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    blocks = [block for language, block in fenced if not language]
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_both_languages_show_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-CN.md")


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {line.split()[1] for line in commands("README.md") if line.startswith("make ")}
    assert targets == {"demo", "test", "setup"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in, as a newcomer's clone."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    try:
        yield tmp_path
    finally:
        services.down(tmp_path / ".credit-ledger")


def test_the_tour(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command ends as the text says; LEAF is that of the row whose USCC is asked for, ID that
    of the file."""
    nodes = [member for member in NODES if member.code == TIANJIN]
    services.up(folder / ".credit-ledger", 0, lambda _step: None, nodes=nodes)
    ports = load_ports(Layout(folder / ".credit-ledger"))
    printed = str(DEFAULT_BASE_PORT + (nodes[0].offset or 0))
    leaf = file = ""
    seen = []
    for line in commands("README.md"):
        if not line.startswith("credit-ledger ") or " network " in line:
            continue
        changed = line.replace(printed, str(ports.members[TIANJIN])).replace("LEAF", leaf)
        changed = changed.replace(" ID ", f" {file} ")
        words = shlex.split(changed)[1:]
        seen.append(words[0])
        capsys.readouterr()
        if words[0] == "submit":
            assert run([*words, "--json"]) == 1, "some rows are rejected, as they should be"
            answer = json.loads(capsys.readouterr().out)
            file = answer["id"]
            leaf = next(row["leaf"] for row in answer["verdicts"] if row["row"] == 2)
        else:
            assert run(words) == 0, line
    assert seen == ["submit", "files", "files", "receipt", "receipt", "verify", "audit"]
    assert list((folder / "receipts").iterdir())
    assert (folder / "to-correct.xlsx").stat().st_size > 0
    assert json.loads((folder / "audit.json").read_text("utf-8"))["findings"] == []


def test_the_wheel_that_it_tells_of(tmp_path: Path) -> None:
    """Its name is not that of strangers, and what a verifier needs is in it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    options = ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run([*command, *options], check=True)
    [wheel] = tmp_path.iterdir()
    assert wheel.name == f"credit_record_ledger-{version('credit-record-ledger')}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for package in ("ledger", "gateway"):
        shipped = (path for path in (ROOT / package).rglob("*") if path.is_file())
        files = {str(path.relative_to(ROOT)) for path in shipped if "__pycache__" not in path.parts}
        assert files <= held, files - held
    for readme in READMES:
        text = (ROOT / readme).read_text("utf-8")
        assert wheel.name.partition("-")[0] in text
        assert not re.search(r"pip install ['\"]?credit-ledger", text)
