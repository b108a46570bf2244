"""When a request is sent again: after a refusal by a full or stopping server, within the deadline."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from .errors import Code, FlambeauError


@dataclass(frozen=True)
class Retry:
    """`attempts` in all; the pause before the n-th retry is random, up to initial * 2^(n-1) seconds, at most
    `maximum`, and not shorter than the server's Retry-After."""

    attempts: int = 4
    initial: float = 0.1
    maximum: float = 2.0


NEVER = Retry(attempts=1)


class Attempts:
    """The attempts of one call. `remaining` is for the next one, `pause` what to sleep before it."""

    def __init__(self, policy: Retry, timeout: float) -> None:
        self._policy = policy
        self._deadline = time.monotonic() + timeout
        self._failed = 0

    def remaining(self) -> float:
        """Seconds until the deadline; raises when it has passed."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise FlambeauError(Code.DEADLINE_EXCEEDED, "The deadline passed before the server answered.")
        return left

    def pause(self, error: FlambeauError) -> float:
        """Seconds to wait before the next attempt; raises `error` if there is to be none."""
        self._failed += 1
        if not error.retryable or self._failed >= self._policy.attempts:
            raise error
        longest = min(self._policy.maximum, self._policy.initial * 2 ** (self._failed - 1))
        wait = max(error.retry_after, random.uniform(0, longest))
        if time.monotonic() + wait >= self._deadline:
            raise error
        return wait
