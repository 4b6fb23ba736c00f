"""What reporters write of a solution: do the words fit the button?"""

import re

# Whole phrases, so that "no longer broken" and "不再出现" do not count.
_UNSOLVED = re.compile(
    r"\b(?:still|again)\s+(?:\w+\s+){0,2}(?:broken|fail\w*|wrong|down|slow|crash\w*|jam\w*|missing|happen\w*|stuck)\b"
    r"|\bstill\s+(?:can(?:no|')?t|do(?:es)?n['’]?t|is\s?n['’]?t|not)\b"
    r"|\b(?:does|do|did|is|has)(?:\s+not|n['’]?t)\s+(?:\w+\s+){0,2}(?:work\w*|solved|fixed|help\w*|resolved)\b"
    r"|\bnot\s+(?:yet\s+)?(?:solved|fixed|working|resolved)\b"
    r"|\b(?:same|old)\s+(?:problem|error|fault|issue)\b"
    r"|(?:还是|仍然|依然|還是|仍|依旧|依舊)(?:是)?(?:不行|不能|无法|無法|有问题|有問題|没|沒|坏|壞|报错|報錯|失败|失敗|一样|一樣|不)"
    r"|(?:没有|沒有|没|沒|未)(?:完全)?(?:解决|解決|修好|好|恢复|恢復)"
    r"|(?:用不了|不能用|不好用|又坏了|又壞了|又出现|又出現|老问题|老問題)",
    re.IGNORECASE,
)


def sounds_unsolved(words: str) -> bool:
    """Whether words given with "solved" say the opposite, in English or Chinese: then we ask once more."""
    return _UNSOLVED.search(words) is not None
