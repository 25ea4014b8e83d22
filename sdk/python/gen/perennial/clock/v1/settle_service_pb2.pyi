import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SettleRequest(_message.Message):
    __slots__ = ("clock_time",)
    CLOCK_TIME_FIELD_NUMBER: _ClassVar[int]
    clock_time: _timestamp_pb2.Timestamp
    def __init__(self, clock_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SettleResponse(_message.Message):
    __slots__ = ("settled_count",)
    SETTLED_COUNT_FIELD_NUMBER: _ClassVar[int]
    settled_count: int
    def __init__(self, settled_count: _Optional[int] = ...) -> None: ...
