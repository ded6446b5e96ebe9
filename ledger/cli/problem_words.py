"""The Chinese of what can be wrong with settings and with files of operators, by its English.

Libraries and rooms below say what is wrong in English, for logs; people are told by commands. `{}`
stands for a value, which is the same in both and in the same order.
"""

from collections.abc import Mapping
from typing import Final

from ledger.cli.problem_words_of_monitors import MONITORS
from ledger.cli.problem_words_of_moves import MOVES

FILES: Final[Mapping[str, str]] = {
    "neither an opening nor an answer of `audit openings`, an answer about a subject, a bundle, a"
    " manifest or published sums": (
        "不是开启件或 audit openings 所存的答复，也不是查询答复、证据包、清单或公布的汇总"
    ),
    # What any JSON or TOML file of ours is held for.
    "_type is not {}": "_type 不是 {}",
    "_type is none of {}": "_type 不是以下任何一种：{}",
    "not an object": "不是 JSON 对象",
    "unknown member {}": "有未知的成员 {}",
    "no member {}": "缺少成员 {}",
    "{} is no {}": "{} 不是{}",
    "{} is none of {}": "{} 不是以下任何一种：{}",
    "{} is empty, too long or not of its form": "{} 为空、过长或形式不对",
    "{} is not {} … {}": "{} 不在 {} 至 {} 之间",
    "{} is not a list of texts of at most {} characters": "{} 不是文本列表（每项最多 {} 个字符）",
    "{} has a text twice": "{} 中有重复的文本",
    "{} has not {} … {} items": "{} 的项数不在 {} 至 {} 之间",
    "more than {} members": "成员多于 {} 个",
    "{} is no day YYYY-MM-DD": "{} 不是 YYYY-MM-DD 形式的日期",
    "a member twice": "同一成员出现两次",
    "a field given twice": "同一字段出现两次",
    "a reference given twice": "同一引用出现两次",
    "longer than {} bytes": "超过 {} 字节",
    "more than {} files": "文件多于 {} 个",
    "not JSON": "不是 JSON",
    "not JSON: {}": "不是 JSON（{}）",
    "not the canonical spelling (order, space, escapes, duplicates)": (
        "不是规范形式（次序、空白、转义、重复）"
    ),
    "not its own re-encoding": "重新编码后与原文不同",
    "not base64": "不是 base64",
    "not {} bytes": "不是 {} 字节",
    "not {} bytes in lower case": "不是 {} 字节的小写十六进制",
    "no 0x in front": "前面没有 0x",
    "outside 1970 … 9999": "不在 1970 至 9999 年之间",
    "before 1970": "早于 1970 年",
    "not YYYY-MM-DDTHH:MM:SSZ": "不是 YYYY-MM-DDTHH:MM:SSZ 形式的时刻",
    "not YYYY-MM-DD": "不是 YYYY-MM-DD 形式的日期",
    "no such time": "没有这个时刻",
    "no such day": "没有这一天",
    "text with a lone surrogate": "文本含有无法识别的字符",
    "lone surrogate": "文本含有无法识别的字符",
    "integer outside 0 … 2^53 - 1": "整数不在 0 至 2^53 - 1 之间",
    "nested too deep": "嵌套过深",
    "{} has no canonical spelling": "{} 没有规范写法",
    "null is not allowed here": "此处不得为 null",
    "key that is not ASCII text": "成员名不是 ASCII 文本",
    "cannot be read": "无法读取",
    "cannot be read: {}": "无法读取：{}",
    "cannot be written": "无法写入",
    "no such directory": "没有这个目录",
    "exists already and is never overwritten": "已存在，不会覆盖",
}

