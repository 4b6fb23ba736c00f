"""Which services beside mail may bear our messages, and where none may ever go.

Apprise knows far more schemas than belong in a server: some speak to the machine's own desktop, some open
files. So the services are chosen here, by schema; one that is not listed is refused.
"""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple

from helpdesk.rules.throttle import Limit

Group = Literal["chat", "push", "text", "duty", "hook"]

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=15)
CODE_TRIES = 5
# A code is another message to somebody who may not have asked for it.
CODES = Limit(3, timedelta(hours=1), timedelta(minutes=5), timedelta(hours=1))
LONGEST_URL = 2000


class Messenger(NamedTuple):
    """A service that bears messages: its Apprise `schemas`, and how its address is written where shown."""

    name: str
    group: Group
    schemas: tuple[str, ...]
    example: str = ""


# `hook`: takes any address and any method, so that only administrators may point it somewhere.
MESSENGERS = (
    Messenger("WeCom", "chat", ("wechat",), "wechat://CORP_ID:SECRET@AGENT_ID/USER"),
    Messenger("WeCom Bot", "chat", ("wecombot",), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"),
    Messenger("DingTalk", "chat", ("dingtalk",), "dingtalk://SECRET@TOKEN/PHONE"),
    Messenger("Feishu", "chat", ("feishu",), "feishu://TOKEN"),
    Messenger("Lark", "chat", ("lark",), "lark://TOKEN"),
    Messenger("Telegram", "chat", ("tgram",), "tgram://BOT_TOKEN/CHAT_ID"),
    Messenger("Slack", "chat", ("slack",), "https://hooks.slack.com/services/…"),
    Messenger("Microsoft Teams", "chat", ("workflow", "workflows"), "workflows://HOST/WORKFLOW/SIGNATURE"),
    Messenger("Matrix", "chat", ("matrix", "matrixs"), "matrixs://USER:PASSWORD@HOST/ROOM"),
    Messenger("Mattermost", "chat", ("mmost", "mmosts"), "mmosts://HOST/TOKEN"),
    Messenger("Rocket.Chat", "chat", ("rocket", "rockets"), "rockets://USER:PASSWORD@HOST/CHANNEL"),
    Messenger("Signal", "chat", ("signal", "signals"), "signals://HOST/FROM_PHONE/PHONE"),
    Messenger("Cisco Webex", "chat", ("wxteams", "webex")),
    Messenger("Discord", "chat", ("discord",)),
    Messenger("Google Chat", "chat", ("gchat",)),
    Messenger("Line", "chat", ("line",)),
    Messenger("Nextcloud Talk", "chat", ("nctalk", "nctalks")),
    Messenger("Synology Chat", "chat", ("synology", "synologys")),
    Messenger("Threema", "chat", ("threema",)),
    Messenger("Zoho Cliq", "chat", ("cliq", "zcliq", "zohocliq")),
    Messenger("Zoom", "chat", ("zoom",)),
    Messenger("Zulip", "chat", ("zulip",)),
    Messenger("ntfy", "push", ("ntfy", "ntfys"), "ntfys://HOST/TOPIC"),
    Messenger("Gotify", "push", ("gotify", "gotifys"), "gotifys://HOST/TOKEN"),
    Messenger("Pushover", "push", ("pover",), "pover://USER_KEY@TOKEN"),
    Messenger("Bark", "push", ("bark", "barks")),
    Messenger("Join", "push", ("join",)),
    Messenger("Prowl", "push", ("prowl",)),
    Messenger("Pushbullet", "push", ("pbul",)),
    Messenger("PushDeer", "push", ("pushdeer", "pushdeers")),
    Messenger("Pushplus", "push", ("pushplus", "wecom")),
    Messenger("ServerChan", "push", ("schan",)),
    Messenger("WxPusher", "push", ("wxpusher",)),
    Messenger("Twilio", "text", ("twilio",), "twilio://ACCOUNT_SID:TOKEN@FROM_PHONE/PHONE"),
    Messenger("Vonage", "text", ("vonage", "nexmo"), "vonage://KEY:SECRET@FROM_PHONE/PHONE"),
    Messenger("SMS Eagle", "text", ("smseagle", "smseagles"), "smseagles://TOKEN@HOST/PHONE"),
    Messenger("46elks", "text", ("46elks", "elks")),
    Messenger("Amazon SNS", "text", ("sns",)),
    Messenger("BulkSMS", "text", ("bulksms",)),
    Messenger("Clickatell", "text", ("clickatell",)),
    Messenger("ClickSend", "text", ("clicksend",)),
    Messenger("CM.com", "text", ("cm",)),
    Messenger("Infobip", "text", ("infobip",)),
    Messenger("MessageBird", "text", ("msgbird",)),
    Messenger("Plivo", "text", ("plivo",)),
    Messenger("seven", "text", ("seven",)),
    Messenger("Sinch", "text", ("sinch",)),
    Messenger("GoAlert", "duty", ("goalert", "goalerts")),
    Messenger("ilert", "duty", ("ilert",)),
    Messenger("Opsgenie", "duty", ("opsgenie",)),
    Messenger("PagerDuty", "duty", ("pagerduty",)),
    Messenger("PagerTree", "duty", ("pagertree",)),
    Messenger("SIGNL4", "duty", ("signl4",)),
    Messenger("Splunk On-Call", "duty", ("splunk", "victorops")),
    Messenger("JSON", "hook", ("json", "jsons"), "jsons://HOST/PATH"),
    Messenger("XML", "hook", ("xml", "xmls")),
    Messenger("Form", "hook", ("form", "forms")),
)
_BY_SCHEMA = {schema: messenger for messenger in MESSENGERS for schema in messenger.schemas}

# Arguments of an address that have files of this machine read, or a failure called a success.
_REFUSED_ARGUMENTS = frozenset(
    {"template", "attach", "attach-as", "filename", "file_url", "keyfile", "subfile", "optional"}
)


def find_messenger(schema: str) -> Messenger | None:
    """The service of an Apprise schema, or None where we do not offer it."""
    return _BY_SCHEMA.get(schema.lower())


def has_refused_argument(names: Iterable[str]) -> bool:
    """Whether an address with these arguments would reach beyond sending a text."""
    return not _REFUSED_ARGUMENTS.isdisjoint(name.lower().lstrip("+-:") for name in names)


def is_forbidden_host(host: str) -> bool:
    """Whether no message may go there: this machine itself, and addresses that are no other machine's.

    Private networks are allowed, for there the house's own chat server stands. A name is judged by the
    addresses it leads to, when a connection is made.
    """
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
