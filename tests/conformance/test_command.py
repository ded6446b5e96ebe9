"""`credit-ledger conformance`: exit codes, what is shown, and the files that others get."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from ledger.cli.main import run
from ledger.conformance.answers import Answer
from ledger.conformance.export import export
from ledger.conformance.judges import Ours
from ledger.conformance.suite import Suite, packaged
from ledger.conformance.world import read
from ledger.core.errors import ConfigError
from tests.conformance.commands import HONEST, program

SUITE = packaged()
LIAR = 'def say(asked):\n    put(json.dumps({"case": asked["case"], "verdict": "valid"}))\n'


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, result, and what is said beside it."""
    code = run(["conformance", *arguments])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_ours_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "run", "--group", "void", "--group", "role")
    assert (code, out) == (0, "")
    assert str(len(SUITE.of(["void", "role"]))) in err


@pytest.mark.parametrize(("say", "wanted"), [(HONEST, 0), (LIAR, 1)], ids=["honest", "liar"])
def test_another_verifier(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, say: str, wanted: int
) -> None:
    command = shlex.join(program(tmp_path, say))
    code, out, _ = said(capsys, "run", "--command", command, "--group", "void", "--json")
    document = json.loads(out)
    assert code == wanted
    assert document["cases"] == len(SUITE.of(["void"]))
    assert bool(document["differ"]) is bool(wanted)
    assert document["agreed"] + len(document["differ"]) == document["cases"]


def test_what_differs_is_shown_with_its_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = shlex.join(program(tmp_path, LIAR))
    code, out, _ = said(capsys, "run", "--command", command, "--group", "void")
    case = next(case for case in SUITE.of(["void"]) if case.verdict != "valid")
    assert code == 1
    assert any(case.name in line and case.verdict in line for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["run", "--command", "/no/such/verifier", "--group", "role"], 4),
        (["run", "--command", "'", "--group", "role"], 2),
        (["run", "--group", "rumours"], 2),
        (["export", __file__], 2),
    ],
)
def test_what_could_not_be_run(
    capsys: pytest.CaptureFixture[str], arguments: list[str], wanted: int
) -> None:
    assert said(capsys, *arguments)[0] == wanted


def test_the_files_of_others_are_ours(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "suite"
    assert said(capsys, "export", str(folder))[0] == 0
    there = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert there == set(SUITE.files())
    for path in there:
        assert (folder / path).read_bytes() == (SUITE.folder / path).read_bytes()
    assert said(capsys, "export", str(folder))[0] == 4, "nothing is written over"


def test_what_was_exported_runs_alike(tmp_path: Path) -> None:
    export(SUITE, tmp_path)
    theirs = Suite.load(tmp_path)
    assert len(theirs.cases) == len(SUITE.cases)
    for case in theirs.of(["opening", "request"]):
        answer = Ours(theirs).answer(case)
        assert isinstance(answer, Answer)
        assert answer.verdict == case.verdict


def copied(folder: Path) -> Path:
    """A suite of one case to be spoiled."""
    target = folder / "suite"
    shutil.copytree(SUITE.folder, target)
    return target


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("credit-ledger/conformance@1", "credit-ledger/conformance@2"),
        ('"cases":[', '"rumours":['),
        ('"expect":{"verdict"', '"expect":{"guess"'),
        ('{"_type"', '{{"_type"'),
    ],
)
def test_a_folder_that_is_no_suite(tmp_path: Path, old: str, new: str) -> None:
    folder = copied(tmp_path)
    cases = folder / "cases.json"
    cases.write_text(cases.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError):
        Suite.load(folder)


def test_a_suite_that_lacks_a_file(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / SUITE.cases[0].file.relative_to(SUITE.folder)).unlink()
    with pytest.raises(ConfigError):
        Suite.load(folder)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"_type":"credit-ledger/conformance-facts@2"}',
        '{"_type":"credit-ledger/conformance-facts@1","base":"facts/final-nothing-is.json"}',
    ],
)
def test_facts_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError):
        read(path, SUITE.folder)


def test_a_block_with_two_times_is_told(tmp_path: Path) -> None:
    """Facts that contradict themselves are a fault of the suite, never a verdict."""
    world = json.loads((SUITE.folder / "facts" / "world.json").read_bytes())
    world["anchors"][0]["block"] = world["head"]["number"]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(world), "utf-8")
    with pytest.raises(ConfigError):
        read(path, SUITE.folder).blocks()
