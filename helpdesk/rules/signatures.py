"""Where a mail's signature begins: what its program, its writer's card or its company adds to every "
"mail."""

import re
from collections.abc import Sequence

LONGEST_SIGNATURE = 25  # lines, after "-- " (RFC 3676 4.3)
LONGEST_LOOSE = 12  # lines, after what only looks like a signature's beginning

_DEVICES = (
    r"i ?phone|i ?pad|i ?pod|android|galaxy|samsung|huawei|xiaomi|redmi|oppo|vivo|honor|oneplus|pixel"
    r"|nokia|sony|motorola"
    r"|blackberry|windows|outlook|yahoo|mail|gmail|proton|gmx|web\.de|t-online|mobil|mobile|handy"
    r"|smartphone|tablet|phone"
    r"|telefon|téléphone|móvil|cellulare|telemóvel|mobiel|spark|thunderbird|workspace"
)
_APPS = (
    "手机|手機|平板|电脑|電腦|客户端|邮箱大师|邮箱|郵箱|邮件|郵件|安卓|华为|華為|小米|荣耀|iphone|ipad"
    "|android|outlook|foxmail"
    "|mail|mac|windows"
)
_LINK = re.compile(r"\s?[<(]https?:[^\s<>)]+[>)]")
_PLAIN = r"[^.,;:!?，。；：！？\n]"
_FOOTERS = re.compile(
    rf"(?:(?:sent|written|typed|composed) (?:from|with|via|using|on)|gesendet (?:von|mit|über|aus)"
    rf"|envoyé (?:de|avec|via|à)"
    rf"|enviado (?:desde|do|de|da|a|con|com|via)|inviat[oa] (?:da|dal|dall['’]|con)|(?:verstuurd"
    rf"|verzonden) (?:vanaf|met|via)"
    rf"|skickat från|sendt fra|lähetetty|wysłan[eo] z|odesláno z|отправлено (?:с|из)|надіслано (?:з|із))"
    rf"\b{_PLAIN}{{0,50}}\b(?:{_DEVICES})\b{_PLAIN}{{0,60}}[.]?(?:\s*[(<]?https?:\S+)?"
    rf"(?:[,.;–-]+ ?(?:so |bitte )?(?:please |pls )?(?:excuse|pardon|forgive|sorry|apologi|tippfehler"
    rf"|entschuldig)[^?？]{{0,80}})?"
    rf"|(?:(?:diese|die) (?:nachricht|e-?mail"
    rf"|mail) wurde )?von {_PLAIN}{{0,40}}\b(?:{_DEVICES})\b{_PLAIN}{{0,60}}gesendet[.]?"
    rf"|(?:my |mon |il mio )?(?:{_DEVICES}) ?(?:から送信|에서 보냄"
    rf"|(?:['’]?\w{{0,4}} )?(?:tarafından )?gönderildi)"
    rf"|(?:나의|내) ?{_PLAIN}{{0,20}}에서 (?:보냄|전송)"
    r"|(?:get|obtenez|obtener|obtenga|holen sie sich|laden sie|scarica|ottieni|obtenha|download|hämta"
    r"|hent|获取|下载|取得)"
    r" .{0,12}\boutlook\b.{0,160}|outlook (?:for|für|pour|para|per) (?:ios|android|mac)\b.{0,120}"
    r"|(?:this (?:e-?mail|message) has been |diese e-?mail wurde )?.{0,40}(?:checked for viruses"
    r"|auf viren geprüft).{0,120}"
    r"|(?:virus-free|virenfrei|sans virus|libre de virus)[.]? ?(?:<?(?:https?:|www)\S+>?)?"
    r"|(?:please |bitte )?(?:consider|think of|denken sie an) (?:the|die) (?:environment|umwelt)\b.{0,120}"
    r"|(?:发自|發自|来自|來自|传送自|傳送自|发送自"
    r"|發送自) ?(?:我的)? ?[^，。,.！？!?\s]{0,12} ?(?:__APPS__)[A-Za-z0-9 +-]{0,16}"
    r"(?:客户端|用戶端|极速版|手机版|应用)?"
    r"|(?:从|從) ?(?:我的)? ?[^，。,.！？!?\n]{0,16}(?:__APPS__)[A-Za-z0-9 +-]{0,16}上?(?:发送|發送"
    r"|傳送|发出)"
    r"|(?:签名|簽名)由.{0,20}定制".replace("__APPS__", _APPS),
    re.IGNORECASE,
)
_DELIMITER = re.compile(r"--[ \u00a0]?")
_RULE = re.compile(r"[-_=]{20,}")
_OF_A_LIST = re.compile(r"mailing list|listinfo|unsubscribe|abbestellen|désabonner|退订|退訂", re.IGNORECASE)
_THANKFUL = re.compile(
    r"(?:many |kind |best )?thanks(?: (?:and|&) (?:kind |best )?regards)?|thank you|vielen dank|danke"
    r"|merci|gracias|谢谢|謝謝",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:my |our )?(?:(?:very )?best|kind(?:est)?|warm(?:est)?|many|friendly)? ?(?:regards"
    r"|greetings)|rgds"
    r"|best(?: wishes)?|all the best|cheers|(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|br|kr"
    r"|(?:mit |und )?(?:(?:freundlich|herzlich|best|viel|lieb|schön|kollegial)\w* )+(?:grü(?:ß|ss)en?"
    r"|gruß|gruss)"
    r"(?: (?:aus|nach) \w+)?|(?:beste|viele|liebe|schöne) grüße|grüße|gruß|gruss|lg|vg|mfg|bg"
    r"|(?:bien )?(?:cordialement|amicalement)|(?:bien )?à vous|salutations(?: distinguées)?"
    r"|meilleures salutations"
    r"|(?:un )?(?:cordial |afectuoso )?saludos?(?: cordiales)?|atentamente|atte|cordiali saluti"
    r"|distinti saluti|saluti"
    r"|atenciosamente|(?:com os )?(?:melhores )?cumprimentos|abraços?|(?:met )?vriendelijke groet(?:en)?"
    r"|groet(?:en|jes)?|mvg"
    r"|(?:med )?(?:vänliga?|vennlig|venlig|bästa) (?:hälsning(?:ar)?|hilsen)|mvh|z poważaniem|pozdrawiam"
    r"|s pozdravem"
    r"|с уважением|з повагою|saygılarımla|üdvözlettel|此致|此致敬礼|敬礼|祝好|祝您?(?:工作顺利|工作愉快"
    r"|生活愉快|商祺)"
    r"|顺颂(?:商祺|时祺)|順頌商祺|敬上|敬祝|敬颂)"
    r"(?:[ ,，、。.!！~～-]*)",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\b(?:tel|phone|fon|fax|mobile|mobil|cell|handy|telefon|téléphone|tél|tlf|teléfono)\b[.: ]{0,4}[+(]?\d"
    r"|(?:电话|電話|手机|手機|传真|傳真|邮箱|郵箱|地址|邮编)\s?[:：]|[^\s@]@[^\s@]|\bwww\.|https?:"
    r"|\+?\d[\d ()/.-]{6,}\d"
    r"|\b(?:gmbh|ltd|inc|llc|s\.?a\.?r\.?l|ag|kg|co\.)(?!\w)|有限公司|集团|集團",
    re.IGNORECASE,
)
_SAYS_MORE = re.compile(r"[?？。！，]|^\s*(?:p\.? ?p?\.?s\.?|nb|又及|附言)\b", re.IGNORECASE | re.MULTILINE)
_MAIL = re.compile(
    r"e-?mail|message|nachricht|mensaje|messaggio|mensagem|bericht|邮件|郵件|メール|courriel", re.IGNORECASE
)
_CONFIDENTIAL = re.compile(
    r"confiden[tc]ia|privileged|vertraulich|confidentiel|riservat|vertrouwelijk|保密|机密|機密|秘密",
    re.IGNORECASE,
)
_NOT_FOR_YOU = re.compile(
    r"recipient|addressee|in error|delete|empfänger|irrtümlich|vernichten|destinataire|erreur"
    r"|destinatari|suprim|elimin"
    r"|geadresseerde|ontvanger|收件人|收件者|删除|刪除|宛先|受信者",
    re.IGNORECASE,
)


def signature_start(lines: Sequence[str]) -> int:
    """The number of the line where the signature at the end begins; len(lines) where there is none.

    A delimiter of two hyphens is believed for LONGEST_SIGNATURE lines, without its blank for LONGEST_LOOSE.
    A card below a greeting counts only where it holds contact details and neither asks nor adds anything.
    """
    end = _without_footers(lines, len(lines))
    end = _without_list_footer(lines, end)
    end = min(end, _delimiter(lines, end))
    end = _without_disclaimers(lines, end)
    end = min(end, _card(lines, end))
    return _without_footers(lines, end)


def is_closing(line: str) -> bool:
    """Whether the line is only what letters end with: "Kind regards,"."""
    return _CLOSING.fullmatch(line.strip()) is not None


def _without_footers(lines: Sequence[str], end: int) -> int:
    """Before the lines that phones and scanners for viruses add; `end` where there are none."""
    at = end
    while at:
        line = lines[at - 1].strip(" \t\u00a0*_|<>[]")
        if line and not (len(line) <= 300 and _FOOTERS.fullmatch(_LINK.sub("", line))):
            return end
        at -= 1
        if line:
            end = at
    return end


def _without_list_footer(lines: Sequence[str], end: int) -> int:
    """Before the rule and the address for leaving that a mailing list adds."""
    for at in range(max(end - 9, 0), end):
        if _RULE.fullmatch(lines[at].strip()) and _OF_A_LIST.search(" ".join(lines[at:end])):
            return at
    return end


def _delimiter(lines: Sequence[str], end: int) -> int:
    for at in range(end - 1, max(end - 2 - LONGEST_SIGNATURE, -1), -1):
        if _DELIMITER.fullmatch(lines[at]):
            is_loose = lines[at] == "--"
            if is_loose and (end - at > LONGEST_LOOSE + 1 or _says_more(lines[at + 1 : end])):
                return end
            return at
    return end


def _without_disclaimers(lines: Sequence[str], end: int) -> int:
    """Before the paragraphs at the end that forbid strangers to read the mail."""
    while True:
        last = end
        while last and not lines[last - 1].strip():
            last -= 1
        first = last
        while first and lines[first - 1].strip():
            first -= 1
        paragraph = " ".join(lines[first:last])
        if not (
            _MAIL.search(paragraph) and _CONFIDENTIAL.search(paragraph) and _NOT_FOR_YOU.search(paragraph)
        ):
            return end
        end = first


def _card(lines: Sequence[str], end: int) -> int:
    """Where "Kind regards" and a card of contact details begin."""
    filled = 0
    for at in range(end - 1, -1, -1):
        line = lines[at].strip()
        if is_closing(line) or _THANKFUL.fullmatch(line.rstrip(" ,.!，。！")):
            below = lines[at + 1 : end]
            if not any(_CONTACT.search(each) for each in below) or _says_more(below):
                return end
            while at and is_closing(line) and is_closing(lines[at - 1]):
                at -= 1
            return at if is_closing(line) else at + 1
        filled += bool(line)
        if filled > LONGEST_LOOSE or len(line) > 120:
            break
    return end


def _says_more(lines: Sequence[str]) -> bool:
    """Whether a seeming card asks, adds or tells something: four words in lower case make a sentence."""
    return _SAYS_MORE.search("\n".join(lines)) is not None or any(
        sum(word[0].islower() for word in line.split()) >= 4 and "|" not in line for line in lines
    )
