"""A replay that was stopped, wherever, goes on to the same bytes; what is kept answers nothing
else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import disk, log_reading
from ledger.audit.kept import RESUME_PROBLEMS, CannotResume, Kept, digest_of
from ledger.audit.log_account import LogAccount
from ledger.audit.replay import Report
from ledger.core.tiles import encode_bundle
from tests.audit.conftest import Ledger
from tests.audit.read_log import Reader, Served, Tree, entries, entry, log_of
from tests.audit.test_replay import ROOT
from tests.audit.test_replay import entry as entry_of
from tests.support.ledger import MemberLog, make_record, serve
from tests.support.nightly import some

OPTIONS = {"--openings": "", "--gas": ""}
STEPS = ("write", "sync", "cut", "replace", "sync_folder")


class Died(BaseException):
    """The process is gone: nobody catches this."""


class Death:
    """Ends a process at one of the steps by which something gets to the disk: before it, within
    it, or behind it. Afterwards nothing gets there any more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, how: str) -> None:
        """at: number of the step, 0: never."""
        self.done: list[str] = []
        self._at, self._how, self._dead = at, how, False
        for name in STEPS:
            monkeypatch.setattr(disk, name, self._step(name, getattr(disk, name)))

    def _step(self, name: str, do: Callable[..., None]) -> Callable[..., None]:
        def step(*arguments: Any) -> None:
            if self._dead:
                raise Died
            self.done.append(name)
            if len(self.done) != self._at:
                do(*arguments)
                return
            self._dead = True
            if self._how == "within" and name == "write":
                handle, data = arguments
                do(handle, data[: len(data) // 2])
            elif self._how == "behind":
                do(*arguments)
            raise Died

        return step


@contextmanager
def death(at: int = 0, how: str = "") -> Iterator[Death]:
    with pytest.MonkeyPatch.context() as patched:
        yield Death(patched, at, how)


@pytest.fixture
def grown(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Beijing has some bundles more, an entry that is bad and two that name others; every bundle is
    a position that is kept."""
    monkeypatch.setattr(log_reading, "KEEP_EVERY", 1)
    beijing = ledger.beijing
    made = [
        entry_of(beijing, commitment=bytes([7, n % 256, n // 256]) + bytes(29)) for n in range(900)
    ]
    beijing.put_raw(*made[:500], b"bad", beijing.entries[3], *made[500:])
    beijing.put_raw(entry_of(beijing, commitment=bytes([9]) * 32, corrects=bytes([3]) * 32))
    beijing.anchor()
    ledger.network.anvil.mine()
    return ledger


def kept_replay(ledger: Ledger, folder: Path, **more: Any) -> Report:
    kept = Kept(folder, OPTIONS)
    try:
        return ledger.replay(kept=kept, **more)
    finally:
        kept.close()


def test_what_is_kept_changes_nothing(grown: Ledger, tmp_path: Path) -> None:
    """Nor does going on behind the end, for which nothing is read again."""
    plain = grown.replay().encode()
    assert b"entry-malformed" in plain and b"corrects-dangling" in plain
    assert kept_replay(grown, tmp_path / "kept").encode() == plain
    with reading(grown) as asked:
        assert kept_replay(grown, tmp_path / "kept").encode() == plain
    assert asked == []
    grown.tianjin.put(make_record(grown.tianjin, decided=date(2025, 10, 12)))
    grown.tianjin.anchor()
    grown.network.anvil.mine()
    assert kept_replay(grown, tmp_path / "kept").encode() == plain  # its block is the one it began


@contextmanager
def reading(ledger: Ledger) -> Iterator[list[str]]:
    """What is read of logs meanwhile."""
    asked: list[str] = []
    fetch = MemberLog.fetch

    def spied(log: MemberLog, path: str, max_bytes: int) -> bytes:
        asked.append(path)
        return fetch(log, path, max_bytes)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemberLog, "fetch", spied)
        yield asked


def steps_of(ledger: Ledger, folder: Path) -> list[str]:
    with death() as counted:
        kept_replay(ledger, folder)
    return counted.done


def test_killed_at_every_step_it_goes_on_to_the_same_bytes(grown: Ledger, tmp_path: Path) -> None:
    """Before, within and behind everything that is written: once, and again in the second run."""
    plain = grown.replay().encode()
    steps = steps_of(grown, tmp_path / "counted")
    assert steps.count("write") == 7 and {*STEPS} - {"cut"} == {*steps}
    cases = [
        (at, how)
        for at, name in enumerate(steps, 1)
        for how in (("before", "within", "behind") if name == "write" else ("before", "behind"))
    ]
    for at, how in some(cases, 3):
        folder = tmp_path / f"{at}-{how}"
        with death(at, how), pytest.raises(Died):
            kept_replay(grown, folder)
        with death(2, how) as second:  # the second run ends early, too, where it writes so much
            try:
                kept_replay(grown, folder)
            except Died:
                assert len(second.done) == 2
        assert kept_replay(grown, folder).encode() == plain, (at, how)


def test_what_was_kept_is_not_read_again(grown: Ledger, tmp_path: Path) -> None:
    steps = steps_of(grown, tmp_path / "counted")
    third = [at for at, name in enumerate(steps, 1) if name == "sync"][3]
    with death(third, "behind"), pytest.raises(Died):
        kept_replay(grown, tmp_path / "kept")
    with reading(grown) as asked:
        kept_replay(grown, tmp_path / "kept")
    bundles = sorted({path for path in asked if "entries" in path and path[-3:].isdigit()})
    assert bundles[0] == "tile/entries/003"
    assert "checkpoint" in asked  # of Tianjin, which was not begun


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a byte that changed in the middle": lambda data: _flip(data, len(data) // 2),
    "a byte that changed at the end": lambda data: _flip(data, len(data) - 1),
    "a byte that changed at the beginning": lambda data: _flip(data, 0),
    "cut off in the middle": lambda data: data[: len(data) // 2],
    "nothing left": lambda data: b"",
    "more behind it": lambda data: data + bytes(100),
    "its beginning twice": lambda data: data[:200] + data,
}


def _append(told: list[tuple[str, str, int]], log: str, found: str, at: int) -> None:
    told.append((log, found, at))


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_read_again(grown: Ledger, tmp_path: Path, name: str) -> None:
    plain = kept_replay(grown, tmp_path).encode()
    for path in sorted(tmp_path.glob("*.journal")):
        whole = path.read_bytes()
        path.write_bytes(DAMAGES[name](whole))
        told: list[tuple[str, str, int]] = []
        kept = Kept(tmp_path, OPTIONS, told=partial(_append, told))
        assert grown.replay(kept=kept).encode() == plain
        kept.close()
        assert path.read_bytes() == whole
        state = {log: (found, at) for log, found, at in told}[path.stem]
        if name.startswith("a byte") or name.startswith("its beginning"):
            assert state[0] == "damaged" and state[1] < 1202


def test_what_is_kept_of_one_log_is_not_another_s(grown: Ledger, tmp_path: Path) -> None:
    plain = kept_replay(grown, tmp_path).encode()
    one, other = sorted(tmp_path.glob("*.journal"))[:2]
    data = one.read_bytes(), other.read_bytes()
    one.write_bytes(data[1])
    other.write_bytes(data[0])
    assert kept_replay(grown, tmp_path).encode() == plain


def test_a_log_that_was_not_served_is_tried_again(grown: Ledger, tmp_path: Path) -> None:
    """What is missing ends a log, and the report says so; a later run reads it from there."""
    grown.beijing.served = {"tile/entries/003": None}
    assert kept_replay(grown, tmp_path).exit == 4
    grown.beijing.served = {}
    with reading(grown) as asked:
        again = kept_replay(grown, tmp_path)
    assert again.encode() == grown.replay().encode()
    assert "tile/entries/002" not in asked and "tile/entries/003" in asked


# ---- a folder of something else


def code_of(folder: Path, options: dict[str, str], ledger: Ledger, **more: Any) -> tuple[str, str]:
    """Why a replay cannot go on there."""
    with pytest.raises(CannotResume) as caught:
        kept = Kept(folder, options)
        try:
            ledger.replay(kept=kept, **more)
        finally:
            kept.close()
    assert caught.value.code in RESUME_PROBLEMS
    return caught.value.code, caught.value.what


def test_another_question_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    kept_replay(ledger, tmp_path)
    number = ledger.replay().document["block"]["number"]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    told = code_of(tmp_path, OPTIONS | {"--gas": "yes"}, ledger)
    assert told == ("other-question", "--gas")
    told = code_of(tmp_path, OPTIONS | {"--openings": "ab", "--gas": "yes"}, ledger)
    assert told == ("other-question", "--gas, --openings")
    assert code_of(tmp_path, OPTIONS, ledger, to_block=number - 1) == ("other-question", "--to")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert kept_replay(ledger, tmp_path, to_block=number).exit == 0


def test_another_chain_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    anvil = ledger.network.anvil
    anvil.mine(3)
    snapshot = anvil.snapshot()
    anvil.mine(2)
    kept_replay(ledger, tmp_path)
    anvil.revert(snapshot)
    assert code_of(tmp_path, OPTIONS, ledger)[0] == "other-chain"  # it is not there yet
    anvil.mine(5, seconds=7)
    assert code_of(tmp_path, OPTIONS, ledger)[0] == "other-chain"  # another is in its place


def test_a_question_that_is_damaged_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    kept_replay(ledger, tmp_path)
    path = tmp_path / "question.json"
    whole = path.read_bytes()
    for data in (b"", whole[:-1], b"[]", whole.replace(b"audit-resume@1", b"audit-resume@2")):
        path.write_bytes(data)
        assert code_of(tmp_path, OPTIONS, ledger)[0] == "damaged"
    for at in some(range(len(whole)), 7):
        path.write_bytes(_flip(whole, at))
        assert code_of(tmp_path, OPTIONS, ledger)[0] == "damaged"
    path.write_bytes(whole)
    assert kept_replay(ledger, tmp_path).exit == 0


def test_what_another_version_kept_is_refused(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("ledger.audit.kept._software", lambda: "0.0.1")
        kept_replay(ledger, tmp_path)
    assert code_of(tmp_path, OPTIONS, ledger) == ("other-version", "0.0.1")


def test_a_folder_with_other_files_stays_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "holidays.png").write_bytes(b"png")
    assert code_of(tmp_path, OPTIONS, ledger) == ("not-ours", "holidays.png")
    assert [path.name for path in tmp_path.iterdir()] == ["holidays.png"]


def test_two_at_once_are_refused(ledger: Ledger, tmp_path: Path) -> None:
    first = Kept(tmp_path, OPTIONS)
    assert code_of(tmp_path, OPTIONS, ledger)[0] == "in-use"
    first.close()
    assert kept_replay(ledger, tmp_path).exit == 0


def test_a_place_that_cannot_be_written_is_told(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert code_of(tmp_path / "file", OPTIONS, ledger)[0] == "unwritable"
    assert code_of(tmp_path / "no" / "folder", OPTIONS, ledger)[0] == "unwritable"


def test_what_stands_in_files_is_told_apart_by_their_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "below").mkdir(parents=True)
        (folder / "below" / "a.json").write_bytes(b"a")
        (folder / "b.json").write_bytes(b"b")
    assert digest_of([]) == ""
    assert (
        digest_of([one])
        == digest_of([two])
        == digest_of([one / "below" / "a.json", one / "b.json"])
    )
    (two / "b.json").write_bytes(b"c")
    assert digest_of([one]) != digest_of([two])


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_into_which_others_write_is_not_believed(
    ledger: Ledger, tmp_path: Path, mode: int
) -> None:
    """Digests are no secret: who can write there can make all of it anew."""
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(mode)
    assert code_of(folder, OPTIONS, ledger)[0] == "not-private"
    assert list(folder.iterdir()) == []
    folder.chmod(0o755)
    assert kept_replay(ledger, folder).exit == 0


def test_what_was_read_elsewhere_is_kept_for_that_place(tmp_path: Path) -> None:
    """A mirror that is named counts as the owner's server: what it served is not the owner's word
    where nobody names it any more, nor that of another one."""
    kept = Kept(tmp_path / "kept", OPTIONS)
    try:
        log = log_of(Tree(entries(3)), 3).log_id
        found = [kept.journal(log, named) for named in ("", "http://a.example", "http://b.example")]
    finally:
        kept.close()
    for at in range(2):
        assert len({one[at] for one in found}) == len(found)
    assert all(path.suffix == ".journal" for path, _ in found)


# ---- the reading of one log


def test_read_from_any_position_on_it_comes_to_the_same() -> None:
    """With everything that can be under way: entries that were changed, wrong tiles, a tree that is
    not the anchored one, and bad entries."""
    size = 4_000
    tree, changed = Tree(entries(size)), [*entries(size)]
    changed[10], changed[2_900] = entry(10, timely="no"), b"bad"
    other = Tree(changed)
    log = log_of(tree, 5, 700, 1_500, 2_800, 2_950, size)
    served = Served(
        other,
        size,
        {
            "tile/entries/001": encode_bundle(entry(n, "unknown") for n in range(256, 512)),
            "tile/0/005": bytes(8192),
            "tile/1/000.p/15": bytes(480),
        },
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log_reading, "KEEP_EVERY", 1)
        whole = Reader(log)
        account = whole.read(served)
        assert len(whole.positions) == 16
        for position in whole.positions:
            again = Reader(log)
            assert told(again.read(served, begun=position)) == told(account)
            before = [one for one in whole.noted if one.first < position["at"]]
            assert before + again.noted == whole.noted


def told(account: LogAccount) -> tuple[Any, ...]:
    """All of it."""
    return account.as_dict()["findings"], account.tally.as_dict(), account.whole, account.complete


def test_a_log_that_nobody_could_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner may anchor any size, and serve as many entries as fast as they are read."""
    tree = Tree(entries(300))
    served = Served(tree, 300)
    monkeypatch.setattr(log_reading, "MAX_ENTRIES", 299)
    account = Reader(log_of(tree, 300)).read(served)
    assert (account.whole, account.complete, served.asked) == (False, False, [])
    [gap] = account.findings.incomplete()
    assert (gap.code, gap.evidence) == ("log-too-large", {"entries": 300})
    assert account.findings.listed() == []
    monkeypatch.setattr(log_reading, "MAX_ENTRIES", 300)
    assert Reader(log_of(tree, 300)).read(served).whole


# ---- a process that is really killed


KEEPING = """
from ledger.audit import log_reading
from ledger.cli.main import main

log_reading.KEEP_EVERY = 1
main()
"""
"""The command, which keeps what it read of every bundle at once."""


def test_a_process_that_is_killed(grown: Ledger, tmp_path: Path) -> None:
    """By SIGKILL, while its member serves slowly; twice, once with processes that read for it. The
    third run writes the report."""
    plain = grown.replay().encode()
    file = tmp_path / "network.json"
    file.write_bytes(grown.network.file.encode())
    kept, out = tmp_path / "kept", tmp_path / "report.json"
    slow = [0.05]

    def gone(path: str) -> bool:
        time.sleep(slow[0])
        return False

    with serve(grown.beijing, grown.tianjin, gone=gone) as url:
        command = [
            *(sys.executable, "-c", KEEPING, "audit", "replay", "--network", str(file)),
            *("--mirror", f"110000={url}", "--mirror", f"120000={url}"),
            *("--resume", str(kept), "--out", str(out)),
        ]
        for processes in ("1", "2"):
            size = kept_bytes(kept)
            running = start([*command, "--processes", processes], tmp_path)
            wait_until(partial(has_more, kept, size), running)
            running.send_signal(signal.SIGKILL)
            running.communicate()
            assert not out.exists()
        slow[0] = 0
        running, said = last_of(command, tmp_path)
    assert running.returncode == 1, said
    assert out.read_bytes() == plain
    assert b"goes on" in said


def last_of(command: Sequence[str], folder: Path) -> tuple[subprocess.Popen[bytes], bytes]:
    """A run that is let end, once no process of the one before has the folder any more."""
    for _ in range(600):
        running = start(command, folder)
        _, said = running.communicate(timeout=600)
        if b"another replay is using this folder" not in said:
            return running, said
        time.sleep(0.1)
    raise AssertionError("somebody has the folder for ever")


def start(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    environment["CREDIT_LEDGER_LANG"] = "en"
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def kept_bytes(kept: Path) -> int:
    """Of what was read of logs."""
    return sum(path.stat().st_size for path in kept.glob("*.journal"))


def has_more(kept: Path, size: int) -> bool:
    return kept_bytes(kept) > size


def wait_until(done: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    for _ in range(6000):
        assert running.poll() is None, running.communicate()
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("nothing was kept")
