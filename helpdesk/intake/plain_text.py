"""Plain text that is not quite plain: flowed lines, markup of another age, files written into it."""

import binascii
import re
from io import BytesIO

from helpdesk.desk.attachments import Upload

MOST_FILES_IN_TEXT = 20
_UU = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`][ -~]{0,85}\n){1,})(?:[` ]?\n)?end[ \t]*$", re.MULTILINE
)
_QUOTED = re.compile(r"^>+")


def unflowed(text: str, delsp: bool = False) -> str:
    """RFC 3676: a line that ends with a space goes on in the next one of the same depth of quoting.
    `delsp`: that space is no part of the text."""
    out: list[list[str]] = []  # of each line its pieces
    flows, last_depth = False, -1
    for line in text.split("\n"):
        quoted = _QUOTED.match(line)
        depth = quoted.end() if quoted else 0
        said = line[depth:]
        said = said[1:] if said.startswith(" ") else said  # stuffed
        if flows and depth == last_depth and said != "-- ":
            out[-1].append(said)
        else:
            out.append([f"{'>' * depth} {said}" if depth else said])
        flows = said.endswith(" ") and said != "-- "
        if flows and delsp:
            out[-1][-1] = out[-1][-1][:-1]
        last_depth = depth
    lines = ["".join(pieces) for pieces in out]
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in lines)


def without_markup(text: str) -> str:
    """The words of text/enriched (RFC 1896) and text/richtext."""
    text = re.sub(r"<param>[^<>]{0,500}</param>", "", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"<nl>", "\n\n", text, flags=re.IGNORECASE))
    return (
        re.sub(r"</?[A-Za-z-]{1,60}>", "", text.replace("<<", "\0")).replace("\0", "<").replace("\n\n", "\n")
    )


def take_out_files(text: str) -> tuple[str, list[Upload]]:
    """Files that old programs write into the text (uuencode), as files; a block that is none stays."""
    if "\nend" not in text:
        return text, []
    found: list[Upload] = []

    def replace(match: re.Match[str]) -> str:
        try:
            content = b"".join(binascii.a2b_uu(line) for line in match[2].encode("ascii").splitlines())
        except (binascii.Error, UnicodeEncodeError):
            return match[0]
        found.append(Upload(match[1].strip(), BytesIO(content)))
        return f"[{match[1].strip()}]"

    return _UU.sub(replace, text, MOST_FILES_IN_TEXT), found
