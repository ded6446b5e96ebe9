"""Founding a network by a plan, with the public files of its members and the GOVERN keys here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.chain.contracts.bindings import CATALOGUE, Catalogue, Consortium
from ledger.chain.contracts.structs import CatalogueItem
from ledger.chain.errors import BlockGone
from ledger.chain.founding.deploy import Deployment, deploy
from ledger.chain.founding.founded import check_code, check_founding
from ledger.chain.founding.founders import FIRST_LOG, Founder
from ledger.chain.founding.national import national_items
from ledger.chain.governing.govern import Voter
from ledger.chain.keys.keydir import files, first_file, read_public
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import Finality, Hash32, NetworkFile, demand_majority
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.rpc import Rpc
from ledger.cli.acting import ANY_AGE
from ledger.cli.member_file import MemberFile, load_member
from ledger.cli.options import local_clock
from ledger.cli.output import write_file
from ledger.cli.plan import Plan, PlannedMember
from ledger.cli.to_sign import TO_SIGN, store_to_sign
from ledger.core.errors import ConfigError, LedgerError
from ledger.core.ids import Address
from ledger.core.keys import Purpose

MINED_SECONDS = 600.0
CONFIRM_SECONDS = 60.0
"""For which the other nodes may lag behind the one that was written to."""
_POLL = 0.5
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What is on the chain now, and the file that pins it."""

    deployment: Deployment
    file: NetworkFile


class Founding:
    """One run of `consortium found`."""

    def __init__(
        self, plan: Plan, folders: Sequence[Path], urls: Sequence[str], *, govern_only: bool
    ) -> None:
        """Raise ConfigError where a member's file is missing or says otherwise than the plan."""
        self._plan = plan
        self._urls = urls
        self._govern_only = govern_only
        self._members = {member.code: _member(member, folders) for member in plan.members}
        self._folders = folders
        self._voters: list[Voter] = []
        self._check_quorum()

    def voters(self, opened: Callable[[Path], DigestSigner]) -> None:
        """Open the GOVERN keys of the provinces that lie in the folders."""
        for code in self._plan.provinces:
            known = [key.public_key for key in self._members[code].keys]
            path = next((path for path in self._govern(code) if _is_of(path, known)), None)
            if path is not None:
                self._voters.append(Voter(code, opened(path)))

    def _govern(self, code: str) -> list[Path]:
        """Where a GOVERN key of a province may lie. Raises ConfigError where another one lies in
        its own folder."""
        name = Purpose.GOVERN.name
        own = self._folder(code)
        if own is None:
            return [path for folder in self._folders for path in files(folder / "keys", name)]
        path = first_file(own / "keys", name)
        if not path.exists():
            return []
        if not _is_of(path, [key.public_key for key in self._members[code].keys]):
            raise ConfigError(str(path), f"is not the GOVERN key in {code}.json")
        return [path]

    def run(self, deployer: DigestSigner) -> Founded:
        """Deploy and vote as far as the keys go, then read it through the quorum of the file to be
        pinned: what is deployed is what the first node says. Raises TxError, CouldNotCheck,
        ConfigError."""
        rpcs = [Rpc(url) for url in self._urls]
        try:
            node = Failover(rpcs)
            have = {voter.member for voter in self._voters}
            founders = self._founders(_head_time(Reader(node)))
            deployment = deploy(
                node,
                deployer,
                founders=founders,
                threshold=self._plan.threshold,
                council=self._voters,
                others=[code for code in self._plan.provinces if code not in have],
                items=self._items,
                seconds=MINED_SECONDS,
            )
        finally:
            for rpc in rpcs:
                rpc.close()
        made = Founded(deployment=deployment, file=self._file(deployment))
        self._confirm(made, founders)
        return made

    def _confirm(self, made: Founded, founders: Sequence[Founder]) -> None:
        """A quorum says the same. Other nodes get the time to catch up with the first one."""
        end = time.monotonic() + CONFIRM_SECONDS
        file = replace(made.file, max_head_age=ANY_AGE)
        with closing(QuorumReader(file, now=local_clock(), max_ahead=None)) as reader:
            while True:
                try:
                    return self._compare(reader.head(), made.deployment, founders)
                except LedgerError:
                    if time.monotonic() > end:
                        raise
                time.sleep(_POLL)

    def _compare(self, view: View, made: Deployment, founders: Sequence[Founder]) -> None:
        """What is at this head is what was planned and made. Raises ConfigError, CouldNotCheck."""
        check_code(made.contracts, view.code)
        block = made.deploy_block
        check_founding(
            view.logs(made.consortium, first=block, last=block),
            founders,
            threshold=self._plan.threshold,
            chain_id=made.chain_id,
            consortium=made.consortium,
        )
        if made.to_sign:  # not registered yet: that is what is to be signed
            return
        consortium = Consortium(made.consortium, view.call, view.calls)
        for role, account in made.roles.items():
            if account not in [span.account for span in consortium.contract_history(role)]:
                raise ConfigError(role, f"{account} is not registered")
        catalogue = Catalogue(made.catalogue, view.call, view.calls)
        names = [(item.item_id, item.region) for item in self._items]
        there = {version.item for version in catalogue.series(dict.fromkeys(names))}
        if missing := [item.item_id for item in self._items if item not in there]:
            raise ConfigError(CATALOGUE, f"{missing[0]} is not in it")

    def _file(self, deployment: Deployment) -> NetworkFile:
        return deployment.network_file(
            name=self._plan.name,
            finality=self._plan.finality,
            rpc=self._urls,
            quorum=self._quorum,
            max_head_age=self._plan.max_head_age,
            formerly=self._plan.formerly,
            refile_seconds=self._plan.refile_days * _DAY,
        )

    @property
    def _items(self) -> Sequence[CatalogueItem]:
        return national_items() if self._plan.items is None else self._plan.items

    @property
    def _quorum(self) -> int:
        return self._plan.quorum or len(self._urls) // 2 + 1

    def _check_quorum(self) -> None:
        """Before anything is paid for."""
        if self._quorum > len(self._urls):
            raise ConfigError("quorum", f"{self._quorum} of {len(self._urls)} nodes: name more")
        demand_majority(
            NetworkFile(
                name=self._plan.name,
                chain_id=1,
                consortium=Address("0x" + "00" * 20),
                deploy_block=0,
                deploy_block_hash=Hash32("0x" + "00" * 32),
                finality=Finality(rule="latest"),
                rpc=tuple(self._urls),
                quorum=self._quorum,
                max_head_age=self._plan.max_head_age,
            )
        )

    def _founders(self, now: int) -> list[Founder]:
        """Their keys begin with the chain's present time: nobody is given a past that the plan does
        not name."""
        return [
            Founder(
                code=member.code,
                roles=member.roles,
                region=member.region,
                endpoint=member.endpoint or self._members[member.code].endpoint,
                keys=tuple(
                    key if member.keys else replace(key, not_before=now)
                    for key in self._members[member.code].keys
                    if key.purpose == Purpose.GOVERN or not self._govern_only
                ),
                logs=member.logs or (FIRST_LOG,),
            )
            for member in self._plan.members
        ]

    def _folder(self, code: str) -> Path | None:
        """Of a member whose keys its own file says."""
        if next(one for one in self._plan.members if one.code == code).keys:
            return None
        return next(folder for folder in self._folders if (folder / f"{code}.json").exists())


