"""Checking what a version of a product was made of, and whether it is stale, by the chain alone
(design-2 17).

1. The file is of its one form: a manifest, or one record of one.
2. The member whose product it is has published this version, with a key that is not known to have
   been stolen by then.
3. The file is that of this version: product, number of records, root.
4. Each record that it names is neither DISPUTED, SHIELDED nor ERASED, and has no outcome, at the
   head; nor at the final block, where an act behind that took it back.

The caller MUST know whose product it is: the same id under another member is another product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger.chain.acts import Acts
from ledger.chain.contracts.bindings import CASE_REGISTRY, Consortium
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.products import Found, read_product
from ledger.core.canonical import hex32, instant
from ledger.core.errors import CouldNotCheck, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import ProductId, RecordId
from ledger.core.manifest import (
    MAX_INPUT,
    Input,
    Manifest,
    check_input,
    check_manifest,
    parse_input,
    parse_manifest,
)
from ledger.core.status import Outcome, State, fold, words_of
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
)
from ledger.files.problems import Problem, of_error

__all__ = ["ManifestVerdict", "StaleInput", "check_product_file"]

_EXITS = {
    "fresh": EXIT_VALID,
    "stale": EXIT_DO_NOT_USE,
    "false": EXIT_NOT_AUTHENTIC,
    "undetermined": EXIT_UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleInput:
    """A record that makes the version stale, and how it stands."""

    record: RecordId
    state: State

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        word = self.state.word
        corrected = self.state.other if word.outcome is Outcome.CORRECTED else None
        return {
            "record": hex32(self.record),
            "causes": words_of(self.state),
            "recordedAt": instant(word.recorded_at),
            "correctedBy": None if corrected is None else hex32(corrected),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestVerdict:
    """What is to be said of a file. file: None where it is none. block: number of the head that it
    was judged by. retired_at: Unix seconds, 0: the product is not retired."""

    member: str
    file: Manifest | Input | None
    problems: tuple[Problem, ...]
    stale: tuple[StaleInput, ...] = ()
    block: int | None = None
    retired_at: int = 0

    @property
    def verdict(self) -> Literal["fresh", "stale", "false", "undetermined"]:
        """false: something speaks against the file. stale: it is genuine, and not to be relied
        on."""
        if any(one.wrong for one in self.problems):
            return "false"
        if self.problems:
            return "undetermined"
        return "stale" if self.stale else "fresh"

    @property
    def exit(self) -> int:
        """The exit code that follows."""
        return _EXITS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        file = self.file
        return {
            "_type": "credit-ledger/manifest-verdict@1",
            "verdict": self.verdict,
            "member": self.member,
            "product": None if file is None else hex32(file.product),
            "version": None if file is None else file.version,
            "inputs": None if file is None else _inputs(file),
            "shown": 0 if file is None else len(_records(file)),
            "retiredAt": instant(self.retired_at) if self.retired_at else None,
            "causes": [one.as_dict() for one in self.stale],
            "block": self.block,
            "problems": [one.as_dict() for one in self.problems],
        }


def check_product_file(reader: QuorumReader, member: str, data: bytes) -> ManifestVerdict:
    """Judge a manifest, or one record of one. member: whose product it is. Raises nothing that lies
    in the file, nor in the chain's not being read."""
    try:
        file = _parse(data)
    except (Malformed, VersionUnknown) as error:
        return ManifestVerdict(member=member, file=None, problems=(of_error(error),))
    try:
        return _judged(reader, member, file)
    except CouldNotCheck as error:
        problem = Problem(code="chain-unread", evidence={"problem": error.message})
        return ManifestVerdict(member=member, file=file, problems=(problem,))


def _parse(data: bytes) -> Manifest | Input:
    if len(data) <= MAX_INPUT and data.startswith(b'{"_type":"credit-ledger/input@'):
        return parse_input(data)
    return parse_manifest(data)


def _records(file: Manifest | Input) -> Sequence[RecordId]:
    return file.record_ids if isinstance(file, Manifest) else (file.record_id,)


def _inputs(file: Manifest | Input) -> int:
    return len(file.record_ids) if isinstance(file, Manifest) else file.inputs


def _judged(reader: QuorumReader, member: str, file: Manifest | Input) -> ManifestVerdict:
    view = reader.head()
    consortium = reader.network.consortium
    start = file.version - 1
    found = read_product(view, consortium, member, file.product, start=start, count=1)
    problems = tuple(_problems(file, found))
    stale = () if any(one.wrong for one in problems) else tuple(_stale(reader, view, file))
    return ManifestVerdict(
        member=member,
        file=file,
        problems=problems,
        stale=stale,
        block=view.block.number,
        retired_at=0 if found is None else found.product.retired_at,
    )


def _problems(file: Manifest | Input, found: Found | None) -> Iterator[Problem]:
    version = None if found is None else found.version(file.version)
    if found is None or version is None:
        yield Problem(code="not-published", evidence={"version": str(file.version)})
        return
    try:
        _compare(file, found.product_id, version.inputs, version.inputs_root)
    except ProofMismatch as error:
        yield Problem(code="manifest-differs", evidence={"what": error.what})
    if found.in_doubt(version.published_by, version.published_at):
        yield Problem(code="product-key-disputed", evidence={"key": hex32(version.published_by)})


def _compare(file: Manifest | Input, product: ProductId, inputs: int, root: bytes) -> None:
    if isinstance(file, Manifest):
        check_manifest(file, product=product, version=file.version, inputs=inputs, inputs_root=root)
    else:
        check_input(file, product=product, version=file.version, inputs=inputs, inputs_root=root)


def _stale(reader: QuorumReader, view: View, file: Manifest | Input) -> Iterator[StaleInput]:
    """The records that make it so, in their order. Raises CouldNotCheck."""
    consortium = Consortium(reader.network.consortium, view.call, view.calls)
    registries = [one.account for one in consortium.contract_history(CASE_REGISTRY)]
    final = reader.final_block(view)
    number = -1 if final is None else final.number
    acts = Acts(view, registries)
    for record, now in acts.states(_records(file)).items():
        state = now
        if not words_of(now) and now.word.block > number:
            # What took it back is not final, and may not stay.
            state = fold([one for one in acts.history(record) if one.block <= number])
        if words_of(state):
            yield StaleInput(record=record, state=state)
