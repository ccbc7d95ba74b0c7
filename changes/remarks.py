"""Which comment on a change means something: the published rule. Pure; words are read and dropped.

A comment counts as a remark where a person other than the change's author wrote it, and where something is
left of it without what only agrees, thanks or points: quoted lines, mentions, emoji, addresses, commands to
bots ("/retest", "@bot rebase"), and stock phrases ("LGTM", "+1", "looks good to me", "thanks for the fix").
Left are at least two words; or one with a question mark; or code, as a suggestion or between back-ticks.
"""

from __future__ import annotations

import re

MOST_READ = 8_000
HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(
    r"^[ ]{0,3}(```+|~~~+)[^\n]*\n(.*?)(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
QUOTED = re.compile(r"^[ ]{0,3}>.*$", re.MULTILINE)
# "/retest", "!build", and "@bot rebase" alone on its line.
COMMAND = re.compile(
    r"^[ \t]*(?:/[a-z][\w-]*(?:[ \t].*)?|![a-z][\w-]*|@[\w.\-\[\]/]+[ \t]+/?[a-z]+)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|<img\b[^>]*>", re.IGNORECASE)
LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
ADDRESS = re.compile(r"<?https?://\S+>?|\bwww\.\S+", re.IGNORECASE)
MENTION = re.compile(r"(?<![\w`])@\w[\w.\-/\[\]]*")
SHORTCODE = re.compile(r":[+\-]?\w[\w+\-]*:")
TAG = re.compile(r"</?[a-z][^>\n]*>", re.IGNORECASE)
# What praise and thanks are for says no more than they do: "thanks for the quick fix".
TAIL = r"(?:[ ,]+(?:for|on|with|to me|guys|all|everyone|again|now|here|then)\b[^.,;!?\n]*)?"
PHRASES = (
    r"l+\s?g+\s?t+\s?m+|sgtm|ltgm|ptal|tyvm|ty|thx|np",
    r"yep|yeah|yup|yes|no|nope|ok(?:ay)?|kk|n?ack(?:ed)?",
    r"(?:(?:it|this|that|all|everything|code|changes?|still) ){0,3}(?:looks?|looking|seems?|sounds?) "
    r"(?:(?:all|very|pretty|really|quite|so|just|mostly) ){0,2}"
    r"(?:good|great|fine|ok(?:ay)?|nice|awesome|perfect|right|correct|reasonable|sane|amazing)" + TAIL,
    r"(?:many |big |a lot of |great )?"
    r"(?:thanks?|thank you|cheers|danke|merci|gracias|obrigado|grazie|спасибо)(?: you)?"
    r"(?: (?:so|very) much| a lot)?" + TAIL,
    r"(?:very |really |so )?"
    r"(?:nice|good|great|awesome|excellent|amazing|fantastic|brilliant|neat|cool|lovely|well)(?:ly)?"
    r"(?: (?:work|job|catch|find|one|done|stuff|idea|point|change|pr|fix|addition))?" + TAIL,
    r"(?:i )?approv(?:e|ed|ing)|ship ?it|merge it|go ahead|merg(?:e|ed|ing)",
    r"done|fixed|resolved|addressed|updated|same(?: here)?|(?:i )?agreed?|ditto|bump|ping|nit(?:s|pick)?",
    r"wow|yay|perfect|congrat(?:s|ulations)",
    r"[+\-]\s?1",
)
STOCK = re.compile(rf"(?<![\w'’])(?:{'|'.join(PHRASES)})(?![\w'’])", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’\-.](?=\w))*")
# Written without spaces between words: two signs are about one.
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
PLAIN_AWAY = (HTML_COMMENT, FENCE, QUOTED, COMMAND, PICTURE)
POINTING = (ADDRESS, MENTION, SHORTCODE, TAG)


def means_something(text: str) -> bool:
    """Of the words alone; that a person other than the author wrote them is for the caller to know."""
    text = HTML_COMMENT.sub(" ", text[:MOST_READ].replace("\r\n", "\n"))
    if any(WORD.search(code) for _, code in FENCE.findall(text)):
        return True
    for pattern in PLAIN_AWAY:
        text = pattern.sub(" ", text)
    text = LINK.sub(r" \1 ", text)
    for pattern in POINTING:
        text = pattern.sub(" ", text)
    if any(WORD.search(code) for code in INLINE_CODE.findall(text)):
        return True
    text = STOCK.sub(" ", text)
    words = len(WORD.findall(UNSPACED.sub(" ", text))) + len(UNSPACED.findall(text)) / 2
    return words >= 2 or (words >= 1 and re.search("[?\uff1f]", text) is not None)
