"""Errors by reason: what went wrong as data, so that nobody parses sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Violation:
    """One field that is wrong."""

    field: str
    """Path of the field in the request."""
    description: str
    """What is wrong with it."""


@dataclass(eq=False)
class PerennialError(Exception):
    """Why a call failed. The error of gRPC is its ``__cause__``. Like every exception it equals only itself, and it can be
    pickled and copied, as pools of processes do; the cause stays behind then."""

    code: grpc.StatusCode
    """Class of the error."""
    message: str
    """One sentence for people."""
    reason: str = ""
    """Stable reason in upper snake case; empty when the server gave none."""
    domain: str = ""
    """Who says so, such as ``perennial.customer``."""
    violations: list[Violation] = field(default_factory=list)
    """Fields that are wrong."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Facts about the error, by name."""

    def __post_init__(self) -> None:
        # Exceptions are made anew from their arguments.
        super().__init__(self.code, self.message, self.reason, self.domain, self.violations, self.metadata)

    def __str__(self) -> str:
        return f"{self.message} ({self.reason or self.code.name})"


def from_rpc(error: Any) -> PerennialError:
    """Reads the error of a gRPC call, of either API."""
    trailers: Iterable[Any] = error.trailing_metadata() or ()
    result = PerennialError(code=error.code(), message=error.details() or "")
    packed = next((value for name, value in trailers if name == _DETAILS), None)
    if packed is None:
        return result
    try:
        details = status_pb2.Status.FromString(packed).details
    except DecodeError:
        return result
    for detail in details:
        info = error_details_pb2.ErrorInfo()
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(info):
            result.reason, result.domain = info.reason, info.domain
            result.metadata = dict(info.metadata)
        elif detail.Unpack(bad):
            result.violations = [Violation(v.field, v.description) for v in bad.field_violations]
    return result
