"""Whether an answer to a resolved ticket is only thanks, so that it need not be opened again."""

import re

_THANKS = re.compile(
    r"\b(?:thank|thanks|thx|ty|cheers|perfect|great|danke|merci|gracias)\b|谢|謝|感谢|感謝|辛苦|收到|好的",
    re.IGNORECASE,
)
# A question, a request, a doubt or a complaint: whatever makes a short answer more than thanks.
_MORE_THAN_THANKS = re.compile(
    r"[?？]|n['’]t\b|\b(?:not|no|still|again|but|however|except|yet|broken?|fails?|failed|errors?|wrong|problems?"
    r"|issues?|unfortunately|please|can|could|would|when|why|how|what|nicht|noch|aber|wieder|bitte|pas|mais)\b"
    r"|不|没|沒|未|还|還|仍|又|再|但|可是|问题|問題|错|錯|失败|失敗|坏|壞|请|請|麻烦|麻煩|能否|吗|嗎|呢|怎|为什么|什么",
    re.IGNORECASE,
)
_LONGEST_THANKS = 160  # characters


def is_only_thanks(text: str) -> bool:
    """Whether a reply to a resolved ticket says thanks and nothing that might need us; False when unsure."""
    said = text.strip()
    return (
        0 < len(said) <= _LONGEST_THANKS
        and _THANKS.search(said) is not None
        and _MORE_THAN_THANKS.search(said) is None
    )
