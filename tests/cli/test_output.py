"""Results are written whole, and through nothing that somebody laid out for them."""

import os
import stat
from pathlib import Path

import pytest

from ledger.cli.output import Unknown, write_file
from tests.cli.conftest import Cli


def test_a_link_laid_out_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / ".out.json.partial").symlink_to(victim)
    (folder / "out.json").symlink_to(victim)
    write_file(folder / "out.json", b"{}")
    assert victim.read_bytes() == b"mine"
    assert (folder / "out.json").read_bytes() == b"{}"
    assert not (folder / "out.json").is_symlink()


def test_no_name_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    replace = Path.replace

    def spy(path: Path, target: Path) -> Path:
        found.append(path.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", spy)
    for _ in range(2):
        write_file(tmp_path / "out.json", b"{}")
    assert len(set(found)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_what_tells_of_people_is_private(tmp_path: Path) -> None:
    for private in (True, False):
        path = tmp_path / f"{private}.json"
        before = os.umask(0o022)
        write_file(path, b"{}", private=private)
        os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if private else 0o644)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    with pytest.raises(Unknown, match=r"out\.json"):
        write_file(tmp_path / "out.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    with pytest.raises(Unknown, match="none"):
        write_file(tmp_path / "none" / "out.json", b"{}")


@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("submit IN --to http://127.0.0.1:1 --report OUT", "--report"),
        ("files returns IN --to http://127.0.0.1:1 -o OUT", "-o"),
        ("audit reconcile IN --member 110000 --network NET -o OUT", "-o"),
        ("audit quality --month 2026-11 --reconciled JSON --network IN -o OUT", "-o"),
        ("audit replay --network IN --out OUT", "--out"),
        ("audit replay --network IN --html OUT", "--html"),
        ("verify IN --network NET --out OUT", "--out"),
    ],
)
def test_what_a_command_reads_is_never_written_over(
    cli: Cli, tmp_path: Path, line: str, hint: str, link: str | None
) -> None:
    given, out = tmp_path / "w1.xlsx", tmp_path / "other.xlsx"
    given.write_bytes(b"the department's own")
    for name in ("net.json", "some.json"):
        (tmp_path / name).write_text('{"member": "110000", "units": []}')
    if link is not None:
        getattr(out, link)(given)
    words = {
        "IN": given,
        "OUT": given if link is None else out,
        "NET": tmp_path / "net.json",
        "JSON": tmp_path / "some.json",
    }
    done = cli(*(words.get(word, word) for word in line.split()))
    assert done.exit == 2, done.err
    assert hint in done.err
    assert "the command reads" in done.err
    assert given.read_bytes() == b"the department's own"


def test_a_template_never_takes_the_place_of_one_filled_in(cli: Cli, tmp_path: Path) -> None:
    filled = tmp_path / "filled.xlsx"
    filled.write_bytes(b"a day's work")
    done = cli("templates", "penalty", "-o", filled)
    assert done.exit == 2
    assert "is there already" in done.err
    assert filled.read_bytes() == b"a day's work"
