"""The connection: one channel, and on it the stubs of every service."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import grpc
import grpc.aio

from perennial_sdk import calls

Stub = TypeVar("Stub")

_MAX_MESSAGE = 64 * 1024 * 1024


class _Settings:
    """What both clients are made from."""

    def __init__(
        self,
        address: str,
        key: str,
        project: str | None,
        timeout: float,
        attempts: int,
        root_certificates: bytes | None,
        client_certificate: tuple[bytes, bytes] | None,
    ) -> None:
        if not key.isascii() or not key.isprintable():
            raise ValueError("the key has characters that cannot be sent")
        scheme, separator, rest = address.partition("://")
        if separator and scheme not in ("http", "https"):
            raise ValueError(f"the address `{address}` cannot be used")
        self.target = (rest if separator else address).rstrip("/")
        if not self.target:
            raise ValueError("the address is empty")
        chain, private_key = client_certificate or (None, None)
        credentials = grpc.ssl_channel_credentials(root_certificates, private_key, chain)
        self.credentials = credentials if scheme == "https" else None
        metadata = [("authorization", f"Bearer {key}")]
        if project is not None:
            metadata.append(("x-perennial-project", project))
        self.defaults = calls.Defaults(tuple(metadata), timeout)
        self.options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", _MAX_MESSAGE),
            ("grpc.max_send_message_length", _MAX_MESSAGE),
            ("grpc.service_config", _service_config(attempts)),
        ]


class Client:
    """A connection to a Perennial installation, made on the first call.

    ``address`` is ``host:port`` or a URL; ``https://`` means TLS, checked against the system's
    certificates or ``root_certificates`` (PEM). A server that asks for a certificate is shown
    ``client_certificate``: PEM of a certificate, with those that lead to its authority behind it, and
    of its private key. ``timeout`` in seconds is the longest time that a call may take, its retries
    included; streams have none unless a call names one. ``project`` acts in that project (id or name)
    and needs a key with the operator right. ``attempts`` counts the first.
    """

    def __init__(
        self,
        address: str,
        key: str,
        *,
        project: str | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        root_certificates: bytes | None = None,
        client_certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        settings = _Settings(address, key, project, timeout, attempts, root_certificates, client_certificate)
        if settings.credentials is None:
            channel = grpc.insecure_channel(settings.target, settings.options)
        else:
            channel = grpc.secure_channel(settings.target, settings.credentials, settings.options)
        self.channel: grpc.Channel = calls.Channel(channel, settings.defaults)

    def service(self, stub: Callable[[grpc.Channel], Stub]) -> Stub:
        """The stub of one service, such as ``customer.CustomerServiceStub``."""
        return stub(self.channel)

    def close(self) -> None:
        """Ends the connection."""
        self.channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """The same for ``asyncio``."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        project: str | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        root_certificates: bytes | None = None,
        client_certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        settings = _Settings(address, key, project, timeout, attempts, root_certificates, client_certificate)
        if settings.credentials is None:
            channel = grpc.aio.insecure_channel(settings.target, settings.options)
        else:
            channel = grpc.aio.secure_channel(settings.target, settings.credentials, settings.options)
        self._channel = channel
        self.channel: grpc.aio.Channel = calls.AsyncChannel(channel, settings.defaults)  # type: ignore[assignment]

    def service(self, stub: Callable[[grpc.aio.Channel], Stub]) -> Stub:
        """The stub of one service, such as ``customer.CustomerServiceStub``."""
        return stub(self.channel)

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _service_config(attempts: int) -> str:
    """Which methods gRPC itself may try again, with the pauses in between."""
    text = importlib.resources.files("perennial.api").joinpath("service_config.json").read_text("utf-8")
    config = json.loads(text)
    for method in config["methodConfig"]:
        if "retryPolicy" not in method:
            continue
        if attempts > 1:
            method["retryPolicy"]["maxAttempts"] = attempts
        else:
            del method["retryPolicy"]
    return json.dumps(config)
