import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EntitlementReset(_message.Message):
    __slots__ = ("entitlement", "effective_time", "retain_anchor", "preserve_overage")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    RETAIN_ANCHOR_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_OVERAGE_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    effective_time: _timestamp_pb2.Timestamp
    retain_anchor: bool
    preserve_overage: bool
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retain_anchor: _Optional[bool] = ..., preserve_overage: _Optional[bool] = ...) -> None: ...