OPERATOR: Final[Mapping[str, str]] = {
    # Authorities, excepted codes, subjects, calendar, schemas and rules.
    "code is no USCC: copy its 18 characters from the certificate": (
        "code 不是统一社会信用代码：请按证照填写18位"
    ),
    "a code is no USCC: copy its 18 characters from the certificate": (
        "有代码不是统一社会信用代码：请按证照填写18位"
    ),
    "until is before from: correct one of the two": "until 早于 from：请改正其一",
    "name is blank: write it or take the item out": "name 为空：请填写，或删去该项",
    "had only while the authority was not there: correct the days": (
        "名称的日期都在该机关存续期之外：请改正日期"
    ),
    "has successors but no until: say its last day": "有承继机关而没有 until：请填写最后一天",
    "stands twice: put its names and dates into one entry": "出现两次：请把名称和日期并入一条",
    "successor {} has no entry: add one": "承继机关 {} 没有条目：请增加",
    "successor {} ended no later: name who took over from it": (
        "承继机关 {} 没有更晚结束：请写明由谁承继"
    ),
    "has a name that {} has on the same day: end it there by {}": (
        "与 {} 在同一天同名：请使其在 {} 前结束"
    ),
    "{} is no weekend day that could be worked": "{} 不是可调休上班的周末",
    "{}: {} is not a list of texts": "{}：{} 不是文本列表",
    "{}: {} must ascend and lie in the year": "{}：{} 须按日期先后排列并在该年之内",
    "needs exactly the members {}": "须有且仅有这些成员：{}",
    "{} twice": "{} 出现两次",
    "{}: source is empty": "{}：source 为空",
    "{} is a day off by law but not in daysOff": "{} 是法定休息日，却不在 daysOff 中",
    "{} has the wrong type": "{} 的类型不对",
    "stands in entry {} too: keep one of the two": "第 {} 条中也有：请只保留其一",
    "code passes its check characters: take the entry out": "code 的校验码相符：请删去该条",
    "has one code and one name at most: add what it had before": (
        "至多只有一个代码和一个名称：请补上原来的"
    ),
    "called {} but its SHA-256 is {}": "文件名为 {}，而 SHA-256 为 {}",
    "neither a schema nor rules, nor a list of fields": "既不是数据标准，也不是规则或领域清单",
}

