"""Options that several commands share, and the network file behind them."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ledger import clock
from ledger.chain.keys.wellknown import DEV_CHAIN_ID
from ledger.chain.network import NetworkFile, demand_majority
from ledger.cli.language import say
from ledger.cli.output import note
from ledger.cli.problems import told
from ledger.core.errors import ConfigError

if TYPE_CHECKING:
    from ledger.chain.nodes.addresses import Network

F = TypeVar("F", bound=Callable[..., Any])


region_option = click.option(
    "--region",
    help=say(zh="地区；六位代码默认为其本身。", en="Its region; six digits are their own."),
)
"""`--region` of a member whose folder is made."""
schemas_option = click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="除随附的之外，另有模式文件和规则文件的文件夹。",
        en="A folder with schema and rules files, beside those that come with the program.",
    ),
)
"""`--schemas` of whoever judges receipts."""
roles_option = click.option(
    "--roles",
    metavar="ROLE,…",
    help=say(
        zh="角色；六位代码默认为 PROVINCE，其余默认以计划为准。",
        en="Its roles; PROVINCE where the code is six digits, else what the plan says.",
    ),
)
"""`--roles`, likewise."""


def network_options(command: F) -> F:
    """`--network` and `--rpc`: parameters `network` (a path) and `rpc` (a tuple of URLs)."""
    for option in (
        click.option(
            "--rpc",
            multiple=True,
            metavar="URL",
            help=say(
                zh="代替网络文件中的节点（可重复）；所需的一致节点数不变。",
                en="Nodes to ask in place of the file's (repeatable); its quorum stays.",
            ),
        ),
        click.option(
            "--network",
            required=True,
            envvar="CREDIT_LEDGER_NETWORK",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=say(
                zh="网络文件：信任的根（也可用 CREDIT_LEDGER_NETWORK）。",
                en="The network file, root of all trust (or CREDIT_LEDGER_NETWORK).",
            ),
        ),
    ):
        command = option(command)
    return command


def node_options(command: F) -> F:
    """`--to` and `--token`: parameters `url` and `token`, of one's own node."""
    for option in (
        click.option("--token", metavar="T", help=say(zh="令牌。", en="Token.")),
        click.option(
            "--to", "url", required=True, metavar="URL", help=say(zh="节点。", en="The node.")
        ),
    ):
        command = option(command)
    return command


def json_option(command: F) -> F:
    """`--json`: parameter `as_json`."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help=say(zh="在标准输出上给出一个 JSON 文档。", en="One JSON document on stdout."),
    )(command)


def workbook_option(*, zh: str, en: str) -> Callable[[F], F]:
    """`-o FILE.xlsx`, given as `out`. zh, en: what is written into it."""
    return click.option(
        "-o",
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.xlsx",
        help=say(zh=zh, en=en),
    )


def passwords_option(
    *, zh: str = "打开密钥的口令文件。", en: str = "Password of the key."
) -> Callable[[F], F]:
    """Add `--password-file`, parameter `password_files`: which may be named several times."""
    return click.option(
        "--password-file",
        "password_files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help=say(zh=zh, en=en),
    )


def _networks(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> "list[Network]":
    from ledger.chain.nodes.addresses import network  # noqa: PLC0415 - `--help` need not wait

    try:
        return [network(text) for text in texts]
    except ValueError as error:
        words = told(ConfigError("--private-network", str(error)))
        raise click.BadParameter(words, param_hint="--private-network") from error


private_option = click.option(
    "--private-network",
    "private",
    multiple=True,
    callback=_networks,
    metavar="CIDR",
    help=say(
        zh="除公网外，也在这些网段访问成员（可重复）；生产环境中只访问公网和所列网段。",
        en="Where members are asked beside public addresses (repeatable); in production nowhere "
        "else.",
    ),
)
"""`--private-network`, for what asks at addresses that others wrote."""


def load_network(path: Path, rpc: tuple[str, ...]) -> NetworkFile:
    """The network file, asked through other nodes where some were named. Wrong ones are usage."""
    urls = rpc or tuple(filter(None, os.environ.get("CREDIT_LEDGER_RPC", "").split(",")))
    try:
        network = NetworkFile.load(path)
        network = network.with_rpc([url.strip() for url in urls]) if urls else network
        demand_majority(network)
    except ConfigError as error:
        raise click.BadParameter(told(error), param_hint="--network / --rpc") from error
    if production() and network.chain_id == DEV_CHAIN_ID:
        _refuse_network(
            zh=f"生产环境不接受开发用的链（chainId {DEV_CHAIN_ID}）。",
            en=f"chain {DEV_CHAIN_ID} is for development, refused in production",
        )
    return network


def production() -> bool:
    """Whether stand-ins are refused."""
    return os.environ.get("CREDIT_LEDGER_ENV", "development") == "production"


def local_clock() -> Callable[[], float]:
    """Unix seconds: the machine's clock, or in development that of CREDIT_LEDGER_NOW."""
    text = os.environ.get(clock.VARIABLE)
    if not text:
        return time.time
    if production():
        message = say(zh="生产环境不接受", en="refused in production")
        raise click.UsageError(f"{clock.VARIABLE}: {message}")
    try:
        setting = clock.parse(text)
    except ConfigError as error:
        raise click.UsageError(told(error)) from error
    if setting.held is not None:
        note(say(zh=f"注意：时钟固定为 {text}。", en=f"Note: the clock is held at {text}."))
    elif setting.offset:
        seconds = setting.offset
        note(say(zh=f"注意：时钟快 {seconds} 秒。", en=f"Note: the clock runs {seconds} s ahead."))
    return setting.clock()


def _refuse_network(*, zh: str, en: str) -> None:
    raise click.BadParameter(say(zh=zh, en=en), param_hint="--network")
