"""Replaces secrets before anything is written or sent. The rule is shared: `protocol/fixtures/masking.json`. [R32]"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASKED = "***"

#: A key whose last word is one of these holds a secret.
LAST_WORDS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "credential",
        "credentials",
        "token",
        "apikey",
        "authorization",
        "bearer",
        "jwt",
    ]
)
#: The same for its last two words.
LAST_PAIRS = frozenset(
    tuple(pair.split()) for pair in ("api key", "access key", "secret key", "private key", "account key", "auth key")
)
#: A `token` after one of these is part of a vocabulary.
VOCABULARY = frozenset(
    [
        "bos",
        "cls",
        "eos",
        "pad",
        "sep",
        "mask",
        "unk",
        "special",
        "start",
        "end",
        "begin",
        "image",
        "audio",
        "video",
        "class",
        "prefix",
        "suffix",
        "add",
        "use",
        "next",
    ]
)

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_USER_INFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)([^\s/?#]{1,2000})@")
_ASSIGNMENT = re.compile(r"([?&;]|--)([\w.%-]{1,100})=([^&;\s#]+)")
_DEPTH = 64


class Masking:
    """Decides which keys hold secrets.

    Parameters
    ----------
    is_on : bool
        Off, nothing is replaced.
    more_keys : iterable of str
        Keys that hold secrets beside the usual ones, regardless of case and of `-` against `_`.
    """

    def __init__(self, is_on: bool = True, more_keys: Iterable[str] = ()) -> None:
        self._is_on = is_on
        self._more = frozenset(_words_of(key) for key in more_keys) - {()}

    @classmethod
    def of(cls, env: Mapping[str, str], is_on: bool = True, more_keys: Iterable[str] = ()) -> Masking:
        """Return the masking that `RONDO_MASK` and `RONDO_MASK_KEYS` ask for, with more keys."""
        is_off = env.get("RONDO_MASK", "").strip().lower() in ("off", "0", "false")
        return cls(is_on and not is_off, [*more_keys, *env.get("RONDO_MASK_KEYS", "").split(",")])

    def is_secret(self, key: str) -> bool:
        """Return whether values under this key are secrets."""
        words = _words_of(key)
        if words in self._more:
            return True
        if not words or (words[-1] == "token" and words[-2:-1] and words[-2] in VOCABULARY):
            return False
        return words[-1] in LAST_WORDS or words[-2:] in LAST_PAIRS

    def mask(self, value: Any) -> Any:
        """Return plain JSON data without its secrets."""
        return self._mask(value, _DEPTH) if self._is_on else value

    def mask_text(self, text: str) -> str:
        """Return the text without the passwords and the secret parameters of its URLs."""
        if not self._is_on:
            return text
        if "://" in text:
            text = _USER_INFO.sub(_without_password, text)
        if "=" in text:
            text = _ASSIGNMENT.sub(self._without_value, text)
        return text

    def _mask(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.mask_text(value)
        if depth <= 0:
            return value
        if isinstance(value, Mapping):
            return {key: self._mask_entry(key, item, depth - 1) for key, item in value.items()}
        return [self._mask(item, depth - 1) for item in value] if isinstance(value, list) else value

    def _mask_entry(self, key: Any, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool) or value == "":
            return value
        return MASKED if self.is_secret(str(key)) else self._mask(value, depth)

    def _without_value(self, match: re.Match[str]) -> str:
        lead, key, value = match.groups()
        return f"{lead}{key}={MASKED if self.is_secret(key) else value}"


def _words_of(key: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(key[-200:]))


def _without_password(match: re.Match[str]) -> str:
    scheme, user_info = match.groups()
    user, colon, _ = user_info.partition(":")
    if colon:
        return f"{scheme}{user}:{MASKED}@"
    # `https://<token>@host`; but `ssh://git@host` names a user.
    return f"{scheme}{MASKED if scheme.lower().startswith('http') else user}@"
