"""What mail programs write before a subject, in the languages they speak."""

import re

# Gateways put tags before it ("[EXTERNAL]"); our number stands there in our own letters, and says no more.
_FORWARD_SUBJECT = re.compile(
    r"\s*(?:\[(?!hd-)[^\]]{0,40}\]\s*)*"
    r"(?:fwd?|wg|tr|rv|enc|i|doorst|vb|vs|vl|pd|ilt|i̇lt|πρθ|пересл|转发|轉寄|轉發|转|轉|転送|전달"
    r"|הועבר)\s*[:：]",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)*(?:re|aw|antw|antwort|sv|vs|odp|ref|rif|r|res|ynt|απ|ответ|回复|答复"
    r"|回覆|答覆"
    r"|回復|返信|회신|답장|תגובה|رد|vá|atb|bls|ad)(?:\s?[\[(]\d{1,3}[\])]|\^\d)?\s*[:：]",
    re.IGNORECASE,
)


def is_reply_subject(subject: str) -> bool:
    """Whether a subject begins as a reply's does."""
    return _REPLY_SUBJECT.match(subject) is not None


def is_forward_subject(subject: str) -> bool:
    """Whether a subject begins as a forwarded mail's does (a reply to one begins as a reply's)."""
    return _FORWARD_SUBJECT.match(subject) is not None