SETTINGS: Final[Mapping[str, str]] = {
    "neither sqlite:/// nor postgresql://": "既不是 sqlite:///，也不是 postgresql://",
    "no URL of a database": "不是数据库的地址",
    "others can read it; run: chmod 600 {}": "他人可读；请运行：chmod 600 {}",
    "others can read it (mode {}); run: chmod 600 {}": "他人可读（权限 {}）；请运行：chmod 600 {}",
    "the lease cannot be kept here: {}": "无法在此保存租约：{}",
    "the database cannot be opened": "无法打开数据库",
    "the database is not empty; restore into a new one": "数据库不是空的；请恢复到新的数据库",
    "holds tables of others: {}": "有其他程序的表：{}",
    "none are installed; install the program again": "没有安装；请重新安装本程序",
    "the tables are of revision {}, made by a newer version of this program; install that "
    "version, or restore a backup made before it was started": (
        "表的版本为 {}，由较新的程序建立；请安装该版本，或恢复在其启动之前的备份"
    ),
    "the tables are of revision {}, older than this program; `credit-ledger gateway serve` of "
    "this version brings them up to date, once no older gateway runs on them": (
        "表的版本为 {}，早于本程序；待没有较旧的网关使用后，由本版本的 credit-ledger gateway "
        "serve 升级"
    ),
    "is STAGE:before or STAGE:after of a known stage": (
        "应为某个已知步骤的 STAGE:before 或 STAGE:after"
    ),
    "is an instant in UTC with Z": "应为以 Z 结尾的 UTC 时刻",
    "bucket and bucket_key belong together": "bucket 与 bucket_key 须一并设置",
    "is no https://HOST/BUCKET or …/PREFIX": "应为 https://主机/存储桶 或 https://主机/存储桶/前缀",
    'is no file {"id","secret","region"}': '应为形如 {"id","secret","region"} 的文件',
    "files.memory_mib must be {} at least, {} times http.max_file_bytes, or no file of that "
    "size can be read": (
        "files.memory_mib 至少为 {}（http.max_file_bytes 的 {} 倍），否则无法读取这样大的文件"
    ),
    "node.url must say where others reach a gateway on all addresses": (
        "网关监听所有地址时，须以 node.url 写明他人从何处访问"
    ),
    "is no URL": "不是网址",
    "is no http or https URL with a host": "须为 http 或 https 网址，且含主机名",
    "has a user, a query or a fragment, give a token by itself": (
        "网址中不得有用户、查询或片段，令牌请单独给出"
    ),
    "is given beside token_file": "不能与 token_file 同时给出",
    "is no token": "不是令牌",
    "token would be readable on the way, use https or allow_http": (
        "令牌在途中可被他人读取，请用 https 或 allow_http"
    ),
    "CREDIT_LEDGER_NOW and _CRASH_AT are for development only": (
        "CREDIT_LEDGER_NOW 和 _CRASH_AT 仅供开发使用"
    ),
    "private network {} holds {}, which no member has": (
        "exchange.private_networks 的 {} 含有 {}，该网段不会是任何成员的地址"
    ),
    "production needs key_password_file": "生产环境须有 key_password_file",
    "production reads files in processes: files.processes above 0": (
        "生产环境须在单独的进程中读取文件：files.processes 应大于 0"
    ),
    "http.host {} is open to others without TLS: listen on 127.0.0.1 behind a proxy, or name "
    "the proxy's address in http.trusted_proxies": (
        "http.host {} 对外开放而没有 TLS：请在代理之后监听 127.0.0.1，或在 http.trusted_proxies "
        "中写明代理的地址"
    ),
    "is neither +SECONDS nor an instant such as 2026-11-20T08:00:00Z": (
        "既不是 +秒数，也不是 2026-11-20T08:00:00Z 这样的时刻"
    ),
    "is no number of seconds between +0 and +{}": "不是 +0 至 +{} 之间的秒数",
    "is no number of seconds": "不是秒数",
    "is refused in production": "生产环境不接受",
    "+{} would move the chain back: it runs {} s ahead already": "+{} 会使链倒退：链已提前 {} 秒",
    "{} holds {}, which units and nginx read otherwise": (
        "{} 含有 {}，systemd 和 nginx 会作别的理解"
    ),
    "{} is not UTF-8: name another": "{} 不是 UTF-8：请换一个",
    "{} leaves no room for {} ports": "{} 之后不足 {} 个端口",
    "no {}.x found: run `make setup`, or put it on the PATH": (
        "没有找到 {}.x：请运行 make setup，或放到 PATH 中"
    ),
    "chain {} is for development only": "链 {} 仅供开发使用",
    "is missing in {}": "{} 中没有此项",
    # What the library of settings says.
    "Field required": "必须填写",
    "Extra inputs are not permitted": "没有这个设置",
    "Value error, {}": "{}",
    "Input should be a valid string": "应为文本",
    "Input should be a valid integer": "应为整数",
    "Input should be a valid integer, unable to parse string as an integer": "应为整数",
    "Input should be a valid integer, got a number with a fractional part": "应为整数，不得有小数",
    "Input should be a valid number": "应为数",
    "Input should be a valid number, unable to parse string as a number": "应为数",
    "Input should be a finite number": "应为有限的数",
    "Input should be a valid boolean": "应为 true 或 false",
    "Input should be a valid boolean, unable to interpret input": "应为 true 或 false",
    "Input should be a valid tuple": "应为列表",
    "Input should be a valid list": "应为列表",
    "Input should be a valid dictionary": "应为表",
    "Input should be a valid dictionary or instance of {}": "应为表",
    "Input is not a valid path for <class 'pathlib.Path'>": "应为路径",
    "Input should be a valid date": "应为日期",
    "Input should be a valid date or datetime, {}": "应为日期",
    "Input should be a valid datetime": "应为时刻",
    "Input should be a valid URL, {}": "应为网址",
    "Input should be a valid URL": "应为网址",
    "URL scheme should be {}": "网址应以 {} 开头",
    "Input should be greater than {}": "应大于 {}",
    "Input should be greater than or equal to {}": "不得小于 {}",
    "Input should be less than {}": "应小于 {}",
    "Input should be less than or equal to {}": "不得大于 {}",
    "Input should be {}": "应为 {}",
    "String should match pattern {}": "应符合形式 {}",
    "String should have at least {} characters": "至少 {} 个字符",
    "String should have at least {} character": "至少 {} 个字符",
    "String should have at most {} characters": "至多 {} 个字符",
    "Path does not point to a file": "该路径没有文件",
    "Path does not point to a directory": "该路径不是目录",
}

