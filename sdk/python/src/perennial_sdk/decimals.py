"""Exact decimals, and their form on the wire."""

from decimal import Decimal

from perennial.api import kernel


def to_wire(value: Decimal | int | str) -> kernel.Decimal:
    """The wire form, digit by digit; there is no way in for a float."""
    if isinstance(value, float):
        raise TypeError("a float is not exact: pass a Decimal, an int or a str")
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"{value} is not a finite number")
    return kernel.Decimal(value=format(exact, "f"))


def from_wire(value: kernel.Decimal) -> Decimal:
    """The number that was sent."""
    return Decimal(value.value)
