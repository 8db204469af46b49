"""How words and keys are sealed, and the master keys that stand above all (decision 0013; Art. 15)."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORM, NONCE, KEY = "v1.", 12, 32
"""How a sealed text begins; the bytes of a nonce, and of every key."""


class Unreadable(Exception):
    """It cannot be opened: its key is gone, or it was changed. Says nothing of what stood there."""


@dataclass(frozen=True)
class Masters:
    """The master keys by their IDs; the first is the current one."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def read(cls, told: bytes | None) -> Self:
        """Lines `key-id base64(32 bytes)`. A RuntimeError, which quotes nothing, if it is none or holds no such keys."""
        if not told:
            raise RuntimeError("HOTLINE_MASTER_KEYS_FILE is not set: no key seals who asked (docs/deployment.md)")
        try:
            pairs = [line.split() for line in told.decode("ascii").splitlines() if line.strip()]
            keys = {name: b64decode(key, validate=True) for name, key in pairs}
        except ValueError:
            keys = {}
        if not keys or len(keys) < len(pairs) or any(len(key) != KEY for key in keys.values()):
            raise RuntimeError("HOTLINE_MASTER_KEYS_FILE: each line is `key-id base64(32 bytes)`, no ID twice")
        return cls(keys)

    @staticmethod
    def new(name: str) -> str:
        """A line of the file: a new key under this ID."""
        return f"{name} {b64encode(secrets.token_bytes(KEY)).decode()}\n"

    @property
    def current(self) -> str:
        return next(iter(self.keys))

    def derived(self, master: str, purpose: str) -> bytes:
        """A key of its own for this purpose."""
        return HKDF(SHA256(), KEY, salt=None, info=purpose.encode()).derive(self.keys[master])

    def wrap(self, number: str, key: bytes) -> str:
        """The case's key under the current master key."""
        return sealed(self.keys[self.current], key, f"vault/{number}")

    def unwrap(self, number: str, master: str, wrapped: str) -> bytes:
        """The case's key; Unreadable if the master key is not among these."""
        if master not in self.keys:
            raise Unreadable("the master key is not in HOTLINE_MASTER_KEYS_FILE")
        return opened(self.keys[master], wrapped, f"vault/{number}")


def sealed(key: bytes, content: bytes, about: str) -> str:
    """AES-GCM under a new nonce; `about` is where it stands: it opens nowhere else."""
    nonce = secrets.token_bytes(NONCE)
    return FORM + urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, content, about.encode())).decode()


def opened(key: bytes, text: str, about: str) -> bytes:
    """What `sealed` sealed; otherwise Unreadable."""
    try:
        raw = urlsafe_b64decode(text.removeprefix(FORM))
        return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable("it does not open") from None
