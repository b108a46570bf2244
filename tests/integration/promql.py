"""What an expression of Prometheus' query language names: enough of a reader for our own files."""

import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[a-zA-Z_:][\w:]*|\$\w+|[\d.]+|\S')
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "or", "and", "unless", "bool", "offset"}
LISTS = WORDS - {"or", "and", "unless", "bool", "offset"}


def names(expression):
    """({metric: {label of its matchers: [values of plain matchers]}}, {label that is grouped or joined by})."""
    tokens = TOKEN.findall(re.sub(r"\[[^\]]*\]", "", expression))
    metrics, grouped = {}, set()
    at = 0
    while at < len(tokens):
        token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        at += 1
        if token in LISTS:
            end = tokens.index(")", at)
            grouped.update(word for word in tokens[at + 1:end] if word != ",")
            at = end + 1
        elif re.match(r"[a-zA-Z_]", token) and token not in WORDS and following not in ("(", *LISTS):
            matchers = metrics.setdefault(token, {})
            if following == "{":
                end = tokens.index("}", at)
                for label, value in _matchers(tokens[at + 1:end]):
                    matchers.setdefault(label, []).append(value)
                at = end + 1
    return metrics, grouped


def _matchers(tokens):
    for at, token in enumerate(tokens):
        if re.match(r"[a-zA-Z_]\w*$", token):
            yield token, next(word for word in tokens[at:] if word.startswith('"')).strip('"')
