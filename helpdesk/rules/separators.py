"""What mail programs write between a reply and the mail that it quotes, in the languages they speak.

Collected from what Outlook, Gmail, Apple Mail, Thunderbird, Notes, phones and the
Chinese mail programs write.
Everything here looks at single lines, so that a long or hostile mail costs no more than its length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_LINE = 400  # characters; what programs write is shorter
MOST_LINES = 4  # that a program breaks "On ... wrote:" into
_AT_ENDS = " \t\r*_\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

_LABELS = {
    "from": "from von de da van från fra od от від kimden gönderen lähettäjä feladó odesílatel de·la από "
    "expéditeur "
    "remitente mittente absender 发件人 發件人 寄件者 寄件人 从 從 由 自 差出人 送信者 보낸·사람 보낸이 "
    "발신 מאת من",
    "sent": "sent gesendet envoyé enviado enviados enviado·el enviada·em enviada inviato verzonden "
    "skickat sendt "
    "lähetetty "
    "wysłano odesláno odoslané elküldve отправлено надіслано gönderildi gönderme·tarihi στάλθηκε "
    "αποστολή trimis "
    "发送时间 发送日期 發送時間 發送日期 寄件日期 寄件時間 傳送日期 傳送時間 傳送日期/時間 送信日時 "
    "送信日 보낸·날짜 보낸·시간 발신일",
    "date": "date datum fecha data dato päivämäärä dátum дата tarih ημερομηνία 日期 时间 時間 日時 日付 "
    "날짜 תאריך التاريخ",
    "to": "to an à a para aan till til vastaanottaja do komu címzett кому kime προς către destinataire "
    "destinatario "
    "empfänger 收件人 收件者 收信人 至 致 宛先 받는·사람 받는이 수신 אל إلى",
    "cc": "cc kopie copie kopia kopi másolat копия копія bilgi cópia 抄送 副本 副本抄送 同報 참조",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp ämne emne aihe temat předmět "
    "predmet tárgy тема "
    "konu θέμα subiect sujet thema re 主题 主題 主旨 標題 标题 件名 제목 נושא الموضوع",
}
_KIND_OF = {label.replace("·", " "): kind for kind, labels in _LABELS.items() for label in labels.split()}
_FIELD = re.compile(r"[\s*|]{0,8}([^\W\d_][^:：|\t]{0,24}?)[\s*]{0,3}[:：|\t]+(.*)")
_SPACED = re.compile(r"(?<=[\u2e80-\u9fff])\s+(?=[\u2e80-\u9fff])")  # 主 题

_TITLES = (
    "original message|original mail|mail original|ursprüngliche mail|original email|original appointment"
    "|original|reply message"
    "|replied message"
    "|reply to message|ursprüngliche nachricht|originalnachricht|original-nachricht|message d['’]origine"
    "|message original|message initial|mensaje original|messaggio originale|mensagem original"
    "|oorspronkelijk bericht|oorspronkelijke bericht|ursprungligt meddelande|originalmeddelande"
    "|oprindelig meddelelse|original meddelelse|opprinnelig melding|alkuperäinen viesti"
    "|oryginalna wiadomość|wiadomość oryginalna|původní zpráva|pôvodná správa|eredeti üzenet"
    "|исходное сообщение|оригінальне повідомлення|вихідне повідомлення|özgün ileti|orijinal mesaj"
    "|αρχικό μήνυμα|mesaj original|원본 메시지|원본 메일|元のメッセージ|元のメール"
    "|原始邮件|原始郵件|原邮件|原郵件|邮件原件|邮件原文|郵件原文|回复的原邮件|回复的邮件|回复邮件"
    "|原始信件|原信件|原始信息|原始訊息"
)
_RULED_OFF = re.compile(
    rf"[\s*]*(?:[-–—_=]{{2,}}|【)[\s*]*(?:{_TITLES})[\s*]*[:：]?[\s*]*(?:[-–—_=]{{2,}}|】)[\s*]*",
    re.IGNORECASE,
)
_ABOVE_THIS = re.compile(
    r"\W{0,12}(?:please )?(?:(?:type|write|enter) your (?:reply|answer|response)|reply|respond"
    r"|answer) above this line\W{0,12}"
    r"|\W{0,12}(?:bitte )?(?:antworten|schreiben) sie (?:bitte )?(?:oberhalb|über) dieser (?:linie"
    r"|zeile)\W{0,12}"
    r"|\W{0,12}请?在(?:此|这)行(?:以上|之上|上方)(?:回复|答复|填写回复)\W{0,12}",
    re.IGNORECASE,
)
_RULED_WROTE = re.compile(
    r"[-–—_]{3,} ?.{1,200}\b(?:wrote|schrieb|a écrit|escribió|ha scritto) ?: ?[-–—_]{3,}"
)
_FORWARD_TITLES = (
    "forwarded (?:message|mail|email|by\\b.*)|begin forwarded message|weitergeleitete nachricht"
    "|weitergeleitet von\\b.*"
    "|anfang der weitergeleiteten (?:nachricht|e-mail)|message transféré|message réexpédié"
    "|transféré par\\b.*"
    "|début du message (?:transféré|réexpédié)|mensaje reenviado|reenviado por\\b.*"
    "|inicio del mensaje reenviado"
    "|messaggio inoltrato|inizio (?:del )?messaggio inoltrato|mensagem encaminhada"
    "|início da mensagem encaminhada"
    "|doorgestuurd bericht|begin doorgestuurd bericht|vidarebefordrat meddelande"
    "|videresendt (?:meddelelse|melding)"
    "|välitetty viesti|przekazana wiadomość|wiadomość przekazana|přeposlaná zpráva|továbbított üzenet"
    "|пересылаемое сообщение|переслане повідомлення|iletilen ileti|yönlendirilen ileti|προωθημένο μήνυμα"
    "|転送(?:された)?(?:メッセージ|メール)|以下は転送されたメッセージです|전달된 메시지|전달된 메일"
    "|转发的?(?:邮件|郵件|消息|信息|邮件信息)|轉寄的?(?:郵件|信件|訊息)|轉發的?(?:郵件|信件|訊息)"
    "|被转发的?邮件|(?:以下是|开始|開始)?(?:转发|轉寄|轉發)的?(?:邮件|郵件)"
)
_FORWARDED = re.compile(rf"[-–—_=\s*]*(?:{_FORWARD_TITLES})\s*[:：]?[-–—_=\s*]*", re.IGNORECASE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|schrieben|a écrit|écrivait|escribió|ha scritto|scrisse|escreveu|schreef"
    r"|skrev|kirjoitti"
    r"|napisał|napsal|napísal|írta|a scris|написал|пишет|пише|написав|yazdı|έγραψε|đã viết|menulis"
    r"|va escriure)"
    r"|写道|寫道|写到|寫到|编写|撰写|님이 작성|작성\s*:|のメール|書きました|さんは|כתב|كتب|เขียนว่า",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:on|at|am|um|le|el|il|op|em|den|dne|dnia|w dniu|in a message|în|στις|pada|vào|quoting|zitat von"
    r"|в|на|在|於"
    r"|\d{1,4}[./年-]|[(（]?\d{4}|[^\W\d]{1,12}[.,]{1,2} )",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.：时時h]\s?\d{2}|\d{1,2}\s?[ap]\.?m\b|[上下]午", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_ENDS_WITH_ADDRESS = re.compile(r"@[^\s<>@]+[>)\]]?[:：]$")
_ONLY_DECORATION = re.compile(
    rf"[\s|*]*(?:[-–—_=*]{{3,}}|<?[^\s<>@]+@[^\s<>@]+>?|{_TITLES})?[\s|*]*", re.IGNORECASE
)
_QUOTED = re.compile(r"[ \t]?[>＞]")


@dataclass(frozen=True)
class Separator:
    """`first` and `after`: the half-open range of line numbers that the program wrote. `is_certain`: nobody
    writes so by hand; `is_doubtful`: forms on the web write so as well, so it counts in replies alone;
    `is_forward`: what follows is what the sender wants to show."""

    first: int
    after: int
    is_certain: bool = False
    is_doubtful: bool = False
    is_forward: bool = False


def is_quoted(line: str) -> bool:
    """Whether a line is marked as quoted."""
    return _QUOTED.match(line) is not None


def separators(lines: Sequence[str]) -> list[Separator]:
    """What stands between a mail's own words and others', from the top; lines that are quoted themselves
    hold none."""
    found: list[Separator] = []
    at = 0
    while at < len(lines):
        one = None if is_quoted(lines[at]) or not lines[at].strip() else _separator_at(lines, at)
        if one:
            found.append(one)
        at = max(at + 1, one.after if one else 0)
    return found


def _separator_at(lines: Sequence[str], at: int) -> Separator | None:
    line = lines[at]
    if len(line) > LONGEST_LINE:
        return None
    if _FORWARDED.fullmatch(line):
        return Separator(_with_decoration(lines, at), at + 1, is_certain=True, is_forward=True)
    if _RULED_OFF.fullmatch(line):
        below = next((n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()), at + 1)
        block = _block_after(lines, below, {"from", "subject", "date", "to"})
        return Separator(_with_decoration(lines, at), block[0] if block else at + 1, is_certain=True)
    if _ABOVE_THIS.fullmatch(line) or _RULED_WROTE.fullmatch(line):
        return Separator(_with_decoration(lines, at), at + 1, is_certain=True)
    return _header_block(lines, at) or _attribution(lines, at) or _notes_table(lines, at)


def _kind(line: str) -> tuple[str, str] | None:
    """The kind of a header's label and its value."""
    field = _FIELD.match(line[:LONGEST_LINE])
    label = _SPACED.sub("", " ".join(field[1].split())).lower() if field else ""
    kind = _KIND_OF.get(label) or _KIND_OF.get(label.replace(" ", ""))
    return (kind, field[2]) if field and kind else None


