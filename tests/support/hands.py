"""Folders of members as their operators have them: settings, keys, a password."""

from pathlib import Path

from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Purpose
from tests.support.chain import TestNetwork

PASSWORD = b"word"


def member_folder(network: TestNetwork, folder: Path, member: str, *purposes: Purpose) -> Path:
    """A folder with the keys of these purposes (GOVERN always) and the payer; its gateway.toml."""
    keys = folder / member / "keys"
    keys.mkdir(parents=True)
    (keys / "password").write_bytes(PASSWORD + b"\n")
    (keys / "password").chmod(0o600)
    for purpose in {Purpose.GOVERN, *purposes}:
        write_key(keys / f"{purpose.name.lower()}.json", purpose, network.keys[member, purpose])
    create("payer", keys / "payer.json", PASSWORD, work=WORK_LIGHT, secret=network.payer._secret)
    (folder / "network.json").write_bytes(network.file.encode())
    config = folder / member / "gateway.toml"
    config.write_text(
        'env = "development"\nnetwork = "../network.json"\nkey_password_file = "keys/password"\n'
        f'[node]\ncode = "{member}"\n'
    )
    return config


def write_key(path: Path, purpose: Purpose, signer: LocalSigner) -> None:
    """A key of a test as a file."""
    create(purpose.name, path, PASSWORD, work=WORK_LIGHT, secret=signer._secret)
