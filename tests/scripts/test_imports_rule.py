"""The house rule over imports: they go down only, and never in a circle."""

from pathlib import Path

import pytest

from scripts.house_parts import imports

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = (
    ("ledger", "gateway"),
    ("ledger/core",),
    ("ledger/chain/errors.py",),
    ("ledger/chain",),
    ("ledger/verify.py",),
    ("gateway/base",),
    ("gateway/log",),
    ("gateway/node.py",),
)
HOUSE = {
    "ledger/__init__.py": "",
    "ledger/core/__init__.py": "",
    "ledger/core/ids.py": "",
    "ledger/chain/errors.py": "from ledger.core import ids\n",
    "ledger/chain/network.py": "import ledger.chain.errors\nfrom ledger.core.ids import Leaf\n",
    "ledger/verify.py": "from ledger.chain import network as net\n",
    "gateway/__init__.py": "",
    "gateway/base/db.py": "import sqlite3\n",
    "gateway/log/store.py": "from gateway.base import db\nfrom .models import row\n",
    "gateway/log/models.py": "",
    "gateway/node.py": "from gateway.log import store\nfrom ledger.verify import verify\n",
}
"""A small house that keeps the rules."""


def build(root: Path, faults: dict[str, str]) -> list[imports.Import]:
    for name, text in {**HOUSE, **faults}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return imports.imports(root)


def found(root: Path, faults: dict[str, str]) -> list[str]:
    edges = build(root, faults)
    return [
        *imports.misplaced(root, FLOORS),
        *imports.upward(edges, FLOORS, frozenset()),
        *imports.circle(edges, frozenset()),
    ]


def test_a_house_in_order_is_left_alone(tmp_path: Path) -> None:
    assert found(tmp_path, {}) == []


def test_all_ways_to_write_an_import_are_seen(tmp_path: Path) -> None:
    edges = {(one.importer, one.imported) for one in build(tmp_path, {})}
    assert edges == {
        ("ledger/chain/errors.py", "ledger/core/ids.py"),
        ("ledger/chain/network.py", "ledger/chain/errors.py"),
        ("ledger/chain/network.py", "ledger/core/ids.py"),
        ("ledger/verify.py", "ledger/chain/network.py"),
        ("gateway/log/store.py", "gateway/base/db.py"),
        ("gateway/log/store.py", "gateway/log/models.py"),
        ("gateway/node.py", "gateway/log/store.py"),
        ("gateway/node.py", "ledger/verify.py"),
    }


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("ledger/core/ids.py", "import ledger.chain.network\n", "the core must never"),
        ("ledger/verify.py", "from gateway.base import db\n", "verify without a gateway"),
        ("gateway/base/db.py", "from gateway.log import models\n", "knows no domain"),
        ("gateway/log/models.py", "from gateway import node\n", "a domain is given its parts"),
        ("ledger/chain/network.py", "from ledger.verify import verify\n", "imports go down only"),
        ("ledger/chain/errors.py", "from . import network\n", "imports go down only"),
        ("gateway/log/models.py", "def f():\n    import gateway.node\n", "is given its parts"),
        (
            "gateway/log/models.py",
            "import typing\nif typing.TYPE_CHECKING:\n    from gateway.node import Node\n",
            "is given its parts",
        ),
    ],
)
def test_what_runs_back_up_is_found(tmp_path: Path, path: str, text: str, why: str) -> None:
    upward = [one for one in found(tmp_path, {path: text}) if "circle" not in one]
    assert len(upward) == 1
    assert upward[0].startswith(f"{path}:{text.count(chr(10))}: imports ")
    assert why in upward[0]


def test_rooms_of_one_floor_do_not_know_each_other(tmp_path: Path) -> None:
    floors = (*FLOORS[:-2], ("gateway/log", "gateway/tokens"), FLOORS[-1])
    edges = build(tmp_path, {"gateway/tokens/services.py": "import gateway.log.store\n"})
    (finding,) = imports.upward(edges, floors, frozenset())
    assert finding.startswith("gateway/tokens/services.py:1: imports gateway/log/store.py")


def test_a_circle_inside_a_room_is_found(tmp_path: Path) -> None:
    fault = {"gateway/log/models.py": "def f():\n    from gateway.log import store\n"}
    (finding,) = found(tmp_path, fault)
    assert "a circle of imports" in finding
    assert {"gateway/log/models.py", "gateway/log/store.py"} <= set(finding.split())


def test_a_room_needs_a_floor_and_a_floor_its_room(tmp_path: Path) -> None:
    (new,) = found(tmp_path, {"gateway/cases/models.py": ""})
    assert new.startswith("gateway/cases: has no floor")
    gone = [*imports.misplaced(tmp_path, (*FLOORS, ("gateway/cases",), ("gateway/peers",)))]
    assert len(gone) == 1
    assert "gateway/peers has a floor" in gone[0]
    (twice,) = imports.misplaced(tmp_path, (*FLOORS, ("gateway/cases", "gateway/log")))
    assert "gateway/log stands on two floors" in twice


def test_what_is_tolerated_is_left_alone_until_it_is_mended(tmp_path: Path) -> None:
    pair = ("gateway/log/models.py", "gateway/node.py")
    edges = build(tmp_path, {pair[0]: "from gateway import node\n"})
    assert list(imports.upward(edges, FLOORS, frozenset({pair}))) == []
    assert list(imports.circle(edges, frozenset({pair}))) == []
    mended = build(tmp_path, {})
    (finding,) = imports.upward(mended, FLOORS, frozenset({pair}))
    assert "take it off TOLERATED" in finding


def test_the_house_itself_keeps_the_rule() -> None:
    assert imports.findings(ROOT) == []
    edges = {(one.importer, one.imported) for one in imports.imports(ROOT)}
    assert ("gateway/app.py", "gateway/http/problems.py") in edges
