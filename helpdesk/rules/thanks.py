"""Whether an answer to a resolved ticket is only thanks, so that it need not be opened again.

Every word must be known to be harmless: thanks, praise, "it works now", a greeting, a name. One that is not
known may be a complaint, and then the ticket reopens.
"""

import re

from helpdesk.rules.signatures import is_closing

LONGEST_THANKS = 300  # characters

# Never harmless, not even where a name or the name of a thing may stand.
_DOUBT = (
    r"(?:not|no|nor|never|none|still|again|but|however|except|yet|only|hardly|barely|rarely|sometimes"
    r"|almost|until|unless|nope|broken?|breaks|fail\w*|errors?|wrong|worse|slow\w*|dead|down|crash\w*"
    r"|problem\w*|issues?|unfortunately|stopped|please|when|why|how|what|which|nicht|nichts|kein\w*|nie"
    r"|noch|aber|wieder|leider|defekt|kaputt|fehler\w*|bitte|immer|trotzdem|statt|pas|mais|encore"
    r"|toujours|jamais|rien|no|pero|todavía|aún|sigue|nunca|non|ma|ancora|mai|não|mas|ainda|niet|maar"
    r"|nog|inte|ikke|men|nie|ale|не|но|нет|опять|снова|всё|değil|ama|hata)"
)
_THING = rf"(?:(?!{_DOUBT}\b)[^\W\d_][\w-]*\s+){{1,3}}?"
_EN = (
    r"(?:good|great|nice|excellent|super|amazing) (?:job|work)|(?:it |this |that |you )?(?:has "
    r"|have )?(?:solved|fixed|sorted) (?:it|this|that)|(?:many |so many |big |huge |very many |kind "
    r"|best )?(?:thanks|thx|thks|tks|ty|cheers)(?: again| also| as well| too| guys| all| everyone"
    r"| everybody| team| folks)?(?: so much| very much| a lot| a million| a bunch| tons)?|(?:i "
    r"|we )?(?:do |really |just want to |wanted to |would like to |'d like to )*(?:say "
    r"|give )?(?:a )?(?:big )?thank(?:ing)? you(?: all| both| guys| again| too| everyone"
    r"| team)?(?: so much| very much| a lot| kindly| indeed)?|(?:it |this |that |all |everything |now "
    r"|already |yes,? ?)*(?:all )?(?:just )?(?:(?:is |'s |are |has been |have been |was |seems to be "
    r"|looks |got )?(?:now |all )?(?:working|fixed|solved|resolved|sorted(?: out)?|ok|okay|fine|good"
    r"|perfect|done|great|(?:back )?up and running|back (?:online|to normal|in service)|settled|clear"
    r"|in order)|works?|worked|functions|runs|helped|solved it|fixed it|did it|did the trick)(?: (?:now"
    r"|again|fine|well|perfectly|great|for me|for us|as expected|like a charm|as it should|as before"
    r"|beautifully|ok|okay|here|today|out|properly|normally|smoothly|correctly|wonderfully))*"
    rf"|(?:the|my|our|your) {_THING}(?:works?|worked|(?:is|are|has been|have been|was)(?: now"
    rf"| all)? (?:working|fixed|solved|resolved|ok|okay|fine|online|(?:back )?up and running"
    rf"|back (?:online|to normal|in service)|repaired|done|great)|prints?|runs|helped|did it"
    rf"|did the trick)(?: (?:now|again|fine|well|perfectly|great|for me|for us|as expected|like a charm"
    rf"|properly|normally|smoothly))*|(?:the |my |our )?(?:problem|issue|error|case|matter"
    rf"|ticket) (?:(?:is|was|has been|seems)(?: now| to be)? )?(?:solved|fixed|resolved|gone"
    rf"|sorted(?: out)?|settled|closed)(?: now)?|(?:i |we )?(?:can|am able to"
    rf"|are able to)(?: now)? (?:print|log ?in|log on|sign in|connect|access it|open it|work|see it"
    rf"|use it|send|receive|send mails?)(?: (?:again|now|fine))+|no (?:more |further )?(?:problems?"
    rf"|issues?|questions?|complaints|action needed|worries)(?: (?:any ?more|now|so far|left))?"
    rf"|no need to (?:reply|answer|respond)|(?:please |you can |you may "
    rf"|feel free to )(?:now )?close (?:it|this|that|the (?:ticket|case|request|issue))(?: now)?|(?:this"
    rf"|the) (?:ticket|case|request) (?:can|may) be closed(?: now)?|(?:i"
    rf"|we)(?: can)? (?:hereby )?confirm(?: that| this)?|confirmed|have an? (?:nice|great|good|lovely"
    rf"|wonderful) (?:day|evening|weekend|week|one|time|holiday|afternoon)(?: too| as well| everyone"
    rf"| ahead)?|(?:and )?(?:the )?same to you|you too|you(?: guys| all)? ?(?:are|'re|rock)(?: just"
    rf"| simply| really| so| such)?(?: the best| a star| stars| awesome| amazing| my hero| heroes| great"
    rf"| welcome| a lifesaver| helpful| kind)?|(?:it'?s |is |this is |that'?s |that is |was )?(?:much"
    rf"|really|greatly|highly|very much|so) appreciated|(?:i |we )?(?:really |very much "
    rf"|truly )?appreciate (?:it|that|this|all|your|the)|well done|will do|noted|got it|received"
    rf"|understood|sounds good|(?:looks|all|so far) (?:so )?good(?: to me| so far)?|(?:i am|i'm|we are"
    rf"|we're) (?:very |so |really |more than )?(?:happy|satisfied|glad|grateful|pleased)(?: now"
    rf"| with (?:it|this|that|the|your))?|see you|take care|all the best|bye|ok|okay|great"
    rf"|perfect(?:ly)?|super|excellent|awesome|wonderful|brilliant|nice|cool|fine|good|wow|hooray|yay"
    rf"|amazing|fantastic|lovely|top"
)
_DE = (
    r"(?:(?:vielen|besten|herzlichen|lieben|schönen|tausend|1000|recht)(?: (?:lieben|herzlichen"
    r"|schönen))? )?dank(?:e|eschön)?(?: (?:schön|sehr|dir|ihnen|euch|vielmals|auch|nochmals?|allen"
    r"|an alle|im voraus nicht nötig))*|ich danke(?: ihnen| dir| euch)?|(?:(?:es|alles|das|dies|jetzt"
    r"|nun|hier|bei mir|bei uns|ja,?) )*(?:funktioniert|klappt|geht'?s?|läuft|passt|funktionierte"
    r"|hat geklappt|hat geholfen|hat funktioniert|ist (?:alles )?(?:wieder )?(?:gelöst|behoben|erledigt"
    r"|repariert|gut|in ordnung|ok|okay))(?: (?:es|das|jetzt|nun|wieder|alles|einwandfrei|bestens|super"
    r"|prima|perfekt|gut|tadellos|bei mir|bei uns|so|auch))*"
    rf"|(?:der|die|das|mein|meine|unser|unsere|den) {_THING}(?:funktioniert|geht|läuft|druckt|klappt"
    rf"|laufen|gehen|funktionieren|ist (?:wieder )?(?:behoben|gelöst|erledigt|repariert|online"
    rf"|in ordnung))(?: (?:jetzt|nun|wieder|einwandfrei|bestens|super|prima|perfekt|gut|tadellos|auch))*"
    rf"|(?:das |mein )?(?:problem|ticket|thema|anliegen)(?: ist| hat sich| wurde)? (?:gelöst|behoben"
    rf"|erledigt|geschlossen)|(?:das )?ticket kann geschlossen werden|(?:alles |ist )?(?:super|prima"
    rf"|perfekt|toll|klasse|top|spitze|wunderbar|bestens|gut|klar|erledigt|verstanden|genial"
    rf"|hervorragend|sehr gut|alles klar|in ordnung|einwandfrei)|(?:einen )?schönen (?:tag|abend"
    rf"|feierabend|nachmittag)(?: noch)?|(?:ein )?schönes wochenende|ihr seid (?:die besten|spitze|super"
    rf"|toll)|(?:ihnen|dir|euch) auch|(?:jetzt|nun|damit) (?:geht|funktioniert|klappt|läuft)(?: (?:es"
    rf"|alles|das|wieder|einwandfrei|gut|super))*"
)
_FR_ES_IT_PT = (
    r"(?:un (?:grand|immense) |mille |encore )?mercis?(?: (?:beaucoup|bien|infiniment|à (?:vous|toi"
    r"|tous)|encore|d'avance non requis))*|(?:ça|cela|tout|c'est|maintenant|oui,?|tout est)(?: (?:marche"
    r"|fonctionne|va|bon|parfait|réglé|résolu|ok|rentré dans l'ordre|bien|mieux|maintenant|de nouveau"
    r"|à nouveau|est|très))*|(?:marche|fonctionne)|(?:le |mon )?problème (?:est )?(?:résolu|réglé)"
    r"|parfait|super|génial|nickel|excellent|impeccable|très bien|d'accord|bonne (?:journée"
    rf"|soirée|fin de journée)|bon (?:week-?end|après-midi)|(?:l'|le |la |mon |ma ){_THING}(?:marche"
    rf"|fonctionne)(?: maintenant| à nouveau| de nouveau| bien)*|(?:muchas |muchísimas |mil "
    rf"|ok,? )?gracias(?: a (?:todos|ustedes|vosotros))?|(?:ya|todo|ahora|sí,?)(?: (?:funciona|está|va"
    rf"|bien|resuelto|solucionado|perfecto|correcto|arreglado|perfectamente|ya|todo|ok))+"
    rf"|funciona(?: bien| perfectamente)?|(?:el |la |mi ){_THING}(?:ya )?funciona(?: ya| bien| de nuevo"
    rf"| ahora)*|(?:el )?problema (?:está )?(?:resuelto|solucionado)|perfecto|genial|excelente|estupendo"
    rf"|vale|de acuerdo|(?:que tengan? )?(?:un )?buen (?:día|fin de semana)|(?:feliz|buena) (?:tarde|día"
    rf"|semana)|muy (?:bien|amables?)|(?:molte |mille |tante |ok,? )?grazie(?: (?:mille|tante|infinite"
    rf"|a (?:voi|te|lei|tutti)|ancora))*|(?:ora|adesso|tutto)(?: (?:funziona|ok|a posto|bene|perfetto"
    rf"|risolto|tutto|perfettamente))+|funziona(?: tutto)?|problema risolto|perfetto|ottimo|benissimo"
    rf"|va bene|buona giornata|buon (?:weekend|fine settimana)|buon lavoro"
    rf"|(?:muito )?obrigad[oa](?: (?:pela|pelo|a todos))*|(?:agora|já|tudo)(?: (?:funciona|está"
    rf"|funcionando|certo|resolvido|bem|ok))+|resolvido|perfeito|ótimo|bom (?:dia|fim de semana)"
    rf"|boa (?:tarde|semana)"
)
_NORTH_EAST = (
    r"(?:hartelijk |heel erg |erg )?(?:bedankt|dank)(?: (?:je|u|jullie|wel|voor|de|het|hulp|snelle"
    r"|reactie))*|(?:het|alles|nu|dit)(?: (?:werkt|doet het|is|opgelost|nu|weer|goed|prima|in orde))+"
    r"|opgelost|prima|fijne (?:dag|avond)|fijn weekend|(?:stort |tusen |mange )?ta(?:ck"
    r"|kk?)(?: (?:så mycket|för|hjälpen|for|hjelpen|hjælpen))*|det (?:fungerar|virker|fungerer)(?: (?:nu"
    r"|nå|igen|igjen|bra))*|kiitos(?: paljon)?|(?:wielkie |bardzo )?(?:dzięki|dziękuję"
    r"|dziękujemy)(?: (?:bardzo|za|pomoc|serdecznie))*|(?:już |wszystko |teraz )+działa|działa|děkuji"
    r"|díky|köszönöm|(?:большое |огромное )?спасибо(?: (?:большое|огромное|вам|за|помощь|всем))*"
    r"|благодарю(?: вас)?|(?:все|всё|теперь|уже)(?: (?:все|всё|работает|заработало|хорошо|отлично"
    r"|в порядке))+|работает|заработало|отлично|супер|хорошо|проблема решена|дякую|çok teşekkürler"
    r"|teşekkürler|teşekkür ederim|sağ ?olun|çalışıyor"
)
_NOT_IN_A_THING = "不没沒未无無非别別又再还還仍却卻但坏壞错錯失慢卡断斷掉死能也只吗嗎呢"
_ZH = (
    r"(?:非常|十分|多谢|多謝|很|衷心|万分|萬分|再次|真的|太)?(?:感谢|感謝|谢谢|謝謝|谢了|謝了|多谢|多謝"
    r"|谢|謝|3q)(?:您|你|你们|你們|大家|各位|啦|了|哦|呀|啊|哈|支持|帮助|幫助|帮忙|幫忙|协助|協助|处理"
    r"|處理|解答|回复|回覆|及时|快速|的|一下|配合|关心|工程师|工程師|老师|老師|同事|同学|服务台)*"
    r"|辛苦(?:了|啦|您|你|大家)*|收到(?:了|啦)?|好(?:的|了|哒|滴|啊|呀|吧|嘞)+|明白(?:了)?|了解(?:了)?"
    r"|知道了|晓得了|可以(?:了|啦)|行了|行|没事(?:了)?|沒事(?:了)?|(?:已经|已經|已|现在|現在|目前|今天"
    r"|终于|終於|都|全部|刚刚|剛剛|确认|確認|测试|測試|试了一?下|試了一?下|一切|我这边|我這邊|这边|這邊"
    r"|问题|問題|故障|它|系统|系統)*(?:可以|能|能够|能夠)?(?:正常|顺利|順利|完美|重新)?(?:使用|用|打印"
    r"|列印|登录|登錄|登入|上网|上網|连接|連接|连上|連上|打开|打開|访问|訪問|工作|运行|運行|收发|收發"
    r"|开机|開機|看到|收到|显示|顯示)(?:了|啦)|(?:已经|已經|已|现在|現在|目前|终于|終於|都|全部|问题"
    r"|問題|故障|一切|基本|完全)*(?:解决|解決|处理好|處理好|修好|搞定|恢复正常|恢復正常|恢复|恢復|正常"
    r"|修复|修復|排除|好用)(?:了|啦)?"
    rf"|(?:(?![{_NOT_IN_A_THING}])[\u4e00-\u9fff]){{1,8}}?(?:已经|已經|已|现在|現在|终于|終於"
    rf"|都)*(?:(?:可以|能)(?:正常)?(?:使用|用|打印|列印|登录|登入|上网|上網|连接|連接|打开|打開)了"
    rf"|修好了|恢复(?:正常)?了|恢復(?:正常)?了|正常了|好了)|(?:没有?|沒有?)(?:什么|什麼|其他"
    rf"|任何)?(?:问题|問題)(?:了|啦)?|一切正常|完美|太好了|太棒了|真棒|很棒|很好|非常好|给力|給力|厉害"
    rf"|厲害|满意|滿意|非常满意|效率(?:很|真|太)高|(?:响应|回复|处理|速度|服务)(?:很|真|太|非常)?(?:及时"
    rf"|快|好|迅速)|麻烦(?:您|你|你们|大家)?了|麻煩(?:您|你|你們|大家)?了|打扰了|打擾了|祝(?:您|你|大家"
    rf"|工作|生活|一切|身体|周末|顺利|順利|愉快|健康|好|平安)+|周末愉快|工作顺利|可以(?:关闭|結案|结案"
    rf"|关单|结单)(?:工单)?(?:了)?|(?:请|請)?(?:关闭|關閉|结束|結束)(?:工单|工單|此单|本单)(?:吧|即可)?"
)
_JA_KO = (
    r"(?:どうも|本当に|誠に|大変|早速の?|迅速な|ご丁寧な|すぐに)*(?:ご?対応|ご?返信|ご?回答|ご?連絡"
    r"|ご?確認|ご?協力)?(?:を|に|いただき|頂き|くださり|下さり|して|、)*(?:(?:ありがとう|有難う"
    r"|有り難う)(?:ございます|ございました|御座いました|御座います)?|感謝(?:いたします|致します|します"
    r"|しています|です|申し上げます))|お世話になっております|お世話に?なりました|お世話になります"
    r"|お疲れ様(?:です|でした)?|お手数(?:を)?(?:おかけ|お掛け)(?:しました|いたしました)|助かりました"
    r"|助かります|(?:無事に?|問題は?|正常に|おかげさまで|問題なく|すべて|全て|こちらで)*(?:解決|直り"
    r"|治り|動き|動作し|使え|印刷でき|つながり|繋がり|接続でき|ログインでき|確認でき|確認し|でき"
    r"|復旧し)(?:し?ました|しています|ています|いたしました|るようになりました)|了解(?:です|しました"
    r"|いたしました|致しました)?|承知(?:しました|いたしました|致しました)|問題(?:は)?(?:ありません"
    r"|ないです)(?:でした)?|大丈夫です|はい|よろしくお願い(?:します|いたします|致します)|今後とも"
    r"|引き続き|完璧です|(?:정말|대단히|매우|너무)?\s?(?:감사합니다|감사드립니다|고맙습니다|감사해요"
    r"|고마워요)|(?:이제|지금)?\s?잘 (?:됩니다|되네요|작동합니다)|해결(?:되었습니다|됐습니다|됐어요)"
    r"|확인(?:했습니다|하였습니다)|수고하셨습니다|수고하세요|네|안녕하세요|알겠습니다"
)
_PRAISED = (
    r"(?:help|support|response|reply|answer|work|service|reaction|assistance|efforts?|solution"
    r"|info(?:rmation)?|update|explanation|repair|fix|job|news|feedback|attention|time|patience"
    r"|turnaround|message|e?mail|teamwork|hilfe|unterstützung|antwort|rückmeldung|bearbeitung|reaktion"
    r"|lösung|infos?|erledigung|reparatur|arbeit|mühe|behebung|einsatz|nachricht|aide|réponse|rapidité"
    r"|intervention|réactivité|retour|efficacité|soutien|dépannage|ayuda|respuesta|rapidez|atención"
    r"|apoyo|gestión|solución|aiuto|supporto|risposta|ajuda|resposta|hulp|reactie)"
)
_FOR = (
    r"(?:for|für|fürs|pour|por|per|pela|pelo|voor)(?: (?:all|everything|your|the|this|that|such|an?|die"
    r"|das|den|ihre|deine|eure|ihren|deinen|alles|votre|ton|la|le|tout|cette|ta|vos|su|tu|el|todo"
    r"|vuestra|il|tutto|vostra|vostro|de|je|uw))*"
)
_AROUND = (
    rf"{_FOR}|(?:letting me know|looking into (?:it|this|that)|coming|helping|fixing(?: it| this| that)?"
    rf"|sorting (?:it|this|that)(?: out)?|getting back(?: to me)?)|(?:(?:very|super|really|so|extremely"
    rf"|sehr|wirklich|très) )?(?:quick|fast|prompt|swift|rapid|great|kind|friendly|excellent|good|nice"
    rf"|amazing|awesome|fantastic|wonderful|brilliant|lovely|perfect|super|speedy|patient|helpful"
    rf"|professional|schnell|rasch|toll|gut|nett|freundlich|unkompliziert|kompetent|zügig|großartig"
    rf"|rapide|rápida|pronta|snelle)(?:ly|e[nrs]?)?|yes|yep|yeah|yup|ja|oui|sí|right|sure|now|very"
    rf"|so much|indeed|and|und|sehr|jetzt|nun|et|y|e|en|och|og|i|и|l'"
)
_REACTED = r"[^\n]{1,60} reacted (?:to your message|via gmail)[:.]?(?:\s*<?https?:\S+>?)?"
_PLEASED = (
    re.compile(f"(?:{_JA_KO})", re.IGNORECASE),
    re.compile(f"(?:{_ZH})", re.IGNORECASE),
    re.compile(
        rf"(?<![^\W_])(?:{_REACTED}|{_EN}|{_DE}|{_FR_ES_IT_PT}|{_NORTH_EAST})(?![^\W_])", re.IGNORECASE
    ),
)
_WHAT_FOR = re.compile(rf"(?<![^\W_]){_FOR}\s+(?:(?:{_AROUND})\s+)*{_PRAISED}(?![^\W_])", re.IGNORECASE)
_BESIDE = re.compile(
    rf"(?<![^\W_])(?:(?:(?:{_AROUND})\s+)+{_PRAISED}|{_AROUND})(?![^\W_])"
    r"|(?:您|你|大家|同事|老师|老師|领导)们?好|嗯+|是的|对的",
    re.IGNORECASE,
)
_GREETING = (
    r"(?:hi|hello|hey|dear|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen|abend)|good (?:morning"
    r"|afternoon|evening|day)|moin|servus|grüezi|bonjour|bonsoir|salut|cher|chère|hola|buenos días"
    r"|buenas tardes|estimad[oa]s?|ciao|buongiorno|salve|olá|hej|hei|beste|witam|dzień dobry|привет"
    r"|здравствуйте|добрый день|мерхаба|merhaba)"
)
_NAME = r"(?:[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯΑ-Ω][\w'’-]*\.?)"
_TO_ALL = (
    r"(?:team|all|there|everyone|everybody|guys|folks|support|helpdesk|colleagues|sir|madam|zusammen"
    r"|à tous|a todos|a tutti)"
)
_GREETS = re.compile(rf"^\s*(?i:{_GREETING})(?:[ ,]+(?:(?i:{_TO_ALL})|{_NAME})){{0,3}}\s*(?:[,.!:;–-]|\n|$)")
_NAMES = (
    re.compile(rf"§[ ,]{{0,2}}{_NAME}(?: {_NAME})?(?=\s*(?:[,.!\n§]|$))"),
    re.compile(rf"^\s*{_NAME}(?: {_NAME})?,?\s+(?=§)"),
    re.compile(rf"\n\s*[-–—/]?\s*{_NAME}(?: {_NAME}){{0,2}}[.,]?\s*$"),
    re.compile(
        r"\n\s*(?![^\n]*[在是的不没沒坏壞])[\u4e00-\u9fff]{1,12}(?:部|部门|科|处|處|公司|中心|组|組|学院"
        r"|學院)\s*$"
    ),
    re.compile(r"\n\s*(?![^\n]*[不没沒未坏壞错錯失断斷还還又再])[\u4e00-\u9fff]{2,3}\s*$"),
    re.compile(
        r"[\u4e00-\u9fff]{1,3}(?:工|工程师|工程師|老师|老師|总|總|经理|經理|主任|先生|女士|小姐|哥|姐"
        r"|师傅|師傅|同学|同學|さん|様)"
    ),
)
_DOUBTS = re.compile(rf"[?？]|👎|😡|😠|😞|😢|☹|🙁|😭|[:;]-?[(/\\]|n['’]t\b|\b{_DOUBT}\b", re.IGNORECASE)
_NEVER = re.compile(r"[?？¿]|👎|😡|😠|😞|😢|☹|🙁|😭|💩|[:;]-?[(]")
_SAYS = re.compile(r"[^\W_]")
_PRAISES = re.compile(
    "[\U0001f44d\U0001f64f\U0001f44c\U0001f600-\U0001f60e\U0001f642\U0001f389\u2764\u263a\u2705]"
)


def is_only_thanks(text: str) -> bool:
    """Whether a reply to a resolved ticket says thanks, or that it works, and nothing that might need us.

    `text` is what the sender wrote themselves. False when unsure, and for an empty text.
    """
    said = text.strip().replace("’", "'").replace("´", "'")
    if not said or len(said) > LONGEST_THANKS or _NEVER.search(said):
        return False
    said = _without_closing(_GREETS.sub("", said))
    said = _WHAT_FOR.sub("", said)
    for phrases in _PLEASED:
        said = phrases.sub("§", said)
    said = _BESIDE.sub("", said)
    if not _SAYS.search(said) and _PRAISES.search(said):
        return True
    if "§" not in said or _DOUBTS.search(said):
        return False
    for name in _NAMES:
        said = name.sub("", said)
    return not _SAYS.search(said)


def _without_closing(said: str) -> str:
    """Before "Kind regards" and the name below it."""
    lines = said.split("\n")
    for at in range(len(lines) - 1, max(len(lines) - 6, 0), -1):
        if is_closing(lines[at]) and not _DOUBTS.search(" ".join(lines[at + 1 :])):
            return "\n".join(lines[:at])
    return said
