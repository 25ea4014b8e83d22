import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import api_key_pb2 as _api_key_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Principal(_message.Message):
    __slots__ = ("project_id", "key_id", "kind", "permissions", "all_permissions", "operator", "frozen_time", "expire_time")
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    ALL_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    FROZEN_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    project_id: str
    key_id: str
    kind: _api_key_pb2.KeyKind
    permissions: _containers.RepeatedScalarFieldContainer[str]
    all_permissions: bool
    operator: bool
    frozen_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, project_id: _Optional[str] = ..., key_id: _Optional[str] = ..., kind: _Optional[_Union[_api_key_pb2.KeyKind, str]] = ..., permissions: _Optional[_Iterable[str]] = ..., all_permissions: _Optional[bool] = ..., operator: _Optional[bool] = ..., frozen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
