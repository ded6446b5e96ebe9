"""Verifying must not load what only sending, key files or tests need."""

import subprocess
import sys

import pytest

SLOW = (
    *("web3", "eth_account", "eth_keyfile", "eth_keys", "pydantic", "Crypto"),
    *("sqlalchemy", "fastapi", "gateway"),
)


@pytest.mark.parametrize(
    "module",
    [
        "ledger.chain.nodes.quorum",
        "ledger.chain.contracts.bindings",
        "ledger.chain.snapshot",
        "ledger",
        "ledger.verify",
        "ledger.client.client",
        "ledger.client.async_client",
        "ledger.chain.keys.signers",
        "ledger.chain.sending.transactions",
    ],
)
def test_what_verifying_loads(module: str) -> None:
    code = f"import sys, {module}; print([n for n in {SLOW} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout.strip() == "[]"
