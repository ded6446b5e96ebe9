"""Build the contracts with py-solc-x into `ledger/chain/contracts/abi/<Contract>.json`.

    python scripts/build.py            write the files
    python scripts/build.py --check    fail if a file differs from what the sources give,
                                       or from what forge built (runtime bytecode)

Sources are inlined, because solc-js has no import callback. The settings are those of foundry.toml.
"""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import solcx

ROOT = Path(__file__).resolve().parent.parent
ABI_DIR = ROOT / "ledger" / "chain" / "contracts" / "abi"
CONTRACTS = (
    "Consortium",
    "LogAnchor",
    "Catalogue",
    "CaseRegistry",
    "Revocations",
    "Products",
)
IMPORT = re.compile(r'^\s*import\s+(?:[^"\']*\sfrom\s+)?["\']([^"\']+)["\'];', re.MULTILINE)


def locate(unit: str) -> Path:
    """The file behind a source unit name."""
    return ROOT / "node_modules" / unit if unit.startswith("@") else ROOT / unit


def resolve(importer: str, target: str) -> str:
    """The unit name of `target` as imported by `importer`."""
    if not target.startswith("."):
        return target
    base = locate(importer).parent
    path = (base / target).resolve()
    modules = ROOT / "node_modules"
    inside = path.is_relative_to(modules)
    return str(path.relative_to(modules if inside else ROOT))


def collect(units: list[str]) -> dict[str, dict[str, str]]:
    """All sources that `units` reach, by unit name."""
    sources: dict[str, dict[str, str]] = {}
    todo = list(units)
    while todo:
        unit = todo.pop()
        if unit in sources:
            continue
        text = locate(unit).read_text(encoding="utf-8")
        sources[unit] = {"content": text}
        todo.extend(resolve(unit, target) for target in IMPORT.findall(text))
    return dict(sorted(sources.items()))


def settings() -> dict[str, Any]:
    """Compiler settings as foundry.toml gives them to forge."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text(encoding="utf-8"))["profile"][
        "default"
    ]
    return {
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "evmVersion": profile["evm_version"],
        "metadata": {"bytecodeHash": profile["bytecode_hash"]},
        "outputSelection": {
            "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}
        },
    }


def compile_all() -> dict[str, bytes]:
    """The artefact of every contract, as the bytes of its file."""
    units = [f"contracts/{name}.sol" for name in CONTRACTS]
    request = {"language": "Solidity", "sources": collect(units), "settings": settings()}
    answer = solcx.compile_standard(request, solc_binary=ROOT / "scripts" / "solc")
    return {
        name: artefact(answer["contracts"][f"contracts/{name}.sol"][name]) for name in CONTRACTS
    }


def artefact(output: dict[str, Any]) -> bytes:
    """ABI and bytecode of one contract as a stable JSON file."""
    content = {
        "abi": output["abi"],
        "bytecode": "0x" + output["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + output["evm"]["deployedBytecode"]["object"],
    }
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def forge_runtime(name: str) -> str:
    """Runtime bytecode as forge built it."""
    path = ROOT / "build" / "forge" / "out" / f"{name}.sol" / f"{name}.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["deployedBytecode"]["object"])


def check(built: dict[str, bytes]) -> list[str]:
    """What differs between the committed files, this build and forge's."""
    found = []
    for name, content in built.items():
        path = ABI_DIR / f"{name}.json"
        if not path.exists() or path.read_bytes() != content:
            found.append(
                f"{path.relative_to(ROOT)} is not what contracts/ gives: run scripts/build.py"
            )
        if forge_runtime(name) != json.loads(content)["deployedBytecode"]:
            found.append(f"{name}: forge and py-solc-x give different runtime bytecode")
    return found


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    args = parser.parse_args()
    built = compile_all()
    if args.check:
        found = check(built)
        print("\n".join(found) or f"{len(built)} contracts: files and both compilers agree")
        return 1 if found else 0
    ABI_DIR.mkdir(parents=True, exist_ok=True)
    for name, content in built.items():
        (ABI_DIR / f"{name}.json").write_bytes(content)
        print(f"{name}: {len(content):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
