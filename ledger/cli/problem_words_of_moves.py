"""The Chinese of what can be wrong where contracts, networks and databases move on, as
`problem_words` has it of everything else."""

from collections.abc import Mapping
from typing import Final

MOVES: Final[Mapping[str, str]] = {
    "needs code, region, roles and endpoint; nothing else is known": (
        "须有 code、region、roles 和 endpoint，不识别其他内容"
    ),
    "is no list of at most {} references": "不是至多 {} 个引用的列表",
    "one is not of the form {}": "有一项不是 {} 的形式",
    "are not at most {}": "多于 {} 项",
    "its logs are not at most {} in the order of seq": "其日志多于 {} 个，或未按 seq 的次序",
    "its member.{} are no tables": "其 member.{} 不是表",
    "a key of it says what is not known": "其密钥有不识别的内容",
    "a key of it has no known purpose": "其密钥没有已知的用途",
    "a log of it needs id and seq, nothing else": "其日志只能有 id 和 seq",
    "needs id, content, {}, nothing else": "只能有 id、content、{}",
    "{} is no id": "{} 不是编号",
    "is not a number from 0 to {}": "不是 0 至 {} 的数",
    "has an id or hash that is not 64 hex digits": "其编号或散列不是 64 位十六进制",
    "has no GOVERN key in the plan": "计划中没有其 GOVERN 密钥",
    "a network moves at most {} times": "一个网络至多迁移 {} 次",
    "its suite is newer than this software": "其算法套件较本软件为新",
    "holds no GOVERN key of an active province": "没有任何有效省市的 GOVERN 密钥",
    "is not held by {}": "并非由 {} 担任",
    "{} shows other items than a quorum": "{} 所示的目录项与法定数的节点不同",
    "is chain {}, not {}": "是链 {}，不是 {}",
    "does not have the block in which the network was founded": "没有该网络创建时的区块",
    "no contract came of {}": "没有产生合约 {}",
    "is not created yet": "尚未创建",
    "no contract has this role: a founding registers the first": (
        "没有合约担任此角色：首个合约由创建网络时登记"
    ),
    "a gateway of an older version runs on the tables, of revision {}, and could not go on beside "
    "this one: stop every gateway on this database first": (
        "有较旧版本的网关正在使用版本为 {} 的表，不能与本版本并存：请先停止使用该数据库的全部网关"
    ),
    "the tables are of revision {}, made by a version before the first that is carried on; found "
    "the network anew, with an empty database": (
        "表的版本为 {}，由尚不支持升级的早期版本建立；请重新创建网络，并使用空的数据库"
    ),
}