KEYS: Final[Mapping[str, str]] = {
    "holds a key of purpose {}, not {}": "其中是用途为 {} 的密钥，不是 {}",
    "holds a key of purpose {}": "其中是用途为 {} 的密钥",
    "holds a key of {}": "其中是 {} 密钥",
    "a key of {} cannot be used for {}": "{} 密钥不能用于 {}",
    "is needed to open the keys": "打开密钥时需要",
    "everybody knows this key; production refuses it": "这把密钥人人皆知，生产环境不接受",
    "is not a key that can be registered": "不是可以登记的密钥",
    "a secret of purpose {} is no key pair": "用途为 {} 的秘密不是密钥对",
    "a secret of purpose {} signs nothing": "用途为 {} 的秘密不能签名",
    "empty": "为空",
    "not a key file": "不是密钥文件",
    "purpose or keystore is not what a key file has": "purpose 或 keystore 不是密钥文件应有的",
    "alg does not fit purpose {}": "alg 与用途 {} 不符",
    "address is not that of publicKey": "address 与 publicKey 不符",
    "keyId is not that of publicKey": "keyId 与 publicKey 不符",
    "publicKey is not that of the secret": "publicKey 与秘密不符",
    "holds {} bytes, not {}": "有 {} 字节，应为 {}",
    "not a version 3 keystore with scrypt": "不是使用 scrypt 的第 3 版 keystore",
    "scrypt dklen is not {}": "scrypt dklen 不是 {}",
    "scrypt {} is not 1 to {}": "scrypt {} 不在 1 至 {} 之间",
    "alg, keyId or publicKey: {}": "alg、keyId 或 publicKey：{}",
    "keystore: {}": "keystore：{}",
    "not a private key of its algorithm": "不是该算法的私钥",
    "url or tokenFile is missing": "缺少 url 或 tokenFile",
    "{} has no address": "{} 没有地址",
    "{} does not sign digests": "{} 不签摘要",
    "{}: the token would travel in the clear; use https": "{}：令牌会以明文传送；请使用 https",
    "this content key is in the key folder: nothing is lost": "这把内容密钥在密钥目录中：并未丢失",
    "nothing is sealed under such a content key": "没有内容由这样一把内容密钥封存",
    "a gateway may still seal under it; run `gateway rewrap --new` first": (
        "可能还有网关用它封存；请先运行 gateway rewrap --new"
    ),
    "a secp256k1 key must sign for itself: give its key file": (
        "secp256k1 密钥须自行签名：请给出其密钥文件"
    ),
    "its key is registered already": "其密钥已登记",
    "{} is no old {} key in force": "{} 不是仍有效的旧 {} 密钥",
    "is not the GOVERN key in {}.json": "不是 {}.json 中的 GOVERN 密钥",
    "has no GOVERN key": "没有 GOVERN 密钥",
    "one has no known purpose": "有一把的用途未知",
}

BACKUP: Final[Mapping[str, str]] = {
    "its keys are older than the backup; name the newest backup": (
        "其中的密钥早于备份；请指定最新的备份"
    ),
    "a backup of {}, not of {}": "这是 {} 的备份，不是 {} 的",
    "altered since it was made; take another backup": "制作后被改动；请用另一份备份",
    "has tables of revision {}, this program {}; use its version": (
        "表的版本为 {}，本程序为 {}；请使用相应版本的程序"
    ),
    "is not empty; name a new folder for each backup": "不是空的；每次备份请用新的文件夹",
    "cannot be read; is the backup complete?": "无法读取；备份是否完整？",
    "no manifest of a backup": "没有备份的清单",
    "other rows in {} than were kept": "{} 中的行与所存的不同",
}

