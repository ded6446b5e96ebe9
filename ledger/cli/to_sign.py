"""What provinces whose keys are elsewhere have to sign, as files in a folder `to-sign`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ledger.chain.governing.tosign import ToSign
from ledger.cli.language import say
from ledger.cli.output import note, write_file
from ledger.core.errors import Malformed

TO_SIGN = "to-sign"


def store_to_sign(folder: Path, items: Sequence[ToSign]) -> list[Path]:
    """Write what is still to be signed; the paths. What was signed already and not sent stays as it
    is; what is not needed any more goes."""
    wanted = {
        folder / f"{item.member}-{number}-{item.request.function}.json": item
        for number, item in enumerate(items, 1)
    }
    for path in folder.glob("*-*-*.json"):
        if path not in wanted:
            path.unlink()
    for path, item in wanted.items():
        folder.mkdir(exist_ok=True)
        if not (path.exists() and _is_signed(path, item)):
            write_file(path, item.encode())
    return list(wanted)


def note_to_sign(waiting: Sequence[Path]) -> None:
    """Say what comes next; nothing where nothing is to be signed."""
    if not waiting:
        return
    note(
        say(
            zh=f"尚未完成：{waiting[0].parent} 中的 {len(waiting)} 个文件须签名并发送，"
            "然后再次运行本命令。",
            en=f"Not complete yet: {len(waiting)} files in {waiting[0].parent} are to be "
            "signed and sent; then run this again.",
        )
    )


def _is_signed(path: Path, item: ToSign) -> bool:
    try:
        found = ToSign.parse(path.read_bytes())
    except Malformed:
        return False
    return bool(found.signature) and replace(found, signature=b"") == item
