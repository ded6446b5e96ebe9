"""Verifiers that end, hang, lie or talk nonsense: the run goes on, and says so."""

import sys
from pathlib import Path

import pytest

from ledger.conformance.answers import Answer, NoAnswer
from ledger.conformance.lines import MAX_LINE, STARTS, Command
from ledger.conformance.runner import run
from ledger.conformance.suite import packaged
from tests.conformance.commands import program

SUITE = packaged()
ROLES = SUITE.of(["role"])
FIRST, SECOND, *_ = ROLES


def told(folder: Path, say: str) -> list[tuple[str, str]]:
    """Cases on which such a verifier does not agree, each with why."""
    verifier = Command(program(folder, say), SUITE)
    try:
        report = run(ROLES, verifier)
    finally:
        verifier.close()
    return [
        (
            finding.case.name,
            finding.said.code if isinstance(finding.said, NoAnswer) else str(finding.said.verdict),
        )
        for finding in report.findings
    ]


def only_of_the_second(what: str) -> str:
    """A verifier that is honest but for one case."""
    return f"""
def say(asked):
    if asked["case"] == {SECOND.name!r}:
        {what}
        return
    put(json.dumps(answer(asked)))
"""


def test_an_honest_verifier_agrees_on_all(tmp_path: Path) -> None:
    verifier = Command(program(tmp_path), SUITE)
    report = run(SUITE.cases, verifier)
    verifier.close()
    assert (report.findings, report.agreed) == ((), len(SUITE.cases))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("sys.exit(3)", "ended"),
        ("os.kill(os.getpid(), 9)", "ended"),
        ("os.close(1); import time; time.sleep(600)", "ended"),
        ('put("valid")', "garbage"),
        ('put("")', "garbage"),
        ('put("[]")', "garbage"),
        ('put("{}")', "garbage"),
        ('put("[" * 50000)', "garbage"),
        ('sys.stdout.buffer.write(b"\\xff\\xfe\\n"); sys.stdout.flush()', "garbage"),
        (f'put("x" * {MAX_LINE + 10})', "garbage"),
        ('put(json.dumps({"case": asked["case"], "verdict": 1}))', "garbage"),
        ('put(json.dumps({"case": "another/one", "verdict": "valid"}))', "other-case"),
        ('put(json.dumps({"case": asked["case"], "verdict": None}))', "None"),
        ('put(json.dumps({"case": asked["case"], "verdict": "withdrawn"}))', "withdrawn"),
    ],
)
def test_one_case_that_goes_wrong(tmp_path: Path, what: str, why: str) -> None:
    """All others are judged as if nothing had been."""
    assert told(tmp_path, only_of_the_second(what)) == [(SECOND.name, why)]


def test_a_verifier_that_hangs(tmp_path: Path) -> None:
    say = "def say(asked):\n    import time\n    time.sleep(600)\n"
    verifier = Command(program(tmp_path, say), SUITE, deadline=0.1)
    said = verifier.answer(FIRST)
    verifier.close()
    assert isinstance(said, NoAnswer)
    assert (said.code, said.detail) == ("hung", "no answer in 0.1 s")


def test_a_verifier_that_hangs_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked all there is and does not end: it is ended, with what it started."""
    monkeypatch.setattr("ledger.conformance.lines.PATIENCE", 0.1)
    late = "\nimport atexit, time\natexit.register(lambda: time.sleep(600))\n"
    say = "def say(asked):\n    put(json.dumps(answer(asked)))\n" + late
    verifier = Command(program(tmp_path, say), SUITE)
    assert verifier.answer(FIRST) == Answer(FIRST.verdict)
    verifier.close()


def test_it_is_not_started_for_ever(tmp_path: Path) -> None:
    cases = SUITE.of(["value"])
    verifier = Command(program(tmp_path, "def say(asked):\n    sys.exit(1)\n"), SUITE)
    found = [finding.said for finding in run(cases, verifier).findings]
    verifier.close()
    codes = [one.code for one in found if isinstance(one, NoAnswer)]
    assert len(cases) > STARTS + 1
    assert codes == ["ended"] * (STARTS + 1) + ["gone"] * (len(cases) - STARTS - 1)


def test_its_last_words_are_told_and_cut(tmp_path: Path) -> None:
    words = 'sys.stderr.write("x" * 9000 + "\\n" + "the reason\\n"); sys.exit(7)'
    verifier = Command(program(tmp_path, only_of_the_second(words)), SUITE)
    said = verifier.answer(SECOND)
    assert isinstance(said, NoAnswer)
    assert "exit code 7" in said.detail
    assert said.detail.endswith("the reason")
    assert len(said.detail) < 2000


def test_what_it_writes_to_standard_error_stops_nothing(tmp_path: Path) -> None:
    noise = 'sys.stderr.write("x" * 1000000); sys.stderr.flush()'
    put = "put(json.dumps(answer(asked)))"
    assert told(tmp_path, f"def say(asked):\n    {noise}\n    {put}\n") == []


def test_a_verifier_that_lies(tmp_path: Path) -> None:
    """Whatever must be said, it says `valid`."""
    say = 'def say(asked):\n    put(json.dumps({"case": asked["case"], "verdict": "valid"}))\n'
    wrong = [case.name for case in ROLES if case.verdict != "valid"]
    assert [name for name, _ in told(tmp_path, say)] == wrong
    assert wrong


def test_a_command_that_is_not_there() -> None:
    said = Command("/no/such/verifier --fast", SUITE).answer(FIRST)
    assert isinstance(said, NoAnswer)
    assert said.code == "broken"


def test_a_command_is_split_as_a_shell_would() -> None:
    text = f"{sys.executable} -c 'import sys; sys.exit(5)'"
    said = Command(text, SUITE).answer(FIRST)
    assert isinstance(said, NoAnswer)
    assert "exit code 5" in said.detail


def test_what_it_is_asked(tmp_path: Path) -> None:
    """Absolute paths, the question, and where the suite lies."""
    say = """
def say(asked):
    here = os.environ["CONFORMANCE_SUITE"]
    fit = all(one is None or (os.path.isfile(one) and one.startswith(here))
              for one in (asked[name] for name in ("file", "facts", "statement", "authorisation")))
    members = {"case", "kind", "file", "statement", "authorisation", "facts", "question"}
    fit = fit and set(asked) == members
    put(json.dumps(answer(asked) if fit else {"case": asked["case"], "verdict": "unfit"}))
"""
    verifier = Command(program(tmp_path, say), SUITE)
    kinds = {(case.kind, case.authorisation is None): case for case in SUITE.cases}
    assert run(list(kinds.values()), verifier).findings == ()
    verifier.close()
