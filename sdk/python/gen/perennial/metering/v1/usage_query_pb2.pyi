import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.metering.v1 import filter_pb2 as _filter_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WindowSize(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WINDOW_SIZE_UNSPECIFIED: _ClassVar[WindowSize]
    WINDOW_SIZE_MINUTE: _ClassVar[WindowSize]
    WINDOW_SIZE_HOUR: _ClassVar[WindowSize]
    WINDOW_SIZE_DAY: _ClassVar[WindowSize]
    WINDOW_SIZE_MONTH: _ClassVar[WindowSize]
WINDOW_SIZE_UNSPECIFIED: WindowSize
WINDOW_SIZE_MINUTE: WindowSize
WINDOW_SIZE_HOUR: WindowSize
WINDOW_SIZE_DAY: WindowSize
WINDOW_SIZE_MONTH: WindowSize

class UsageRow(_message.Message):
    __slots__ = ("value", "window_start_time", "window_end_time", "subject", "customer_id", "group_by")
    class GroupByEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_TIME_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    value: _decimal_pb2.Decimal
    window_start_time: _timestamp_pb2.Timestamp
    window_end_time: _timestamp_pb2.Timestamp
    subject: str
    customer_id: str
    group_by: _containers.ScalarMap[str, str]
    def __init__(self, value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., window_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., subject: _Optional[str] = ..., customer_id: _Optional[str] = ..., group_by: _Optional[_Mapping[str, str]] = ...) -> None: ...

class UsageQuery(_message.Message):
    __slots__ = ("meter_id", "subject_keys", "group_by_filters", "start_time", "end_time", "window_size", "window_time_zone")
    class GroupByFiltersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _filter_pb2.FilterString
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ...) -> None: ...
    METER_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KEYS_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    meter_id: str
    subject_keys: _containers.RepeatedScalarFieldContainer[str]
    group_by_filters: _containers.MessageMap[str, _filter_pb2.FilterString]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    window_size: WindowSize
    window_time_zone: str
    def __init__(self, meter_id: _Optional[str] = ..., subject_keys: _Optional[_Iterable[str]] = ..., group_by_filters: _Optional[_Mapping[str, _filter_pb2.FilterString]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_size: _Optional[_Union[WindowSize, str]] = ..., window_time_zone: _Optional[str] = ...) -> None: ...

class UsageResult(_message.Message):
    __slots__ = ("value", "windows")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    value: _decimal_pb2.Decimal
    windows: _containers.RepeatedCompositeFieldContainer[UsageWindow]
    def __init__(self, value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., windows: _Optional[_Iterable[_Union[UsageWindow, _Mapping]]] = ...) -> None: ...

class UsageWindow(_message.Message):
    __slots__ = ("start_time", "end_time", "value")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    value: _decimal_pb2.Decimal
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