def _block_after(lines: Sequence[str], at: int, first: set[str]) -> tuple[int, dict[str, str]] | None:
    """The header lines from here, if they begin with one of these kinds: where they end, and what they say.

    Between them may stand one empty line, and the rest of a long list of addresses.
    """
    said: dict[str, str] = {}
    after, loose = at, 0
    for number in range(at, min(at + 24, len(lines))):
        found = _kind(lines[number])
        if not said and (found is None or found[0] not in first):
            return None
        if found and found[0] not in said:
            said[found[0]] = found[1]
            after, loose = number + 1, 0
        elif "subject" in said or loose > (4 if "@" in lines[number] else 0):
            break
        else:
            loose += 1
    return (after, said) if said else None


def _header_block(lines: Sequence[str], at: int) -> Separator | None:
    """Outlook's block, mostly with the sender first. "From: Berlin, To: Rome" has neither a subject, nor the
    word that only mail programs use, nor an address."""
    block = _block_after(lines, at, {"from", "sent", "date", "subject"})
    if block is None:
        return None
    after, said = block
    if "from" not in said or len(said) < (2 if _kind(lines[at]) == ("from", said["from"]) else 4):
        return None
    has_address = any(_ADDRESS.search(said.get(kind, "")) for kind in ("from", "to"))
    if not ("subject" in said or "sent" in said or has_address):
        return None
    first = _with_decoration(lines, at)
    is_certain = len(said) > 2 and "subject" in said
    is_bare = not any(line.strip() for line in lines[first:at])
    return Separator(first, after, is_certain, is_doubtful=is_bare and "sent" not in said)


