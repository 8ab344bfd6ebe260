"""Which Ed25519 public keys may be relied on: points of the group of prime order, and no others.

`cryptography` verifies signatures under any key that decodes, and under a low-order key one
signature can fit every message; so whoever pins a key must look at the point. Refused are:

- bytes that are not 32, or no point of the curve, or not the only encoding of their point;
- the eight points of low order;
- sums of a good point and one of low order. No honest generation gives them, and the owner of one
  secret could show eight such keys: one witness under eight names.

The last line of arithmetic covers the last two: multiplied by the order of the group, a point of
it gives the neutral point, and any other gives its part of low order, times an odd number. All
here is public, so it need not run in constant time. It takes about a millisecond.

Source:
    RFC 8032, sections 5.1 and 5.1.3.
"""

from __future__ import annotations

from typing import TypeAlias

from infrastructure.ledger.errors import KeyRefused

PUBLIC_SIZE = 32

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_SIGN = 1 << 255

_Point: TypeAlias = tuple[int, int, int, int]
"""A point in extended coordinates: X, Y, Z, T, where x = X/Z, y = Y/Z and x * y = T/Z."""

_NEUTRAL: _Point = (0, 1, 1, 0)


def require_prime_order(public: bytes) -> None:
    """Accept an encoded public key only if it is a point of the group of prime order.

    Raises:
        KeyRefused: it is another point, or none, or a second way to write one.
    """
    point = _decoded(public)
    if _is_neutral(point) or not _is_neutral(_multiplied(_ORDER, point)):
        raise KeyRefused("Ed25519 key: expected a point of prime order, found another")


def _decoded(public: bytes) -> _Point:
    if len(public) != PUBLIC_SIZE:
        raise KeyRefused(f"Ed25519 key: expected {PUBLIC_SIZE} bytes, found {len(public)}")
    encoded = int.from_bytes(public, "little")
    y = encoded & ~_SIGN
    odd = bool(encoded & _SIGN)
    if y >= _P:
        raise KeyRefused("Ed25519 key: expected y below the prime, found a second encoding")
    x = _square_root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x == 0 and odd:
        raise KeyRefused("Ed25519 key: expected a sign that x can have, found a second encoding")
    if bool(x & 1) is not odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _square_root(square: int) -> int:
    """Return a root modulo the prime, which is 5 modulo 8."""
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _ROOT_OF_MINUS_ONE % _P
    if root * root % _P != square:
        raise KeyRefused("Ed25519 key: expected a point of the curve, found none")
    return root


def _multiplied(factor: int, point: _Point) -> _Point:
    product = _NEUTRAL
    for bit in f"{factor:b}":
        product = _sum(product, product)
        if bit == "1":
            product = _sum(product, point)
    return product


def _sum(left: _Point, right: _Point) -> _Point:
    """Add two points; the formula is complete, so doubling is no special case.

    Source:
        RFC 8032, section 5.1.4.
    """
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * _D * t1 * t2 % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z
