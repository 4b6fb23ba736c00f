"""Workbooks (XLSX, ECMA-376) of any length, written row by row into the compressed file: whatever their size,
memory holds one row. Numbers and instants are such, texts are texts, and nothing is taken for a formula."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Self, TypeAlias
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

Cell: TypeAlias = str | int | float | date | datetime | None
MOST_ROWS = 1_048_576  # of a sheet, its heading included
LONGEST_TEXT = 32_767  # characters of a cell
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no zones
_PLAIN, _HEAD, _INSTANT, _DAY, _QUOTED = range(5)  # numbers of _STYLES' cellXfs
# What XML cannot hold.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SCHEMAS = "http://schemas.openxmlformats.org"
_MAIN = f"{_SCHEMAS}/spreadsheetml/2006/main"
_OFFICE = f"{_SCHEMAS}/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
_PANE = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class Workbook:
    """A workbook that is being written into a file; at the end of its `with` block it is whole, unless that
    ends with a fault."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=5)
        self._sheets: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, fault: type[BaseException] | None, *_more: object) -> None:
        if fault is None:
            self._name_sheets()
        self._zip.close()

    def table(
        self,
        name: str,
        columns: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Cell]],
        most_rows: int = MOST_ROWS,
    ) -> None:
        """Writes a table with its heading; what one sheet cannot hold stands on further ones, "NAME 2" and so
        on, each with the heading. `widths` in characters."""
        left = iter(rows)
        letters = [_letter(number) for number in range(len(columns))]
        heading = "".join(_cell(letters[n], 1, column, _HEAD) for n, column in enumerate(columns))
        number, row = 0, next(left, None)
        while row is not None or not number:
            number += 1
            with self._sheet(name if number == 1 else f"{name[:27]} {number}", widths) as sheet:
                sheet.write(f'<row r="1">{heading}</row>'.encode())
                at = 2
                while row is not None and at <= most_rows:
                    cells = [_cell(letters[n], at, value) for n, value in enumerate(row) if value is not None]
                    sheet.write(f'<row r="{at}">{"".join(cells)}</row>'.encode())
                    at, row = at + 1, next(left, None)

    @contextmanager
    def _sheet(self, name: str, widths: Sequence[int]) -> Iterator[IO[bytes]]:
        self._sheets.append(_NOT_IN_NAMES.sub(" ", name)[:31].strip("' ") or "Helpdesk")
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
        )
        with self._zip.open(f"xl/worksheets/sheet{len(self._sheets)}.xml", "w", force_zip64=True) as sheet:
            views = f'<sheetViews><sheetView workbookViewId="0">{_PANE}</sheetView></sheetViews>'
            begin = f'{_XML}<worksheet xmlns="{_MAIN}">{views}<cols>{columns}</cols><sheetData>'
            sheet.write(begin.encode())
            yield sheet
            sheet.write(b"</sheetData></worksheet>")

    def _name_sheets(self) -> None:
        named = list(enumerate(self._sheets, 1))
        sheets = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in named)
        sheets = f"<sheets>{sheets}</sheets>"
        related = [_relation(n, "worksheet", f"worksheets/sheet{n}.xml") for n, _name in named]
        styles = _relation(len(named) + 1, "styles", "styles.xml")
        parts = {
            "[Content_Types].xml": _types(len(named)),
            "_rels/.rels": _relations([_relation(1, "officeDocument", "xl/workbook.xml")]),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>',
            "xl/_rels/workbook.xml.rels": _relations([*related, styles]),
            "xl/styles.xml": _STYLES,
        }
        for path, text in parts.items():
            self._zip.writestr(path, _XML + text)


def _types(sheets: int) -> str:
    kinds = {"workbook": "sheet.main", "styles": "styles"}
    kinds |= {f"worksheets/sheet{n}": "worksheet" for n in range(1, sheets + 1)}
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_KIND}.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    return (
        f'<Types xmlns="{_SCHEMAS}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{_RELATIONS}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(found: Sequence[str]) -> str:
    return f'<Relationships xmlns="{_SCHEMAS}/package/2006/relationships">{"".join(found)}</Relationships>'


def _cell(letter: str, row: int, value: Cell, style: int = _PLAIN) -> str:
    if isinstance(value, str):
        text = escape(ILLEGAL.sub("", value)[:LONGEST_TEXT])
        # It stays a text when somebody edits it.
        number = style or (_QUOTED if text.startswith(_FORMULA) else _PLAIN)
        inside = f'<is><t xml:space="preserve">{text}</t></is>'
        return f'<c r="{letter}{row}" s="{number}" t="inlineStr">{inside}</c>'
    if isinstance(value, datetime):
        number, said = _INSTANT, _serial(value)
    elif isinstance(value, date):
        number, said = _DAY, f"{(value - EPOCH.date()).days}"
    else:
        number, said = style, repr(value)
    return f'<c r="{letter}{row}" s="{number}"><v>{said}</v></c>'


def _serial(at: datetime) -> str:
    """What a spreadsheet counts: days since its epoch. Of a naive local time: it knows no zones."""
    passed = at - EPOCH
    return f"{passed.days + passed.seconds / 86400:.8f}"


def _letter(number: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    first, last = divmod(number, 26)
    return (_letter(first - 1) if first else "") + chr(65 + last)
