"""What the engine is built of, and what is said where it cannot be."""

from pathlib import Path

import pytest

from scripts.consortium_parts import engine
from scripts.consortium_parts.engine import (
    BEACOND,
    GETH,
    MODULES,
    STAMP,
    CannotBuild,
    build,
    new_enough,
    with_newer,
)


@pytest.mark.parametrize(
    ("told", "enough"),
    [
        ("go version go1.26.8 linux/amd64", True),
        ("go version go1.24.0 linux/amd64", True),
        ("go version go1.23.9 linux/amd64", False),
        ("go version go2.0 linux/amd64", True),
        ("something else", False),
    ],
)
def test_which_go_will_do(told: str, *, enough: bool) -> None:
    assert new_enough(told) is enough


def test_what_is_pinned() -> None:
    assert (GETH.version, BEACOND.version) == ("v1.16.9", "v1.1.3")
    for one in MODULES:
        assert one.sum.startswith("h1:")
        assert one.asked == f"{one.path}@{one.version}"
    assert (GETH.name, BEACOND.name) == ("geth", "beacond")


def test_what_is_taken_newer_is_pinned_too() -> None:
    added = with_newer("a v1 h1:x=\n", BEACOND).splitlines()
    assert added[0] == "a v1 h1:x="
    assert len(added) == 1 + 2 * len(BEACOND.newer)
    assert all(" h1:" in line for line in added)
    assert with_newer("a v1 h1:x=\n", GETH) == "a v1 h1:x=\n"


def test_without_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotBuild, match=r"Go 1\.24 or later is needed, and no `go`"):
        build(tmp_path / "engine", print)


def _go(folder: Path, script: str) -> None:
    """A `go` that says so, and a compiler that is there."""
    for name, text in (("go", script), ("gcc", "")):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n", "ascii")
        path.chmod(0o755)


def test_with_an_old_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _go(tmp_path, "echo go version go1.19.8 linux/amd64")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotBuild, match=r"here is: go version go1\.19\.8"):
        build(tmp_path / "engine", print)


def test_another_content_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        '[ "$1" = version ] && echo go version go1.26.0 x || echo \'{"Sum":"h1:other=","Dir":"/"}\''
    )
    _go(tmp_path, said)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotBuild, match="is not what was pinned: h1:other="):
        build(tmp_path / "engine", lambda _: None)
    assert not (tmp_path / "engine" / STAMP).exists(), "or the next run took it for built"


def test_what_is_built_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _go(tmp_path, "echo go version go1.26.0 linux/amd64")
    monkeypatch.setenv("PATH", str(tmp_path))
    built: list[str] = []
    monkeypatch.setattr(engine, "build_module", lambda module, _folder: built.append(module.name))
    for _ in range(2):
        build(tmp_path / "engine", lambda _: None)
    assert built == ["geth", "beacond"]
    _go(tmp_path, "echo go version go1.27.0 linux/amd64")
    build(tmp_path / "engine", lambda _: None)
    assert len(built) == 4, "another Go builds other programs"