def store(made: Founded, out: Path) -> list[Path]:
    """Write the network file, and what is still to be signed; the paths of the latter."""
    write_file(out, made.file.encode())
    return store_to_sign(out.parent / TO_SIGN, made.deployment.to_sign)


def _is_of(path: Path, public_keys: Sequence[bytes]) -> bool:
    return read_public(path).public_key in public_keys


def _member(planned: PlannedMember, folders: Sequence[Path]) -> MemberFile:
    if planned.keys:
        return _planned(planned)
    name = f"{planned.code}.json"
    for folder in folders:
        if (folder / name).exists():
            found = load_member(folder / name)
            break
    else:
        raise ConfigError(planned.code, f"no --member folder holds {name} (`consortium keys`)")
    same = (found.region, found.roles) == (planned.region, planned.roles)
    if found.code != planned.code or (found.roles and not same):
        raise ConfigError(name, "says another code, region or roles than the plan")
    if not any(key.purpose == Purpose.GOVERN for key in found.keys):
        raise ConfigError(name, "has no GOVERN key")
    return found


def _planned(planned: PlannedMember) -> MemberFile:
    """Of a member whose keys the plan says."""
    if not any(key.purpose == Purpose.GOVERN for key in planned.keys):
        raise ConfigError(planned.code, "has no GOVERN key in the plan")
    return MemberFile(
        code=planned.code,
        region=planned.region,
        roles=planned.roles,
        endpoint=planned.endpoint,
        keys=planned.keys,
    )


def _head_time(node: Reader) -> int:
    head = node.block("latest")
    if head is None:
        raise BlockGone(node.name, "latest")
    return head.time
