"""Commands that act on the chain: who acts, with which keys, and how a write gets there.

    @keys.command("revoke")
    @acting_options
    def revoke(*, hand: Hand, …): hand.write(requests.revoke_key(…))

The chain is read through a quorum; what is written is signed by a GOVERN key of the member, here or
on another machine (`--offline`), and sent by an account that pays and says nothing.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import Key, Member
from ledger.chain.errors import TxPending, TxRefused, TxReverted
from ledger.chain.governing.requests import Domain, Request, own_signature
from ledger.chain.governing.tosign import ToSign, VotedOn
from ledger.chain.keys.keydir import files, first_file, newest, read_public
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import TxReceipt
from ledger.chain.nodes.order import HURRY_SECONDS
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.rpc import FAILOVER_SECONDS, Rpc
from ledger.chain.sending.broadcast import Nodes
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.cli.config import NodeConfig, read_config
from ledger.cli.language import say
from ledger.cli.options import load_network, local_clock, passwords_option
from ledger.cli.output import Refused, Unknown, demand_apart, note, write_file
from ledger.cli.passwords import Signer, open_key
from ledger.cli.problems import told
from ledger.cli.refusals import refusal_text
from ledger.core.errors import ConfigError, CouldNotCheck, LedgerError
from ledger.core.ids import Address, keccak256
from ledger.core.keys import Purpose

F = TypeVar("F", bound=Callable[..., Any])

DEADLINE = 3_600
"""Seconds for which a signature made here may be used."""
OFFLINE_DEADLINE = 7 * 86_400
"""The same where it is carried to another machine and back."""
ANY_AGE = 10**10
"""Seconds. Who writes need not refuse an old head: the contract judges by the block it gets in, and
chains that make blocks only for transactions have no other."""
MINED_SECONDS = 600.0
"""For which a transaction is waited for."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def acting_options(command: F) -> F:
    """`--network`, `--rpc`, `--config`, `--member`, `--key`, `--payer`, `--password-file` and
    `--offline`: parameter `hand`, a Hand.

    Errors of the ledger end the command: 1 where the chain or a file refuses, 4 where the chain
    cannot be read, or does not show what was sent.
    """

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        names = ("network", "rpc", "config", "member", "key", "payer", "password_files", "offline")
        with_hand = {name: values.pop(name) for name in names}
        asked = Asked(**with_hand)
        read = (asked.network, asked.config, asked.key, asked.payer, *asked.password_files)
        demand_apart(asked.offline, *read, hint="--offline")
        with _hand(asked) as hand:
            return command(hand=hand, **values)

    for option in reversed([*_where_options(), *_who_options(), *_how_options()]):
        run = option(run)
    return run  # type: ignore[return-value]


def _where_options() -> list[Callable[[Any], Any]]:
    return [
        click.option(
            "--network",
            envvar="CREDIT_LEDGER_NETWORK",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=say(
                zh="网络文件（也可用 CREDIT_LEDGER_NETWORK）；默认取自 --config。",
                en="The network file (or CREDIT_LEDGER_NETWORK); that of --config by default.",
            ),
        ),
        click.option(
            "--rpc",
            multiple=True,
            metavar="URL",
            help=say(zh="代替网络文件中的节点。", en="Nodes in place of the file's."),
        ),
    ]


def _who_options() -> list[Callable[[Any], Any]]:
    return [
        click.option(
            "--config",
            envvar="CREDIT_LEDGER_CONFIG",
            type=_FILE,
            metavar="FILE",
            help=say(
                zh="节点的 gateway.toml：成员、其 GOVERN 密钥和付费账户。",
                en="gateway.toml of the node: the member, its GOVERN key, the account that pays.",
            ),
        ),
        click.option(
            "--member",
            metavar="CODE",
            help=say(
                zh="哪个成员；默认取自 --config 或由密钥查得。",
                en="Which member; by default that of --config, or whose key it is.",
            ),
        ),
        click.option(
            "--key",
            type=_FILE,
            metavar="FILE",
            help=say(zh="GOVERN 密钥文件。", en="File of the GOVERN key."),
        ),
        click.option(
            "--payer",
            type=_FILE,
            metavar="FILE",
            help=say(
                zh="付费账户的密钥文件。", en="Key file of the account that pays for transactions."
            ),
        ),
    ]


