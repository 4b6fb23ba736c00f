"""A table of people, departments, locations or services: which column is what, and what its cells mean."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

FIELDS: Mapping[str, tuple[str, ...]] = {
    "people": (
        *("name", "first_name", "last_name", "email", "staff_number", "department", "location", "phone"),
        *("locale", "zone", "external_id", "role"),
    ),
    "departments": ("name", "parent"),
    "locations": ("name", "address"),
    "services": ("name", "description", "team", "owner", "is_core", "is_restricted"),
}
# Rights are given on purpose: somebody says which column gives them.
NEVER_GUESSED = frozenset({"role"})
_HEADING_WITHIN = 10  # lines
_HEADINGS: Mapping[str, str] = {
    "name": "name, full name, display name, person, employee, department, location, site, building,"
    " service, 姓名, 名字, 名称, 名稱, 员工, 員工, 员工姓名, 員工姓名, 部门, 部門, 部门名称,"
    " 部門名稱, 地点, 地點, 办公地点, 辦公地點, 服务, 服務, 服务名称, 服務名稱",
    "first_name": "first name, given name, forename, 名",
    "last_name": "last name, surname, family name, 姓, 姓氏",
    "email": "mail, email, mail address, email address, e-mail, e-mail address, 邮箱, 郵箱, 电子邮件,"
    " 電子郵件, 邮件, 郵件, 邮件地址, 電郵, 电邮, 邮箱地址, 電子郵件地址, 电子邮件地址, 電郵地址",
    "staff_number": "staff number, staff no, employee number, employee no, employee id, personnel number,"
    " staff id, number, 工号, 工號, 员工编号, 員工編號, 员工号, 員工號, 编号, 編號,"
    " 人员编号",
    "department": "department, dept, division, unit, organisation unit, organizational unit, 部门, 部門,"
    " 所属部门, 所屬部門, 单位, 單位, 科室, 处室",
    "location": "location, site, building, office, room, place, 地点, 地點, 办公地点, 辦公地點, 位置, 楼,"
    " 大楼, 大樓",
    "phone": "phone, telephone, phone number, mobile, tel, extension, 电话, 電話, 手机, 手機, 联系电话,"
    " 聯絡電話, 电话号码, 電話號碼, 手机号, 分机, 分機",
    "locale": "language, locale, 语言, 語言",
    "zone": "time zone, timezone, zone, 时区, 時區",
    "external_id": "external id, id elsewhere, directory id, object id, 外部编号, 外部編號, 目录编号,"
    " 外部标识, 外部識別碼",
    "role": "role, 角色",
    "parent": "parent, belongs to, part of, parent department, above, 上级, 上級, 上级部门, 上級部門,"
    " 属于, 屬於, 隶属, 隶属于, 隸屬於",
    "address": "address, street, 地址, 位址",
    "description": "description, what it is, 描述, 说明, 說明, 服务说明",
    "team": "team, support team, group, 团队, 團隊, 小组, 小組, 支持团队, 负责团队",
    "owner": "owner, service owner, 负责人, 負責人, 服务负责人",
    "is_core": "core, is core, critical, 核心, 核心服务",
    "is_restricted": "restricted, is restricted, confidential, 受限, 限制, 保密",
}
_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "bool": {
        "yes": "yes, y, true, 1, x, on, core, restricted, 是, 有, ✓, ✔",
        "no": "no, n, false, 0, off, -, 否, 无, 無",
    },
    "role": {
        "reporter": "reporter, 报告人, 報告人, 用户, 使用者",
        "agent": "agent, 坐席, 客服, 处理人, 處理人",
        "lead": "lead, team lead, 组长, 組長, 主管",
        "manager": "manager, 经理, 經理",
        "administrator": "administrator, admin, 管理员, 管理員",
        "auditor": "auditor, 审计, 審計, 审计员, 稽核",
    },
    "locale": {
        "en": "en, en-gb, en-us, english, 英文, 英语, 英語",
        "zh_Hans": "zh, zh-cn, zh-hans, zh-sg, simplified chinese, chinese, 简体中文, 简体, 中文, 簡體中文",
        "zh_Hant": "zh-tw, zh-hk, zh-hant, traditional chinese, 繁體中文, 繁体中文, 繁體, 繁体",
    },
}
_NOT_A_WORD = re.compile(r"[\W_]+")
_BELOW = re.compile(r"\s*[/>›＞／\\]\s*")
_HAN = re.compile(r"[\u3400-\u9fff]")


def heading_of(rows: Sequence[Sequence[str]], what: str) -> int | None:
    """Which line (from 0) names the columns: of the first ten the one with most names that are known, else
    the first that is not empty. None: there is none."""
    known = [sum(1 for field in guess(row, what) if field) for row in rows[:_HEADING_WITHIN]]
    most = max(known, default=0)
    if most:
        return known.index(most)
    return next((n for n, row in enumerate(rows) if any(cell.strip() for cell in row)), None)


def guess(headings: Sequence[str], what: str) -> list[str]:
    """Which field each column seems to be, each once; "" for one that is not looked at."""
    found: list[str] = []
    for heading in headings:
        meant = _KNOWN.get(_key(heading), ())
        wanted = (each for each in FIELDS[what] if each in meant and each not in NEVER_GUESSED)
        # "Department" is the name of one in a table of departments, and another column in one of people.
        likely = sorted(wanted, key=lambda field: field == "name" and what == "people")
        found.append(next((field for field in likely if field not in found), ""))
    return found


def full_name(first: str, last: str) -> str:
    """A name of its two parts, in the order in which it is written."""
    return last + first if _HAN.search(last) else f"{first} {last}".strip()


def meaning_of(kind: str, text: str) -> str:
    """What a cell means by the words of its kind (bool: yes or no; role; locale); the text itself where that
    is not known."""
    return _MEANT[kind].get(_key(text), text)


def path_of(text: str, known: Collection[str]) -> tuple[str, ...]:
    """A department with those above it, the uppermost first: "Works / Hall 2", "总公司>销售部". A text that
    is a `known` name is that name, whatever stands in it."""
    whole = " ".join(text.split())
    return (whole,) if whole in known else tuple(filter(None, _BELOW.split(whole)))


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_A_WORD.sub("", folded) or folded.strip()


def _by_key(words: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for meaning, several in words.items():
        for word in several.split(","):
            found[_key(word)] = (*found.get(_key(word), ()), meaning)
    return found


_KNOWN = _by_key(_HEADINGS)
_MEANT = {kind: {key: found[0] for key, found in _by_key(words).items()} for kind, words in _MEANINGS.items()}
