"""`credit-ledger audit monitor`: follow chain, logs, mirrors and nodes, and tell what is new."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ledger.cli.language import say
from ledger.cli.options import (
    load_network,
    local_clock,
    network_options,
    private_option,
    production,
)
from ledger.cli.problems import told
from ledger.core.errors import ConfigError

if TYPE_CHECKING:
    from ledger.audit.monitor.run import Asked

SECRET: Final = "CREDIT_LEDGER_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
_MAX_SECRETS: Final = 4
_MAX_SECRET_FILE: Final = 4096
_HOUR: Final = 3600

_HELP = say(
    zh="""持续跟踪区块链、各成员的日志和镜像、各节点与网关，发现新情况只说一次。

    所知保存在 --state 文件夹：中断、断电后接着跟踪，不遗漏，也不重复（回调可能重发，编号不变）。
    日志为 JSON 行，写到标准错误。收到 SIGTERM 或 SIGINT 后完成手头一步即退出。
    不重放全部历史；要定期完整重放，用 --replay-every。
    退出码：0 正常结束；1 --once 时有新的或仍存在的问题；4 --once 时无法读取区块链。

    \b
    示例：
      credit-ledger audit monitor --network network.json --state monitor --metrics 127.0.0.1:9650
      credit-ledger audit monitor --webhook https://alerts.example/hook --webhook-secret secret
      credit-ledger audit monitor --once --patience 0 --network network.json
    """,
    en="""Follow the chain, logs and mirrors of members, nodes and gateways; tell what is new once.

    What is known is kept in the folder --state: after an interruption or a loss of power it goes
    on, misses nothing, and repeats nothing (a webhook may be sent again, under the same id).
    The log goes to stderr as JSON lines. On SIGTERM or SIGINT it ends behind the step at hand.
    It does not replay the whole past; for a full replay from time to time use --replay-every.
    Exit codes: 0 it was ended; with --once 1 something is wrong that is new, or lasts; 4 the chain
    could not be read.

    \b
    Examples:
      credit-ledger audit monitor --network network.json --state monitor --metrics 127.0.0.1:9650
      credit-ledger audit monitor --webhook https://alerts.example/hook --webhook-secret secret
      credit-ledger audit monitor --once --patience 0 --network network.json
    """,
)


@click.command("monitor", help=_HELP)
@network_options
@click.option(
    "--state",
    default="audit-monitor",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="保存所知的文件夹。", en="Folder in which it keeps what it knows."),
)
@click.option("--once", is_flag=True, help=say(zh="只查看一轮。", en="One round, and no more."))
@click.option(
    "--every",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0.1, max=86_400),
    metavar="SECONDS",
    help=say(zh="每隔多少秒查看一轮。", en="From the beginning of one round to the next."),
)
@click.option(
    "--patience",
    default=300,
    show_default=True,
    type=click.IntRange(min=0, max=86_400),
    metavar="SECONDS",
    help=say(
        zh="节点、网关等的异常持续多少秒才报告。",
        en="For so long a node or gateway must be wrong before it is told.",
    ),
)
@click.option(
    "--stopped-after",
    default=12 * _HOUR,
    show_default=True,
    type=click.IntRange(min=60),
    metavar="SECONDS",
    help=say(
        zh="日志有未存证的条目或承诺多少秒后报告。",
        en="For so long a log may have entries or promises that are not anchored.",
    ),
)
@click.option(
    "--no-news",
    is_flag=True,
    help=say(
        zh="只报告问题，不报告新成员、密钥、表决等。",
        en="Tell findings alone, and nothing of new members, keys, votes and the like.",
    ),
)
@click.option(
    "--webhook",
    metavar="URL",
    help=say(
        zh="把每条报告发送到此地址（Standard Webhooks）；生产环境须为 https 或本机。",
        en="Send everything that is told there (Standard Webhooks); in production https, or this "
        "machine.",
    ),
)
@click.option(
    "--webhook-secret",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh=f"回调的密钥（whsec_…），每行一个，新的在前；也可用环境变量 {SECRET}。",
        en=f"Its secret (whsec_…); more than one while they change, the newest first, one a line. "
        f"Or the variable {SECRET}.",
    ),
)
@private_option
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    help=say(
        zh="在本机地址上提供 Prometheus 指标。",
        en="Show figures for Prometheus at an address of this machine.",
    ),
)
@click.option(
    "--textfile",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.prom",
    help=say(
        zh="每轮之后把指标写入文件。", en="Write the figures to a file after every round, too."
    ),
)
@click.option(
    "--replay-every",
    type=click.IntRange(min=1),
    metavar="HOURS",
    help=say(
        zh="每隔多少小时另做一次完整重放；报告存为文件夹中的 replay.json。",
        en="Make a full replay as well, every so many hours; its report is replay.json in the "
        "folder.",
    ),
)
def monitor(*, network: Path, rpc: tuple[str, ...], once: bool, **given: Any) -> int:
    """See `_HELP`."""
    from ledger.audit.monitor.lines import Lines  # noqa: PLC0415 - `--help` need not wait for it
    from ledger.audit.monitor.run import opened  # noqa: PLC0415

    found, stop = load_network(network, rpc), threading.Event()
    try:
        asked = _asked(network, rpc, **given)
        with (
            _stopped_by_signals(stop),
            opened(found, asked, now=local_clock(), stop=stop, log=Lines()) as running,
        ):
            return running.once() if once else running.run()
    except ConfigError as error:
        raise click.BadParameter(told(error), param_hint=error.setting) from error


def _asked(network: Path, rpc: tuple[str, ...], **given: Any) -> Asked:
    """What was asked for. Raises ConfigError."""
    from ledger.audit.monitor.figures import address  # noqa: PLC0415 - see `--help`
    from ledger.audit.monitor.run import Asked  # noqa: PLC0415

    url, metrics = given["webhook"] or "", given["metrics"]
    command = ["audit", "replay", "--network", str(network.resolve()), "--check-mirrors"]
    return Asked(
        state=given["state"],
        every=given["every"],
        patience=given["patience"],
        stopped_after=given["stopped_after"],
        news=not given["no_news"],
        production=production(),
        private=given["private"],
        url=_url(url),
        secrets=_secrets(given["webhook_secret"]) if url else (),
        metrics=None if metrics is None else address(metrics),
        textfile=given["textfile"],
        replay=(given["replay_every"] or 0) * _HOUR,
        command=[
            *command,
            *(word for one in given["private"] for word in ("--private-network", str(one))),
            *(word for one in rpc for word in ("--rpc", one)),
        ],
    )


def _url(url: str) -> str:
    from ledger.audit.monitor.sending import is_sendable  # noqa: PLC0415 - see `--help`

    if url and not is_sendable(url, production=production()):
        raise ConfigError("--webhook", "not a URL that may be sent to: https, without a user")
    return url


def _secrets(path: Path | None) -> list[str]:
    """Of the file, else of the environment. Raises ConfigError."""
    from ledger.hooks.messages import is_secret  # noqa: PLC0415 - see `--help`

    text = os.environ.get(SECRET, "")
    if path is not None:
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_SECRET_FILE).decode(errors="replace")
        except OSError as error:
            raise ConfigError("--webhook-secret", f"{path}: {error.strerror}") from error
    found = text.split()
    if not found or len(found) > _MAX_SECRETS or not all(map(is_secret, found)):
        problem = f"one to {_MAX_SECRETS} secrets are wanted, whsec_ and base64 of 24 to 64 bytes"
        raise ConfigError("--webhook-secret", problem)
    return found


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; where we are not the main thread nobody sends us any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