def _how_options() -> list[Callable[[Any], Any]]:
    return [
        passwords_option(
            zh="打开密钥的口令文件，可重复，逐一尝试。",
            en="Password of the keys; repeatable, each is tried.",
        ),
        click.option(
            "--offline",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=say(
                zh="不签名、不发送，只把待签内容写入文件（见 govern sign、govern send）。",
                en="Sign and send nothing: write what is to be signed (see `govern sign`, `send`).",
            ),
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options as given."""

    network: Path | None
    rpc: tuple[str, ...]
    config: Path | None
    member: str | None
    key: Path | None
    payer: Path | None
    password_files: tuple[Path, ...]
    offline: Path | None


@contextmanager
def _hand(asked: Asked) -> Iterator[Hand]:
    """A Hand for the time of a command; an error of the ledger becomes its end."""
    with failures():
        hand = Hand(asked)
        try:
            yield hand
        finally:
            hand.close()


@contextmanager
def failures() -> Iterator[None]:
    """An error of the ledger ends the command."""
    try:
        yield
    except LedgerError as error:
        raise end_of(error) from error


def end_of(error: LedgerError) -> click.ClickException:
    """How a command ends with it."""
    if isinstance(error, CouldNotCheck):
        text = say(zh="无法读取区块链", en="the chain could not be read")
        return Unknown(f"{text}: {error}")
    if isinstance(error, TxPending):
        text = say(zh="未能确认交易已上链", en="not confirmed on the chain")
        return Unknown(f"{text}: {error}")
    if isinstance(error, TxRefused):
        text = say(zh="合约拒绝", en="refused by the contract")
        return Refused(f"{text}: {refusal_text(error)}")
    return Refused(told(error))


class Hand:
    """A member that acts, or somebody who reads. What is not needed is not asked for."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.config: NodeConfig | None = read_config(asked.config) if asked.config else None
        path = asked.network or (self.config.network if self.config else None)
        if path is None:
            text = say(zh="需要 --network 或 --config", en="give --network or --config")
            raise click.UsageError(text)
        rpc = asked.rpc or (self.config.rpc if self.config else ())
        self.network: NetworkFile = load_network(path, rpc)
        self.now = local_clock()
        self._reader = QuorumReader(
            replace(self.network, max_head_age=ANY_AGE),
            now=self.now,
            hurry=HURRY_SECONDS,
            max_ahead=None,
        )
        self._rpcs: list[Rpc] = []
        self._view: View | None = None

    def close(self) -> None:
        """Drop the connections."""
        self._reader.close()
        for rpc in self._rpcs:
            rpc.close()

    # ---- reading

    @property
    def view(self) -> View:
        """The head, read once until something was written."""
        if self._view is None:
            self._view = self._reader.head()
        return self._view

    @property
    def consortium(self) -> Consortium:
        """At the head."""
        return Consortium(self.network.consortium, self.view.call, self.view.calls)

    @property
    def domain(self) -> Domain:
        """Where signatures count."""
        return Domain(self.network.chain_id, self.network.consortium)

    def time(self) -> int:
        """Unix seconds: of the head, or ours where that is later."""
        return max(self.view.block.time, int(self.now()))

    def deadline(self) -> int:
        """Until when what is signed now may be used."""
        return self.time() + (OFFLINE_DEADLINE if self.offline else DEADLINE)

    def fresh(self) -> None:
        """Read the head again the next time."""
        self._view = None

    # ---- who

    @property
    def offline(self) -> Path | None:
        """Where to write what is to be signed elsewhere."""
        return self._asked.offline

    @property
    def passwords(self) -> tuple[Path, ...]:
        """Files that may open keys."""
        own = self.config.password_file if self.config else None
        return (*self._asked.password_files, *([own] if own else []))

    @property
    def named(self) -> str | None:
        """The member that --member names, for commands that go without one."""
        return self._asked.member

    @cached_property
    def code(self) -> str:
        """Of the member that acts. Raises ConfigError."""
        if self._asked.member:
            return self._asked.member
        if self.config is not None:
            return self.config.code
        if self._asked.key is None:
            text = say(zh="需要 --member、--config 或 --key", en="give --member, --config or --key")
            raise click.UsageError(text)
        return self._code_of(self._asked.key)

    def _code_of(self, key: Path) -> str:
        """The one member that has registered this key."""
        key_id, codes = read_public(key).key_id, self.consortium.member_codes()
        found = [code for code in codes if self.consortium.key(code, key_id) is not None]
        if len(found) != 1:
            problem = f"belongs to {', '.join(found) or 'no member'}: name one with --member"
            raise ConfigError(str(key), problem)
        return found[0]

    def member(self) -> Member:
        """As the chain has it. Raises ConfigError."""
        found = self.consortium.member(self.code)
        if found is None:
            raise ConfigError("member", f"{self.code} is no member of this network")
        return found

    def keys(self, purpose: Purpose | None = None) -> list[Key]:
        """Of the member, in the order of registration."""
        found = self.consortium.keys(self.code)
        return [key for key in found if purpose is None or key.purpose == purpose]

    @cached_property
    def govern(self) -> DigestSigner:
        """The GOVERN key of the member, opened. Raises ConfigError, Refused."""
        return open_key(self._govern_file(), Purpose.GOVERN.name, self.passwords)

    def _govern_file(self) -> Path:
        if self._asked.key is not None:
            return self._asked.key
        if self.config is None:
            text = say(zh="需要 --config 或 --key", en="give --config or --key")
            raise click.UsageError(text)
        folder, name = self.config.keys, Purpose.GOVERN.name
        held = [(read_public(path).key_id, path) for path in files(folder, name)]
        now = self.time()
        valid = [key.key_id for key in self.keys(Purpose.GOVERN) if key.valid_at(now)]
        return newest(held, valid) or first_file(folder, name)

    @cached_property
    def payer(self) -> Signer:
        """The account that pays, opened."""
        path = self._asked.payer
        if path is None and self.config is not None:
            path = first_file(self.config.keys, "payer")
        if path is None:
            text = say(zh="需要 --config 或 --payer", en="give --config or --payer")
            raise click.UsageError(text)
        return open_key(path, "payer", self.passwords)

    # ---- writing

    def write(
        self,
        request: Request,
        *,
        voted_on: VotedOn | None = None,
        new_key: DigestSigner | None = None,
    ) -> TxReceipt | None:
        """Sign and send, until it is mined; None where it was only written to `--offline`."""
        own = b""
        if request.function == "addKey":
            own = own_signature(request, self.domain, new_key)
        made = ToSign(domain=self.domain, request=request, voted_on=voted_on, new_key_signature=own)
        if self.offline is not None:
            write_file(self.offline, made.encode())
            text = say(zh="待签内容已写入", en="what is to be signed is in")
            note(f"{text} {self.offline}")
            return None
        return self.send(request.function, made.signed(self.govern).calldata())

    def send(self, what: str, data: bytes, *, to: Address | None = None) -> TxReceipt:
        """To the Consortium, or to another contract; waits until a quorum has it on the chain.

        Raises TxError, TxPending where that was not to be seen; CouldNotCheck.
        """
        if not self._rpcs:
            self._rpcs = [Rpc(url) for url in self.network.rpc]
        nodes = Nodes(self._rpcs, quorum=self.network.quorum, patience=FAILOVER_SECONDS)
        sender = Sender(nodes, self.payer, MemoryTxStore(), chain_id=self.network.chain_id)
        key = f"{what}/{keccak256(data).hex()[:16]}"
        sender.send(key, to or self.network.consortium, data)
        return self._await(key, sender.wait(key, seconds=MINED_SECONDS))

    def _await(self, key: str, sent: TxReceipt) -> TxReceipt:
        """Its receipt at a head of the quorum, so that what is read next knows of the write.

        Raises TxReverted, TxPending.
        """
        end = time.monotonic() + MINED_SECONDS
        while True:
            self.fresh()
            with suppress(CouldNotCheck):
                receipt = self.view.receipt(sent.tx)
                if receipt is not None and receipt.success:
                    return receipt
                if receipt is not None:
                    raise TxReverted(key, hash_=receipt.tx, block=receipt.block)
            if time.monotonic() > end:
                raise TxPending(key, f"not on the chain of a quorum: {sent.tx}")
            time.sleep(0.2)