NETWORKS: Final[Mapping[str, str]] = {
    # The network file, founding, members.
    "names the network itself": "写的是本网络自己",
    "fewer nodes ({}) than the quorum of {}, which can check nothing: name at least {}, each "
    "of another owner": (
        "节点（{} 个）少于法定节点数 {}，无法核验：请至少列出 {} 个，各属不同的所有者"
    ),
    "{} is not above half of {} nodes, which is for development only ({}=development)": (
        "{} 未超过 {} 个节点的一半，仅供开发使用（{}=development）"
    ),
    "unknown field {}": "有未知的字段 {}",
    "missing in the {}": "{}中没有此项",
    "null": "为 null",
    "not a text of 1 to {} printable characters": "不是 1 至 {} 个可见字符的文本",
    "not an integer from {} to {}": "不是 {} 至 {} 的整数",
    "not of the form {}": "不符合形式 {}",
    "{} is not an integer": "{} 不是整数",
    "rule is none of {}": "rule 不是以下任何一种：{}",
    "not a list of 1 to {} references": "不是 1 至 {} 个引用的列表",
    "ends before it begins": "结束早于开始",
    "its times are no texts": "其时刻不是文本",
    "not a list of 1 to {} URLs": "不是 1 至 {} 个网址的列表",
    "{} and {} are one node": "{} 与 {} 是同一个节点",
    "{} is not an http or https URL": "{} 不是 http 或 https 网址",
    "{} is no instant in UTC": "{} 不是 UTC 时刻",
    "{} is not a URL": "{} 不是网址",
    "{} is no member of this network": "{} 不是本网络的成员",
    "LogAnchor or Catalogue is not registered": "LogAnchor 或 Catalogue 未登记",
    "{} bytes to create {}, and chains take {}: found with fewer keys (GOVERN is enough), "
    "members add the others themselves": (
        "建立 {1} 需 {0} 字节，链只接受 {2}：请以较少的密钥建立（GOVERN 即可），其余由成员自行添加"
    ),
    "{} is at {}, not at {}": "{} 在 {}，不在 {}",
    "{} is another contract": "{} 是另一个合约",
    "sent {} transactions; its number {} made no {}": "已发送 {} 笔交易；其中第 {} 笔没有建立 {}",
    "{} was founded by {}": "{} 由 {} 建立",
    "was founded with another one than planned (compared is the founding, not what was changed "
    "since)": ("建立时与计划不同（所比的是建立之时，不含其后的变更）"),
    "was founded with other {} than planned (compared is the founding, not what was changed "
    "since)": ("建立时的 {} 与计划不同（所比的是建立之时，不含其后的变更）"),
    "acts are carried out by the CaseRegistry, not by this command": (
        "该类事项由 CaseRegistry 执行，不由本命令执行"
    ),
    "belongs to {}: name one with --member": "属于 {}：请用 --member 指定一个",
    "no --member folder holds {} (`consortium keys`)": (
        "--member 所给的文件夹中没有 {}（consortium keys）"
    ),
    "says another code, region or roles than the plan": "所写的代码、地区或角色与计划不同",
    "{} is not in it": "其中没有 {}",
    "{} of {} nodes: name more": "{} 个，共需 {} 个节点：请再列出",
    "{} is not registered": "{} 未登记",
    "{} is not the {} of this network": "{} 不是本网络的 {}",
    "is not {}": "不是 {}",
    "is no code": "不是代码",
    "{} is no code": "{} 不是代码",
    "are no texts": "不是文本",
    "are not 1 to {}": "不是 1 至 {} 个",
    "are not of {}": "不在 {} 之内",
    "is none of {}": "不是以下任何一种：{}",
    "there is none": "没有",
    "is not CODE:REGION:ROLES": "不是“代码:地区:角色”",
    "a code stands there twice": "有代码出现两次",
    "each province needs one of its own": "每个省市须各有一个",
    "must be from {} to {} with {} provinces": "有 {2} 个省市时须在 {0} 至 {1} 之间",
    "is no text": "不是文本",
    "{} has none": "{} 没有",
    "needs a rule of {}": "规则须为以下之一：{}",
    "is not a number from 1 to {}": "不是 1 至 {} 的数",
    "is no text of 1 to {} characters": "不是 1 至 {} 个字符的文本",
    "is for another network": "属于另一个网络",
}

