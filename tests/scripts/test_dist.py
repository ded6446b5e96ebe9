"""What is released: the same bytes from the same source, typed, and nothing of ours besides."""

import shutil
import zipfile
from pathlib import Path

import pytest

from scripts import dist

ROOT = Path(__file__).resolve().parent.parent.parent
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-04\n\n### Added\n"
SOURCE = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore", "ledger", "gateway")


def copy(folder: Path) -> Path:
    """The sources in another place, with the times of now."""
    folder.mkdir()
    for name in SOURCE:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(path, folder / name)
    return folder


def test_built_twice_the_bytes_are_the_same(tmp_path: Path) -> None:
    first, second = (
        dist.build(copy(tmp_path / name), tmp_path / f"{name}-dist", "1800000000") for name in "ab"
    )
    assert first == second
    assert sorted(Path(name).suffix for name in first) == [".gz", ".whl"]
    [wheel] = (tmp_path / "a-dist").glob("*.whl")
    assert dist.faults(wheel) == []


def test_a_wheel_that_lacks_or_holds_too_much_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (*dist.NEEDED[1:], "tests/conftest.py", "ledger/__pycache__/a.pyc"):
            archive.writestr(name, "")
    assert dist.faults(wheel) == [
        "x.whl lacks ledger/py.typed",
        "x.whl holds tests/conftest.py",
        "x.whl holds ledger/__pycache__/a.pyc",
    ]


@pytest.mark.parametrize(
    ("version", "tags", "wanted"),
    [
        ("0.2.0", "latest v0.2.0", 0),
        ("0.2.0", "v0.2.0-rc1", 1),
        ("0x2.0", "v0x2.0", 1),
        ("0.3.0", "", 2),
    ],
)
def test_a_release_wants_its_section_and_its_tag(version: str, tags: str, wanted: int) -> None:
    assert len(dist.unreleasable(version, CHANGELOG, tags)) == wanted
