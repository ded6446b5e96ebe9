"""What a doctor says: findings with their remedy, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.operations.findings_of_chain import OF_CHAIN
from gateway.operations.findings_of_finance import OF_FINANCE
from gateway.operations.findings_of_lease import OF_LEASE
from gateway.operations.findings_of_partitions import OF_PARTITIONS
from ledger.cli.problems import in_words
from ledger.core.texts import Text


class Level(StrEnum):
    """ok; warning: will be a problem; problem: is one, exit code 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """code: a key of `TEXTS`. text: what was found. remedy: what to do; None where all is well."""

    code: str
    level: Level
    text: Mapping[str, str]
    remedy: Mapping[str, str] | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "code": self.code,
            "level": self.level.value,
            "text": dict(self.text),
            "remedy": self.remedy and dict(self.remedy),
        }


_Pair = tuple[str, str]  # zh, en
_STATES = {
    "open": "开放",
    "behind": "落后于链",
    "forked": "与链分叉",
    "damaged": "损坏",
    "closed": "已关闭",
}
"""Of a log."""

TEXTS: Mapping[str, tuple[_Pair, _Pair, _Pair]] = {
    "network-file": (
        ("网络文件可用", "The network file can be used"),
        ("网络文件不可用：{error}", "The network file cannot be used: {error}"),
        (
            "更正设置 network，或向联盟索取网络文件",
            "Correct the setting `network`, or have the file from the consortium",
        ),
    ),
    "key-files": (
        ("密钥文件齐全、保密、可打开", "All key files are there, private and open"),
        ("密钥文件不可用：{error}", "A key file cannot be used: {error}"),
        (
            "恢复该文件，或按提示修改权限；口令在 key_password_file 中",
            "Restore that file, or change its mode as told; key_password_file holds the password",
        ),
    ),
    "signer": (
        ("签名服务保管 {count} 个密钥，均可签名", "Signing services hold {count} keys and sign"),
        (
            "保管 {purpose} 密钥的签名服务不签名：{error}",
            "The signing service that holds the {purpose} key does not sign: {error}",
        ),
        (
            "检查该服务，以及密钥文件中的地址（url）与令牌（tokenFile）",
            "Look after that service, and its address and token in the key's file (url, tokenFile)",
        ),
    ),
    "case-key": (
        ("", ""),
        (
            "密钥目录中没有 CASE 密钥：本节点遵从链上的处置，但不能确认",
            "There is no CASE key: this node obeys acts on records, and cannot acknowledge them",
        ),
        ("运行 credit-ledger keys rotate CASE", "Run `credit-ledger keys rotate CASE`"),
    ),
    "statuses": (
        (
            "已执行链上全部 {count} 项对记录的处置",
            "All {count} acts on records were carried out",
        ),
        (
            "已执行 {count} 项对记录的处置，链上有 {there} 项",
            "{count} acts on records were carried out, the chain has {there}",
        ),
        (
            "最新的处置须待其区块最终确定；数分钟后仍未赶上的，检查节点是否在运行",
            "The newest count once their block is final; where it is not so after some minutes, see"
            " whether the node runs",
        ),
    ),
    "statuses-unclear": (
        ("", ""),
        (
            "链节点给出的处置与合约不符（{error}），停在第 {count} 项，链上有 {there} 项",
            "The acts that chain nodes give do not fold to what the contract says ({error}):"
            " stopped at {count}, the chain has {there}",
        ),
        (
            "更换有问题的链节点；已停止提供的内容仍停止提供",
            "Take other chain nodes; what is closed stays closed",
        ),
    ),
    "acknowledged": (
        ("已确认 {count} 项对记录的处置", "{count} acts on records were acknowledged"),
        (
            "已确认 {count} 项对记录的处置，还差 {behind} 项",
            "{count} acts on records were acknowledged, {behind} are lacking",
        ),
        (
            "节点在最终确定后一分钟内确认；仍未确认的，检查 CASE 密钥与付款账户",
            "A node acknowledges within a minute of finality; where it does not, look after its"
            " CASE key and its payer",
        ),
    ),
    "database": (
        ("数据库可用，表的版本为 {revision}", "The database can be used, revision {revision}"),
        ("数据库不可用：{error}", "The database cannot be used: {error}"),
        (
            "检查设置 database_url 与数据库服务",
            "Look after the setting `database_url` and the database server",
        ),
    ),
    "database-absent": (
        ("", ""),
        ("还没有数据库：{file}", "There is no database yet: {file}"),
        (
            "启动一次节点即会建立；或恢复备份（gateway restore）",
            "Start the gateway once, which makes it; or restore a backup (`gateway restore`)",
        ),
    ),
    "database-revision": (
        ("", ""),
        (
            "表的版本为 {revision}，本程序需要 {ours}",
            "The tables have revision {revision}, this program needs {ours}",
        ),
        (
            "较旧时启动节点即会升级；较新时安装较新的程序",
            "Start the gateway where they are older; install a newer program where they are newer",
        ),
    ),
    "quarantine": (
        ("没有被隔离的条目", "No entries are in quarantine"),
        (
            "{count} 个承诺含有因磁盘损坏而未入日志的条目",
            "Entries of {count} promises were left out of the log, the disk had changed them",
        ),
        (
            "检查磁盘，再运行 gateway quarantine retry，由封存的记录重做条目；"
            "再次报送只会得到“重复”",
            "Look after the disk, then run `gateway quarantine retry`, which makes the entries"
            " again from the sealed records; sent again they would be duplicates",
        ),
    ),
    "set-aside": (
        ("没有被搁置的作业", "No jobs are set aside"),
        (
            "{count} 个作业因反复失败被搁置，其内容保留 30 天",
            "{count} jobs were set aside after failing again and again; their content is kept for"
            " 30 days",
        ),
        (
            "用 gateway jobs list 查看原因；消除后运行 gateway jobs retry ID，"
            "或以 gateway jobs drop ID 放弃",
            "See why with `gateway jobs list`; once the cause is gone run `gateway jobs retry ID`,"
            " or give it up with `gateway jobs drop ID`",
        ),
    ),
    "overdue": (
        ("没有逾期的承诺", "No promises are overdue"),
        (
            "{count} 个承诺已过期限而未存证",
            "{count} promises are past their due time and not anchored",
        ),
        (
            "启动节点；若已在运行，先处理下面链、密钥、日志与付费账户的问题，其后自动存证",
            "Start the gateway; where it runs, mend what is told below of chain, keys, logs and"
            " payer, and they are anchored by themselves",
        ),
    ),
    "content-keys": (
        ("所用的内容密钥齐全", "All content keys that are used are there"),
        (
            "内容密钥 {keys} 不在密钥目录中，所封存的内容无法打开（并未删除）",
            "Content keys {keys} are not in the key folder; what they seal cannot be opened, and is"
            " not erased",
        ),
        (
            "把该密钥文件（content.json、content-2.json …）放回密钥目录；确已丢失的，运行 gateway"
            " give-up 放弃其内容",
            "Put their files (content.json, content-2.json …) back into the key folder; give up"
            " with `gateway give-up` what one sealed that is lost for good",
        ),
    ),
    "content-keys-newest": (
        ("最新的内容密钥可用", "The newest content key is in use"),
        (
            "密钥目录中最新的内容密钥 {keys} 已停用，无法接收记录",
            "The newest content key in the key folder, {keys}, is retired; no records are taken",
        ),
        (
            "缺少更新的密钥文件时先放回；否则运行 gateway rewrap --new",
            "Put the file of a newer one back where one is missing, else run `gateway rewrap"
            " --new`",
        ),
    ),
    "content-keys-old": (
        ("全部内容用最新的内容密钥封存", "The newest content key seals everything"),
        (
            "尚有内容用旧的内容密钥 {keys} 封存",
            "Older content keys {keys} still seal something",
        ),
        ("运行 gateway rewrap", "Run `gateway rewrap`"),
    ),
    "content-keys-empty": (
        ("没有多余的内容密钥", "No content key is left over"),
        (
            "内容密钥 {keys} 已不封存任何内容",
            "Content keys {keys} seal nothing any more",
        ),
        (
            "先做新的备份；不再需要更早的 keys.db 后，从密钥目录和存放处删除这些文件，已删除的内容"
            "便再也无法打开",
            "Make a new backup; once no older keys.db is needed, delete these files here and where"
            " they are kept, and what was erased can never be opened again",
        ),
    ),
    "calendar": (
        ("工作日历覆盖未来 {days} 天", "The calendar knows the next {days} days"),
        (
            "工作日历只到 {until}，之后时限不明",
            "The calendar ends on {until}; what is decided later is neither in time nor late",
        ),
        (
            "在 calendar_file 中加入国务院办公厅公布的下一年安排",
            "Add the coming year, as the State Council publishes it, to `calendar_file`",
        ),
    ),
    "who": (
        (
            "机关表有 {authorities} 个机关，例外文件有 {exceptions} 个代码（{file}），"
            "另列 {subjects} 个多代码或多名称的主体",
            "{authorities} authorities are known, {exceptions} codes are excepted ({file}),"
            " {subjects} subjects have several codes or names",
        ),
        (
            "机关表、例外文件或主体文件不可用：{error}",
            "A file of authorities, exceptions or subjects cannot be used: {error}",
        ),
        (
            "按提示更正该文件；运行中的节点仍用此前的内容，重启则不能启动",
            "Correct the file as told; a running gateway keeps what it read before, and none starts"
            " with it",
        ),
    ),
    "who-doubtful": (
        ("机关表中没有存疑之处", "Nothing in the table of authorities is doubtful"),
        (
            "机关表中校验码不符的代码：{codes}；规则中没有的类别：{kinds}",
            "In the table of authorities codes fail their check characters: {codes}; no rules know"
            " the kinds: {kinds}",
        ),
        (
            "按证照核对代码，合法者列入 uscc_exceptions_file；核对类别的写法",
            "Compare the codes with the certificates, add lawful ones to `uscc_exceptions_file`;"
            " see how the kinds are spelled",
        ),
    ),
    "schemas": (
        ("补充的数据标准和规则文件可读", "The folder of more schemas and rules can be read"),
        (
            "补充的数据标准和规则文件不可用：{error}",
            "The folder of more schemas and rules is not all of use: {error}",
        ),
        (
            "改正或移走该文件；它应与其他节点 /v1/schemas、/v1/rules 提供的文件逐字节相同",
            "Mend the file or take it away: it must be, byte for byte, what other nodes serve at"
            " /v1/schemas and /v1/rules",
        ),
    ),
    "member-unknown": (
        ("", ""),
        ("{member} 不是本网络的成员", "{member} is no member of this network"),
        (
            "把 {member}.json 交给联盟，由联盟表决接纳（govern propose admit）；或更正 node.code",
            "Hand {member}.json to the consortium, which admits members by vote (`govern propose"
            " admit`); or correct node.code",
        ),
    ),
    "key-unregistered": (
        ("", ""),
        (
            "{purpose} 密钥 {key} 未在链上登记",
            "The {purpose} key {key} is not registered on the chain",
        ),
        (
            "已登记 GOVERN 密钥时运行 keys rotate {purpose}；否则把 {member}.json 交给联盟"
            "（接纳或恢复密钥），或放回原来的密钥文件",
            "Where the GOVERN key is registered run `keys rotate {purpose}`; else hand"
            " {member}.json to the consortium (to admit, or to recover the key), or put the key"
            " file back that was there before",
        ),
    ),
    "rules-file": (
        ("目录中的规则文件齐备", "The rules files that the catalogue names are here"),
        (
            "目录列有 {name} 第 {version} 版，自 {since} 起施行，但本节点没有其规则文件",
            "The catalogue has version {version} of {name} from {since}; its file is not here",
        ),
        (
            "从其他成员的节点取 /v1/rules/{hash}，放入 schemas 设置所指的文件夹，无须重启",
            "Fetch /v1/rules/{hash} from the node of another member and put it into the folder that"
            " the setting `schemas` names; no restart is needed",
        ),
    ),
    "member": (
        ("成员有效", "The member is active"),
        ("成员已被暂停", "The member is suspended"),
        ("联系联盟", "Turn to the consortium"),
    ),
    "key": (
        ("{purpose} 密钥有效", "The {purpose} key is valid"),
        (
            "{purpose} 密钥 {key} 在链上有效至 {until}",
            "The {purpose} key {key} is valid on the chain until {until}",
        ),
        ("运行 keys rotate {purpose}", "Run `keys rotate {purpose}`"),
    ),
    "log": (
        ("日志 {log}：{state}", "Log {log}: {state}"),
        ("日志 {log}：{error}", "Log {log}: {error}"),
        ("见上", "As told there"),
    ),
    "open-log": (
        ("有开放的日志", "There is an open log"),
        ("没有开放的日志", "There is no open log"),
        ("请联盟投票 OPEN_LOG 或 OPEN_SUCCESSOR", "Have OPEN_LOG or OPEN_SUCCESSOR voted"),
    ),
    "mirror": (
        (
            "已留存成员 {member} 的日志 {log}：{size} / {anchored}",
            "The log {log} of member {member} is kept: {size} of {anchored}",
        ),
        (
            "成员 {member} 的日志 {log} 只留存到 {size} / {anchored}：{error}",
            "The log {log} of member {member} is kept to {size} of {anchored} only: {error}",
        ),
        (
            "unreachable、not-served、note-missing：联系该成员；address-private：其地址不是公网地址，"
            "不予访问，请在 [exchange] private_networks 中写明其网段，在一台机器上试用则设"
            ' env = "development"；other-tree：其节点给出的与链上不符，'
            "请通报联盟；damaged：检查磁盘，节点会重新读取该部分；full、full-member、full-log：请先核实其日志"
            "为何如此之大，再增加磁盘或调高 mirrors.max_bytes、member_share、log_share；"
            "no-endpoint：该成员没有登记地址",
            "unreachable, not-served, note-missing: ask that member; address-private: its address"
            " is no public one and is not called, name its network under [exchange]"
            ' private_networks, or to try things out on one machine set env = "development";'
            " other-tree: it serves what the chain has otherwise, tell the consortium; damaged:"
            " look after the disk, it is read anew; full, full-member, full-log: find out why its"
            " log is that large, then add disk or raise mirrors.max_bytes, member_share, log_share;"
            " no-endpoint: that member has"
            " registered none",
        ),
    ),
    "stranded": (
        ("没有搁浅的记录", "No records are stranded"),
        ("{count} 条记录在已关闭的日志中搁浅", "{count} records are stranded in closed logs"),
        ("运行 gateway relog", "Run `gateway relog`"),
    ),
    **OF_CHAIN,
    **OF_FINANCE,
    **OF_LEASE,
    **OF_PARTITIONS,
}
"""Of each check: where it is well, where it is not, and the remedy."""


def finding(code: str, level: Level, **values: object) -> Finding:
    """A finding with its texts filled in."""
    well, ill, remedy = TEXTS[code]
    shown = {name: _said(name, value) for name, value in values.items()}
    fine = level is Level.OK
    return Finding(
        code=code,
        level=level,
        text=_fill(well if fine else ill, shown),
        remedy=None if fine else _fill(remedy, shown),
    )


def _said(name: str, value: object) -> Text:
    """What an error says, and how a log is, in words; other values are the same in both."""
    if isinstance(value, Exception):
        return in_words(value)
    text = str(value)
    return {"zh": _STATES.get(text, text) if name == "state" else text, "en": text}


def _fill(pair: _Pair, values: Mapping[str, Text]) -> Text:
    return {
        language: text.format(**{name: value[language] for name, value in values.items()})
        for language, text in zip(("zh", "en"), pair, strict=True)
    }