CONFORMANCE: Final[Mapping[str, str]] = {
    # Of files of the conformance suite, and of where they are written.
    "there is something already": "其中已有内容",
    "not {}": "不是 {}",
    "no cases, or a name twice": "没有用例，或名称重复",
    "block {} has two times": "区块 {} 有两个时间",
    "its base has a base": "其基础文件又有基础文件",
}

SYSTEM: Final[Mapping[str, str]] = {
    # Of the operating system and of Python.
    "No such file or directory": "没有这个文件或目录",
    "Permission denied": "没有权限",
    "Is a directory": "是目录，不是文件",
    "Not a directory": "不是目录",
    "File exists": "文件已存在",
    "Address already in use": "端口已被占用",
    "Cannot assign requested address": "本机没有这个地址",
    "No space left on device": "磁盘已满",
    "Read-only file system": "文件系统只读",
    "Too many levels of symbolic links": "符号链接层数过多",
    "File name too long": "文件名过长",
    "Input/output error": "读写错误",
    "[Errno {}] {}": "系统错误 {}：{}",
    "Expecting value: line {} column {} (char {})": "第 {} 行第 {} 列应有一个值（第 {} 个字符）",
    "unexpected end of data: line {} column {} (char {})": (
        "内容不完整，止于第 {} 行第 {} 列（第 {} 个字符）"
    ),
    "unexpected character: line {} column {} (char {})": (
        "第 {} 行第 {} 列有不应有的字符（第 {} 个字符）"
    ),
    "unexpected content after document: line {} column {} (char {})": (
        "第 {} 行第 {} 列之后还有内容（第 {} 个字符）"
    ),
    "{}: line {} column {} (char {})": "JSON 格式有误（{}），在第 {} 行第 {} 列（第 {} 个字符）",
    "{} (at line {}, column {})": "TOML 格式有误（{}），在第 {} 行第 {} 列",
    "{} (at end of document)": "TOML 格式有误（{}），在文件末尾",
    "'utf-8' codec can't decode byte {} in position {}: {}": "不是 UTF-8 编码（位置 {1}）",
    "'utf-8' codec can't decode bytes in position {}: {}": "不是 UTF-8 编码（位置 {0}）",
}

PLACES: Final[Mapping[str, str]] = {
    "authorities": "机关表",
    "authorities, entry {} ({})": "机关表第 {} 条（{}）",
    "authorities, entry {}": "机关表第 {} 条",
    "exceptions": "例外文件",
    "exceptions, entry {} ({})": "例外文件第 {} 条（{}）",
    "exceptions, entry {}": "例外文件第 {} 条",
    "subjects": "主体文件",
    "subjects, entry {} ({})": "主体文件第 {} 条（{}）",
    "subjects, entry {}": "主体文件第 {} 条",
    "{}, name {}": "{}的第 {} 个名称",
    "network file": "网络文件",
    "the network file": "网络文件",
    "key file": "密钥文件",
    "database": "数据库",
    "settings": "设置",
    "password": "口令",
    "key": "密钥",
    "secret": "秘密",
    "day": "日期",
    "instant": "时刻",
    "schema": "数据标准",
    "rules": "规则",
    "rules, row {}": "规则第 {} 行",
    "rules, areas {}": "规则领域表第 {} 项",
}
"""What errors name before the problem: the part of a file where it is."""

TYPES: Final[Mapping[str, str]] = {
    "str": "文本",
    "list": "列表",
    "dict": "对象",
    "int": "整数",
    "bool": " true 或 false",
    "no member": "无人",
    "keys": "密钥",
    "roles": "角色",
}
"""Values that are words."""

PROBLEMS: Final[Mapping[str, str]] = {
    **FILES,
    **OPERATOR,
    **SETTINGS,
    **KEYS,
    **BACKUP,
    **NETWORKS,
    **CONFORMANCE,
    **SYSTEM,
    **MONITORS,
    **MOVES,
}
