"""The seal of the house (印章): an Ed25519 key that signs the days' roots, as JWS (RFC 7515, 9864)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import TypeAdapter

from domain.roots import Statement

ALGORITHM = "Ed25519"
STATEMENT = TypeAdapter(Statement)


class Forged(Exception):
    """What was signed does not bear this key's signature, or says something else."""


@dataclass(frozen=True)
class Seal:
    """A key; without its private part it can only verify."""

    key: OKPKey

    @classmethod
    def read(cls, file: Path) -> Seal:
        """From a PEM file, private or public; a ValueError if it holds no Ed25519 key."""
        key = OKPKey.import_key(file.read_bytes())
        if key.curve_name != ALGORITHM:
            raise ValueError(f"{file}: not an Ed25519 key")
        return cls(key)

    @classmethod
    def new(cls) -> Seal:
        """A new key."""
        return cls(OKPKey.generate_key("Ed25519"))

    @property
    def private(self) -> bytes:
        return self.key.as_pem(private=True)

    @property
    def public(self) -> bytes:
        return self.key.as_pem(private=False)

    def sign(self, statement: Statement) -> str:
        """The statement, signed: a compact JWS that names the key by its thumbprint (RFC 7638)."""
        header = {"alg": ALGORITHM, "kid": self.key.thumbprint()}
        return jws.serialize_compact(header, STATEMENT.dump_json(statement), self.key, algorithms=[ALGORITHM])

    def open(self, signed: str) -> Statement:
        """What was signed with this key; else Forged."""
        try:
            found = jws.deserialize_compact(signed, self.key, algorithms=[ALGORITHM])
            return STATEMENT.validate_json(found.payload)
        except (JoseError, ValueError) as error:
            raise Forged(f"not signed with the key {self.key.thumbprint()}") from error
