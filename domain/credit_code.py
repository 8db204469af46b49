"""The unified social credit code (统一社会信用代码) of whoever is registered, by its standard GB 32100-2015."""

from __future__ import annotations

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Digits and letters without I, O, S, V, Z; each stands for its place."""
LENGTH = 18


def is_credit_code(code: str) -> bool:
    """18 signs, the last of which checks the others."""
    return len(code) == LENGTH and all(sign in SIGNS for sign in code) and code[-1] == check_sign(code[:-1])


def check_sign(body: str) -> str:
    """The last sign for the 17 before it: weights are powers of 3, the sum is brought to 31."""
    total = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return SIGNS[-total % 31]
