"""What is added to each call: credential, deadline, request id, typed errors."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from perennial_sdk import error


@dataclass(frozen=True)
class Defaults:
    """What calls get that say nothing else."""

    metadata: tuple[tuple[str, str], ...]
    timeout: float

    def unary(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options of a call with one answer."""
        if options.get("timeout") is None:
            options["timeout"] = self.timeout
        return self.stream(options)

    def stream(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options of a call with many answers."""
        options["metadata"] = (*self.metadata, *(options.get("metadata") or ()))
        return options


def with_request_id(request: Any) -> Any:
    """The request, with a fresh id if it can have one and has none. All attempts of gRPC send it
    as it is, so a change that was made but not answered is not made twice."""
    if "request_id" not in request.DESCRIPTOR.fields_by_name or request.request_id:
        return request
    named = type(request)()
    named.CopyFrom(request)
    named.request_id = uuid.uuid4().hex
    return named


class _Unary:
    """A call with one answer. A ``future`` fails with gRPC's own error."""

    def __init__(self, inner: Any, defaults: Defaults) -> None:
        self._inner, self._defaults = inner, defaults

    def __call__(self, request: Any, timeout: float | None = None, **options: Any) -> Any:
        try:
            return self._inner(with_request_id(request), **self._defaults.unary({**options, "timeout": timeout}))
        except grpc.RpcError as failure:
            raise error.from_rpc(failure) from failure

    def with_call(self, request: Any, timeout: float | None = None, **options: Any) -> Any:
        try:
            return self._inner.with_call(
                with_request_id(request), **self._defaults.unary({**options, "timeout": timeout})
            )
        except grpc.RpcError as failure:
            raise error.from_rpc(failure) from failure

    def future(self, request: Any, timeout: float | None = None, **options: Any) -> Any:
        return self._inner.future(with_request_id(request), **self._defaults.unary({**options, "timeout": timeout}))


class _Answers:
    """A stream of answers that fails with our errors."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._inner)
        except grpc.RpcError as failure:
            raise error.from_rpc(failure) from failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Stream:
    """A call with a stream of answers."""

    def __init__(self, inner: Any, defaults: Defaults) -> None:
        self._inner, self._defaults = inner, defaults

    def __call__(self, requests: Any, **options: Any) -> _Answers:
        return _Answers(self._inner(requests, **self._defaults.stream(options)))


class _Upload:
    """A call with a stream of requests and one answer."""

    def __init__(self, inner: Any, defaults: Defaults) -> None:
        self._inner, self._defaults = inner, defaults

    def __call__(self, requests: Any, **options: Any) -> Any:
        try:
            return self._inner(requests, **self._defaults.stream(options))
        except grpc.RpcError as failure:
            raise error.from_rpc(failure) from failure


class Channel(grpc.Channel):
    """A channel whose calls carry the defaults."""

    def __init__(self, inner: grpc.Channel, defaults: Defaults) -> None:
        self._inner, self._defaults = inner, defaults

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        return _Unary(self._inner.unary_unary(method, *arguments, **named), self._defaults)

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        return _Stream(self._inner.unary_stream(method, *arguments, **named), self._defaults)

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        return _Upload(self._inner.stream_unary(method, *arguments, **named), self._defaults)

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        return _Stream(self._inner.stream_stream(method, *arguments, **named), self._defaults)

    def subscribe(self, callback: Any, try_to_connect: bool = False) -> None:
        self._inner.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Any) -> None:
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class AsyncChannel:
    """The same for ``asyncio``. Calls with one answer are coroutines, streams of answers are
    asynchronous iterators."""

    def __init__(self, inner: grpc.aio.Channel, defaults: Defaults) -> None:
        self._inner, self._defaults = inner, defaults

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        inner = self._inner.unary_unary(method, *arguments, **named)

        async def call(request: Any, timeout: float | None = None, **options: Any) -> Any:
            try:
                return await inner(with_request_id(request), **self._defaults.unary({**options, "timeout": timeout}))
            except grpc.aio.AioRpcError as failure:
                raise error.from_rpc(failure) from failure

        return call

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        inner = self._inner.stream_unary(method, *arguments, **named)

        async def call(requests: Any, **options: Any) -> Any:
            try:
                return await inner(requests, **self._defaults.stream(options))
            except grpc.aio.AioRpcError as failure:
                raise error.from_rpc(failure) from failure

        return call

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        return self._answers(self._inner.unary_stream(method, *arguments, **named))

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        return self._answers(self._inner.stream_stream(method, *arguments, **named))

    def _answers(self, inner: Any) -> Any:
        async def call(requests: Any, **options: Any) -> AsyncIterator[Any]:
            try:
                async for answer in inner(requests, **self._defaults.stream(options)):
                    yield answer
            except grpc.aio.AioRpcError as failure:
                raise error.from_rpc(failure) from failure

        return call
