import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from perennial.customer.v1 import api_key_pb2 as _api_key_pb2
from perennial.customer.v1 import principal_pb2 as _principal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolvePrincipalRequest(_message.Message):
    __slots__ = ("key", "allowed_kinds", "project")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_KINDS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    key: str
    allowed_kinds: _containers.RepeatedScalarFieldContainer[_api_key_pb2.KeyKind]
    project: str
    def __init__(self, key: _Optional[str] = ..., allowed_kinds: _Optional[_Iterable[_Union[_api_key_pb2.KeyKind, str]]] = ..., project: _Optional[str] = ...) -> None: ...

class ResolvePrincipalResponse(_message.Message):
    __slots__ = ("principal",)
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    principal: _principal_pb2.Principal
    def __init__(self, principal: _Optional[_Union[_principal_pb2.Principal, _Mapping]] = ...) -> None: ...

class RateCharge(_message.Message):
    __slots__ = ("bucket", "limit", "span", "window")
    class Window(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WINDOW_UNSPECIFIED: _ClassVar[RateCharge.Window]
        WINDOW_FIXED: _ClassVar[RateCharge.Window]
        WINDOW_SLIDING: _ClassVar[RateCharge.Window]
    WINDOW_UNSPECIFIED: RateCharge.Window
    WINDOW_FIXED: RateCharge.Window
    WINDOW_SLIDING: RateCharge.Window
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    limit: int
    span: _duration_pb2.Duration
    window: RateCharge.Window
    def __init__(self, bucket: _Optional[str] = ..., limit: _Optional[int] = ..., span: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., window: _Optional[_Union[RateCharge.Window, str]] = ...) -> None: ...

class RateUsage(_message.Message):
    __slots__ = ("bucket", "used_count", "limit")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    USED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    used_count: int
    limit: int
    def __init__(self, bucket: _Optional[str] = ..., used_count: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class AdmitCallRequest(_message.Message):
    __slots__ = ("key", "allowed_kinds", "project", "charges")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_KINDS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    CHARGES_FIELD_NUMBER: _ClassVar[int]
    key: str
    allowed_kinds: _containers.RepeatedScalarFieldContainer[_api_key_pb2.KeyKind]
    project: str
    charges: _containers.RepeatedCompositeFieldContainer[RateCharge]
    def __init__(self, key: _Optional[str] = ..., allowed_kinds: _Optional[_Iterable[_Union[_api_key_pb2.KeyKind, str]]] = ..., project: _Optional[str] = ..., charges: _Optional[_Iterable[_Union[RateCharge, _Mapping]]] = ...) -> None: ...

class AdmitCallResponse(_message.Message):
    __slots__ = ("principal", "usages")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USAGES_FIELD_NUMBER: _ClassVar[int]
    principal: _principal_pb2.Principal
    usages: _containers.RepeatedCompositeFieldContainer[RateUsage]
    def __init__(self, principal: _Optional[_Union[_principal_pb2.Principal, _Mapping]] = ..., usages: _Optional[_Iterable[_Union[RateUsage, _Mapping]]] = ...) -> None: ...
