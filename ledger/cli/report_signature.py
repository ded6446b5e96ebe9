"""The signature of an auditor beside a report: `audit replay --sign`, and `audit signature`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.acting import failures
from ledger.cli.comparing import read_report_file
from ledger.cli.language import pick, say
from ledger.cli.options import json_option, load_network, local_clock, network_options
from ledger.cli.output import EXIT_NO, EXIT_UNKNOWN, Refused, Unknown, note, print_json, write_file
from ledger.cli.passwords import open_key
from ledger.core.errors import CouldNotCheck
from ledger.core.keys import Purpose
from ledger.core.verdict.verdict import note_text

if TYPE_CHECKING:
    from ledger.audit.replay import Report
    from ledger.audit.report_signature import CheckedSignature
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.quorum import View

_HELP = say(
    zh="""核对审计报告旁的签名（audit replay --sign 所写）：签名者是不是审计成员，签的是不是这份
    报告。

    签名不含时间：报告说的是其区块当时的情况，何时签的无人能证。密钥被认定失窃的，无法断定出自谁手。
    退出码：0 属实；1 不属实；2 不是报告；4 无法断定。

    \b
    示例：
      credit-ledger audit signature report.json --network network.json
      credit-ledger audit signature report.json other.sig --network network.json
    """,
    en="""Check the signature that lies beside a report (`audit replay --sign` writes it): whether
    who signed is an auditor, and signed this report.

    It tells no time: a report says how it stood at its block, and when it was signed nobody can
    prove. Where the key is held to be stolen it cannot be told who signed.
    Exit codes: 0 it holds; 1 it does not; 2 no report; 4 it cannot be told.

    \b
    Examples:
      credit-ledger audit signature report.json --network network.json
      credit-ledger audit signature report.json other.sig --network network.json
    """,
)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def signature_path(report: Path) -> Path:
    """Where the signature of a report lies."""
    return report.with_name(f"{report.name}.sig")


class Signing:
    """Signs the report of a replay. The key is opened, and its member made sure of, before the
    replay takes its time. Raises Refused where it is no key of an auditor."""

    def __init__(self, key: Path, passwords: Sequence[Path], member: str | None) -> None:
        with failures():
            self._signer = open_key(key, Purpose.PRESENT.name, passwords)
        self._member = member

    def demand(self, network: NetworkFile, view: View) -> None:
        """Find out whose the key is. Raises CouldNotCheck, Refused."""
        from ledger.audit.report_signature import auditors_of  # noqa: PLC0415 - see `--help`
        from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415

        consortium = Consortium(network.consortium, view.call, view.calls)
        key_id = self._signer.key_id
        found = [code for code in auditors_of(consortium, key_id) if self._member in (None, code)]
        if len(found) > 1:
            text = say(zh="几个审计成员登记了该密钥", en="several auditors have registered the key")
            raise Refused(f"{text}: {', '.join(found)} (--member)")
        key = consortium.key(found[0], key_id) if found else None
        if key is None or not key.valid_at(view.block.time):
            raise Refused(
                say(
                    zh="该密钥不是审计成员（AUDITOR）现在有效的 PRESENT 密钥。",
                    en="This is no PRESENT key, valid now, of a member with the role AUDITOR.",
                )
            )
        self._member = found[0]

    def write(self, network: NetworkFile, out: Path, report: Report) -> None:
        """Sign the report, which was written to `out`."""
        from ledger.audit.report_signature import sign_report  # noqa: PLC0415

        path = signature_path(out)
        with failures():
            made = sign_report(
                report.told,
                report.digest,
                network=network,
                member=self._member or "",
                signer=self._signer,
            )
        write_file(path, made.encode("ascii"))
        note(say(zh=f"签名：{path}", en=f"signature: {path}"))


@click.command("signature", help=_HELP)
@click.argument("report", type=_file, metavar="REPORT")
@click.argument("signature", type=_file, metavar="[SIGNATURE]", required=False)
@network_options
@json_option
def signature(
    *, report: Path, signature: Path | None, network: Path, rpc: tuple[str, ...], as_json: bool
) -> int:
    """See `_HELP`."""
    found = _check(load_network(network, rpc), report, signature or signature_path(report))
    if as_json:
        shown = {"code": found.code, "member": found.member, "keyId": found.key_id}
        print_json({"_type": "credit-ledger/audit-signature-verdict@1", **shown})
    else:
        _show(found)
    return _exit(found)


def _check(network: NetworkFile, path: Path, signature: Path) -> CheckedSignature:
    from ledger.audit.report_signature import MAX_CHARS, check_signature  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    report = read_report_file(path, "REPORT")
    try:
        with signature.open("rb") as file:
            text = file.read(MAX_CHARS + 1).decode("ascii", "replace")
    except OSError as error:
        raise click.BadParameter(
            f"{signature}: {error.strerror}", param_hint="SIGNATURE"
        ) from error
    reader = QuorumReader(
        network, now=local_clock(), on_note=lambda told: note(pick(note_text(told)))
    )
    try:
        return check_signature(network, reader.head(), report, text)
    except CouldNotCheck as error:
        said = say(zh="无法核对", en="it could not be checked")
        raise Unknown(f"{said}: {error}") from error
    finally:
        reader.close()


def _exit(found: CheckedSignature) -> int:
    from ledger.audit.report_signature import UNCERTAIN  # noqa: PLC0415 - see `--help`

    if found.code is None:
        return 0
    return EXIT_UNKNOWN if found.code in UNCERTAIN else EXIT_NO


def _show(found: CheckedSignature) -> None:
    from ledger.audit.report_signature import CODES  # noqa: PLC0415 - see `--help`

    if found.code is not None:
        note(f"{pick(CODES[found.code])} [{found.code}] {found.member}".rstrip())
        return
    member, key = found.member, found.key_id[:12]
    click.echo(
        say(
            zh=f"该报告由审计成员 {member} 签名（密钥 {key}）。",
            en=f"The report is signed by the auditor {member} (key {key}).",
        )
    )
