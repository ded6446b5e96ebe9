"""What can be wrong with a file as a whole; single rows are answered, never raised."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.errors import InputError

_RESAVE_ZH = "请用 Excel 或 WPS 打开并另存为 .xlsx（不加密）后重新报送"
_RESAVE_EN = "open it in Excel or WPS, save it as .xlsx without a password and send it again"
_SPLIT_ZH = "请删除多余内容或分成几个文件报送"
_SPLIT_EN = "remove what is not data, or send it as several files"

_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "empty": (
        "schema-invalid",
        "文件是空的",
        "The file is empty",
    ),
    "not-xlsx": (
        "encoding",
        f"不是可读取的 .xlsx 文件，{_RESAVE_ZH}",
        f"This is not a readable .xlsx file; {_RESAVE_EN}",
    ),
    "old-or-protected": (
        "encoding",
        f"这是很旧的工作簿（Excel 95 及以前）或无法识别的旧格式文件，{_RESAVE_ZH}",
        f"This is a very old workbook (Excel 95 and before) or an old file of another kind;"
        f" {_RESAVE_EN}",
    ),
    "protected": (
        "encoding",
        f"这是有密码的工作簿，{_RESAVE_ZH}",
        f"This workbook has a password; {_RESAVE_EN}",
    ),
    "other-workbook": (
        "encoding",
        f"这是 .ods 或 .xlsb 等其他格式的工作簿，{_RESAVE_ZH}",
        f"This is a workbook of another format, such as .ods or .xlsb; {_RESAVE_EN}",
    ),
    "web-page": (
        "encoding",
        f"这是网页或 XML 文件（即使扩展名是 .xls），{_RESAVE_ZH}",
        f"This is a web page or XML, even if it is called .xls; {_RESAVE_EN}",
    ),
    "no-table": (
        "encoding",
        "这是文字文档、PDF、图片或演示文稿，不是表格；请把内容填入标准模板（.xlsx）后报送",
        "This is a text document, a PDF, a picture or slides, no table; fill in the template"
        " (.xlsx) and send that",
    ),
    "packed": (
        "encoding",
        "这是压缩包，请解压后逐个报送其中的文件",
        "This is a packed archive; unpack it and send the files in it one by one",
    ),
    "xml-hostile": (
        "encoding",
        f"工作簿内含实体、文档类型声明或非 UTF-8 的 XML，{_RESAVE_ZH}",
        f"The workbook holds XML entities, a document type or XML that is not UTF-8; {_RESAVE_EN}",
    ),
    "inflated": (
        "too-large",
        f"工作簿解压后过大，{_SPLIT_ZH}",
        f"The workbook is too large once unpacked; {_SPLIT_EN}",
    ),
    "dimensions": (
        "too-large",
        f"工作表的行数或列数过多，{_SPLIT_ZH}",
        f"A sheet has too many rows or columns; {_SPLIT_EN}",
    ),
    "text-encoding": (
        "encoding",
        "文本编码不是 UTF-8、GB18030 或带 BOM 的 UTF-16，请另存为 UTF-8 后重新报送",
        "The text is not UTF-8, GB18030 or UTF-16 with a byte order mark; save it as UTF-8",
    ),
    "header-missing": (
        "schema-invalid",
        "前十行中没有找到表头：表头须至少含三个标准列名（中文名或代码），请按标准模板填写后重新报送",
        "No header in the first ten rows: a header names at least three columns of the standard,"
        " in Chinese or by code; use the template and send it again",
    ),
    "header-ambiguous": (
        "schema-invalid",
        "表头同时符合几种记录类型，请在报送时指定 type",
        "The header fits several record types; name the type when you send it",
    ),
    "type-unknown": (
        "type-not-in-catalogue",
        "没有这种记录类型，请核对 type",
        "There is no such record type; check `type`",
    ),
    "subjects-columns-missing": (
        "schema-invalid",
        "前十行内没有含“统一社会信用代码”列的表头，也不是一列代码，请补上后重发",
        "No header in the first ten rows that names the codes (统一社会信用代码 or CODE), nor a"
        " bare list of codes; add it and send the table again",
    ),
    "feedback-columns-missing": (
        "schema-invalid",
        "前十行内没有含“查询登记编号”“日期”“措施”的表头（另有“事项”“结果”），请补上后重发",
        "No header in the first ten rows that names QUERY, DAY and MEASURE (MATTER, RESULT beside"
        " them); add it and send the table again",
    ),
    "columns-missing": (
        "schema-invalid",
        "前十行中没有找到含“文书号”和至少另一列（机关代码、主体代码、日期、原因等）的表头，请补上表头后重新发送",
        "No header in the first ten rows that names the document number (文书号) and another column"
        " (authority, subject, date, reason …); add it and send the table again",
    ),
    "too-much-asked": (
        "too-large",
        "没有指明类型或机关的行过多，请补上“类型”列和“机关代码”列，或分成几个文件重新发送",
        "Too many rows name no type or no authority; add the columns 类型 (type) and 机关代码"
        " (authority), or send it as several files",
    ),
    "too-many-units": (
        "too-large",
        "表中的机关过多，请按机关分成几个文件重新发送",
        "The table names too many authorities; send it as several files, by authority",
    ),
    "no-rows": (
        "schema-invalid",
        "文件中没有数据行",
        "The file holds no rows",
    ),
    "json-malformed": (
        "schema-invalid",
        "不是合法的 JSON，请检查引号、逗号和嵌套，同一名称不得出现两次",
        "This is not valid JSON; check quotes, commas and nesting, and that no key occurs twice",
    ),
    "too-much-memory": (
        "too-large",
        f"读取此文件所需内存超出上限，{_SPLIT_ZH}",
        f"Reading this file takes more memory than allowed; {_SPLIT_EN}",
    ),
    "too-much-time": (
        "too-large",
        f"读取此文件所需时间超出上限，{_SPLIT_ZH}",
        f"Reading this file takes more time than allowed; {_SPLIT_EN}",
    ),
    "set-aside": (
        "schema-invalid",
        "多次处理未能完成，文件已搁置，内容仍予保留；已答复的行不受影响，请联系运维重试，或分成几个文件"
        "重新报送",
        "Processing failed several times; the file was set aside and its content is kept. Answered"
        " rows stand. Have the operator retry it, or send it as several files",
    ),
    "dropped": (
        "schema-invalid",
        "运维已放弃处理此文件并删除其内容；已答复的行不受影响，其余请重新报送",
        "The operator gave this file up and deleted its content. Answered rows stand; send the"
        " others again",
    ),
}


class FileFault(InputError):
    """The file, or one sheet of it, cannot be read. name: a key of `_TEXTS`."""

    def __init__(self, name: str) -> None:
        code, zh, en = _TEXTS[name]
        super().__init__(None, code, {"zh": zh, "en": en})
        self.name = name

    def __reduce__(self) -> tuple[type[FileFault], tuple[str]]:
        return FileFault, (self.name,)  # it comes from the process that reads the file
