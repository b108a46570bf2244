"""What can go wrong, told by one exception with a code."""

from __future__ import annotations

import enum


class Code(enum.Enum):
    """gRPC's names; over REST the HTTP status is turned into them."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"  # the queue is full, or the request too large
    UNAVAILABLE = "UNAVAILABLE"  # not reached, loading, or stopping
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    CANCELLED = "CANCELLED"
    INTERNAL = "INTERNAL"  # the model failed
    UNKNOWN = "UNKNOWN"


_OF_HTTP = {
    400: Code.INVALID_ARGUMENT,
    404: Code.NOT_FOUND,
    405: Code.UNIMPLEMENTED,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ALREADY_EXISTS,
    413: Code.RESOURCE_EXHAUSTED,
    415: Code.UNIMPLEMENTED,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}


def code_of_http(status: int) -> Code:
    return _OF_HTTP.get(status, Code.INVALID_ARGUMENT if 400 <= status < 500 else Code.UNKNOWN)


class FlambeauError(Exception):
    """The server answered with an error, or could not be reached in time.

    `retryable`: the same request may succeed later, and has not been answered by a model.
    `retry_after`: seconds that the server asked to wait, 0 if it did not.
    """

    def __init__(self, code: Code, message: str, *, retryable: bool = False, retry_after: float = 0) -> None:
        super().__init__(f"{code.value}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