def _attribution(lines: Sequence[str], at: int) -> Separator | None:
    """ "On Monday Ana wrote:", known by its last line; nearly every program ends it with a colon."""
    if not lines[at].rstrip(_AT_ENDS).endswith((":", "：")):
        return None
    below = next((line for line in lines[at + 1 : at + 4] if line.strip()), "")
    is_marked = is_quoted(below)
    enough = None
    for first in range(at, max(at - MOST_LINES, -1), -1):
        if not lines[first].strip() or is_quoted(lines[first]):
            break
        said = " ".join(line.strip() for line in lines[first : at + 1]).rstrip(_AT_ENDS)
        if len(said) > LONGEST_LINE:
            break
        if not _introduces(said, is_marked):
            continue
        enough = first if enough is None else enough
        if _TIME.search(said) and first == at:
            break
        if _BEGINS.match(lines[first].lstrip(_AT_ENDS)):
            enough = first
            break
    return Separator(enough, at + 1, is_certain=is_marked) if enough is not None else None


def _introduces(said: str, is_marked: bool) -> bool:
    """Whether the line above a quotation says whose it is. Where that is not marked with ">", people
    write so themselves ("On Monday the shop wrote:"): then it must say an hour or an address."""
    has_digit = any(letter.isdigit() for letter in said)
    if not (has_digit or is_marked):
        return False
    wrote = _WROTE.search(said) is not None
    has_address = _ADDRESS.search(said) is not None
    if is_marked:
        return wrote or (has_digit and has_address) or _ENDS_WITH_ADDRESS.search(said) is not None
    has_time = _TIME.search(said) is not None
    return (wrote and (has_address or has_time)) or (has_time and _ENDS_WITH_ADDRESS.search(said) is not None)


def _notes_table(lines: Sequence[str], at: int) -> Separator | None:
    """The table of old Notes: names on the left; "To", "cc" and "Subject" at the right, each on its "
    "line."""
    if not lines[at][:8].isspace():
        return None
    after = at
    for words in (("To", "An", "A", "Pour"), ("cc", "CC", "Kopie"), ("Subject", "Thema", "Objet")):
        found = (
            n
            for n in range(after, min(after + 7, len(lines)))
            if lines[n][:8].isspace() and lines[n].split()[-1:] and lines[n].split()[-1] in words
        )
        after = next(found, -1) + 1
        if not after:
            return None
    first = at
    while first and (not lines[first - 1].strip() or lines[first - 1][:8].isspace()):
        first -= 1
    return Separator(first, after, is_certain=True)


def _with_decoration(lines: Sequence[str], at: int) -> int:
    """Up to where a rule, or the address alone that Foxmail signs with, belongs to the separator below "
    "it."""
    first = at
    while first and at - first < 6 and _ONLY_DECORATION.fullmatch(lines[first - 1]):
        first -= 1
    while first < at and "@" in lines[first] and first and lines[first - 1].strip():
        first += 1
    return first
