"""Checkpoints, cosigned or not."""

from collections.abc import Iterator
from dataclasses import replace

from ledger.core import note
from ledger.core.canonical import b64_encode
from ledger.core.merkle import EMPTY_ROOT
from scripts.vector_kinds.common import Case, ed25519, flip, seed
from scripts.vector_kinds.formats import IAT, LOG


def files() -> dict[str, list[Case]]:
    """All files of this kind."""
    return {
        "checkpoint/checkpoint": [
            *(_checkpoint(size) for size in (0, 1, 5, 2**53 - 1)),
            *(_checkpoint(5, witnesses=witnesses) for witnesses in (1, 2, 16)),
        ],
        "checkpoint/checkpoint_fail": list(_bad_checkpoints()),
        "checkpoint/checkpoint_newer": list(_newer_checkpoints()),
    }


_NOTE_KEY = ed25519("note")
_NOTE_PUBLIC = _NOTE_KEY.public_key().public_bytes_raw()
_ORIGIN = note.origin_of(LOG)
_VKEY = note.vkey(_ORIGIN, _NOTE_PUBLIC)


def _checkpoint(size: int, *, witnesses: int = 0) -> Case:
    root = seed("root") if size else EMPTY_ROOT
    head = note.parse_checkpoint(note.sign_checkpoint(_ORIGIN, size, root, _NOTE_KEY))
    made = [_cosignature(head, at) for at in range(witnesses)]
    return {
        "name": f"size {size}" + (f", {witnesses} cosigned" if witnesses else ""),
        "text": replace(head, witnesses=tuple(made)).text,
        "vkey": _VKEY,
        "log": LOG.hex(),
        "size": size,
        "root": root.hex(),
        "witnesses": [
            {
                "member": item.member,
                "time": item.time,
                "publicKey": ed25519(f"witness {at}").public_key().public_bytes_raw().hex(),
            }
            for at, item in enumerate(made)
        ],
    }


def _cosignature(head: note.Checkpoint, at: int) -> note.Cosignature:
    key = ed25519(f"witness {at}")
    return note.cosign(
        head,
        member=f"{130000 + 1000 * at}",
        time=IAT + at,
        public_key=key.public_key().public_bytes_raw(),
        sign=key.sign,
    )


def _line(name: str, data: bytes) -> str:
    return f"— {name} {b64_encode(data)}\n"


def _newer_checkpoints() -> Iterator[Case]:
    """`version-unknown`: lines of a C2SP note that are of no type we know."""
    good: str = _checkpoint(5)["text"]
    cosigned: str = _checkpoint(5, witnesses=2)["text"]
    key_hash, owner = seed("hash", 4), good.splitlines(keepends=True)[-1]
    witness = note.witness_name("130000")
    for name, text in {
        "a line of another name": good + _line("example.com/witness", key_hash + seed("s", 64)),
        "a name that is no URL": good + _line("见证人", key_hash + seed("s", 72)),
        "the owner once more": good + _line(_ORIGIN, key_hash + seed("s", 100)),
        "a witness of ML-DSA-44": good + _line(witness, key_hash + seed("s", 8 + 2420)),
        "a member of no name": good + _line(f"{witness}/x", key_hash + seed("s", 72)),
        "behind two cosignatures": cosigned + _line("example.com/w", key_hash + seed("s", 72)),
        "the owner by another type": good.replace(owner, _line(_ORIGIN, seed("s", 4 + 2420))),
        "17 lines of another name": good + _line("example.com/w", seed("s", 76)) * 17,
    }.items():
        yield {"name": name, "text": text}


def _bad_checkpoints() -> Iterator[Case]:
    """`stage` says where each is refused: parse, or verify with the vkey."""
    good: str = _checkpoint(5)["text"]
    parsed = note.parse_checkpoint(good)
    root = b64_encode(parsed.root)
    line = good.splitlines(keepends=True)[-1]
    signed = line.split(" ")[2].strip()
    cosigned = _checkpoint(5, witnesses=1)["text"].splitlines(keepends=True)
    witness = note.witness_name("130000")
    wrong = {
        "empty": "",
        "no newline": good[:-1],
        "newline behind": good + "\n",
        "carriage returns": good.replace("\n", "\r\n"),
        "no blank line": good.replace("\n\n", "\n"),
        "extension line": good.replace("\n\n", "\nextension\n\n"),
        "second line of nothing": good + _line("example.com/w", parsed.key_hash),
        "cosignature before the owner": good.replace(line, "") + cosigned[-1] + line,
        "cosignature too short": good + _line(witness, seed("s", 75)),
        "cosigned twice with one key": good + cosigned[-1] * 2,
        "17 cosignatures": _checkpoint(5, witnesses=17)["text"],
        "cosigned beyond 9999": good
        + _line(witness, seed("s", 4) + (2**63 - 1).to_bytes(8, "big") + seed("s", 64)),
        "loose bits in a cosignature": good + cosigned[-1].replace("==\n", "=\n"),
        "cosignature without newline": good + cosigned[-1][:-1],
        "blank line before a cosignature": good + "\n" + cosigned[-1],
        "no signature": good.removesuffix(line),
        "hyphen for the dash": good.replace("—", "-"),
        "two spaces": good.replace("— ", "—  "),
        "another name": good.replace(f"— {_ORIGIN}", "— example.com/log"),
        "another prefix": good.replace("credit-ledger/", "credit-ledger-2/"),
        "log in upper case": good.replace(LOG.hex(), LOG.hex().upper()),
        "size with zero": good.replace("\n5\n", "\n05\n"),
        "size with sign": good.replace("\n5\n", "\n+5\n"),
        "size in Arabic digits": good.replace("\n5\n", "\n٥\n"),
        "size 2^53": good.replace("\n5\n", "\n9007199254740992\n"),
        "size 0 with a root": good.replace("\n5\n", "\n0\n"),
        "size 5 with the empty root": good.replace(root, b64_encode(EMPTY_ROOT)),
        "root without padding": good.replace(root, root.rstrip("=")),
        "root too short": good.replace(root, b64_encode(parsed.root[:31])),
        "root not base64": good.replace(root, "!" * 44),
        "loose bits in the signature": good.replace(signed, signed[:-2] + "B="),
        "signature too short": good.replace(signed, b64_encode(parsed.key_hash)),
        "far too long": good + cosigned[-1] * 1000,
    }
    for name, text in wrong.items():
        yield {"name": name, "text": text, "vkey": _VKEY, "stage": "parse"}
    flipped = b64_encode(parsed.key_hash + flip(parsed.signature, 9))
    other_key = b64_encode(flip(parsed.key_hash, 3) + parsed.signature)
    for name, text in {
        "another size": good.replace("\n5\n", "\n6\n"),
        "another root": good.replace(root, b64_encode(flip(parsed.root, 1))),
        "signature flipped": good.replace(signed, flipped),
        "key hash flipped": good.replace(signed, other_key),
        "another log": good.replace(LOG.hex(), flip(LOG, 4).hex()),
    }.items():
        yield {"name": name, "text": text, "vkey": _VKEY, "stage": "verify"}
