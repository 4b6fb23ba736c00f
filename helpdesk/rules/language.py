"""Which of our languages a text is written in, as far as its characters tell."""

import re

_HAN = re.compile("[一-鿿]")
_KANA_OR_HANGUL = re.compile("[぀-ヿ가-힯]")
_TRADITIONAL = frozenset("們這個說時請問題電腦單機還沒壞開關無網絡進顯見應該處連線資訊總樣發過會來對")
_SIMPLIFIED = frozenset("们这个说时请问题电脑单机还没坏开关无网络进显见应该处连线资讯总样发过会来对")


def guess_locale(text: str) -> str | None:
    """ "zh_Hans" or "zh_Hant" for Chinese, None for anything else (the organisation's language holds)."""
    sample = text[:2000]
    han = _HAN.findall(sample)
    if len(han) < 2 or _KANA_OR_HANGUL.search(sample) or len(han) * 5 < len(re.findall(r"\w", sample)):
        return None
    traditional = sum(c in _TRADITIONAL and c not in _SIMPLIFIED for c in han)
    simplified = sum(c in _SIMPLIFIED and c not in _TRADITIONAL for c in han)
    return "zh_Hant" if traditional > simplified else "zh_Hans"
