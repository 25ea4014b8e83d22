import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FilterString(_message.Message):
    __slots__ = ("equals", "not_equals", "one_of", "none_of", "like", "not_like", "like_ignore_case", "not_like_ignore_case", "greater_than", "greater_or_equal", "less_than", "less_or_equal", "all_of", "any_of", "contains")
    EQUALS_FIELD_NUMBER: _ClassVar[int]
    NOT_EQUALS_FIELD_NUMBER: _ClassVar[int]
    ONE_OF_FIELD_NUMBER: _ClassVar[int]
    NONE_OF_FIELD_NUMBER: _ClassVar[int]
    LIKE_FIELD_NUMBER: _ClassVar[int]
    NOT_LIKE_FIELD_NUMBER: _ClassVar[int]
    LIKE_IGNORE_CASE_FIELD_NUMBER: _ClassVar[int]
    NOT_LIKE_IGNORE_CASE_FIELD_NUMBER: _ClassVar[int]
    GREATER_THAN_FIELD_NUMBER: _ClassVar[int]
    GREATER_OR_EQUAL_FIELD_NUMBER: _ClassVar[int]
    LESS_THAN_FIELD_NUMBER: _ClassVar[int]
    LESS_OR_EQUAL_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    equals: str
    not_equals: str
    one_of: StringList
    none_of: StringList
    like: str
    not_like: str
    like_ignore_case: str
    not_like_ignore_case: str
    greater_than: str
    greater_or_equal: str
    less_than: str
    less_or_equal: str
    all_of: FilterStringList
    any_of: FilterStringList
    contains: str
    def __init__(self, equals: _Optional[str] = ..., not_equals: _Optional[str] = ..., one_of: _Optional[_Union[StringList, _Mapping]] = ..., none_of: _Optional[_Union[StringList, _Mapping]] = ..., like: _Optional[str] = ..., not_like: _Optional[str] = ..., like_ignore_case: _Optional[str] = ..., not_like_ignore_case: _Optional[str] = ..., greater_than: _Optional[str] = ..., greater_or_equal: _Optional[str] = ..., less_than: _Optional[str] = ..., less_or_equal: _Optional[str] = ..., all_of: _Optional[_Union[FilterStringList, _Mapping]] = ..., any_of: _Optional[_Union[FilterStringList, _Mapping]] = ..., contains: _Optional[str] = ...) -> None: ...

class FilterStringList(_message.Message):
    __slots__ = ("filters",)
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    filters: _containers.RepeatedCompositeFieldContainer[FilterString]
    def __init__(self, filters: _Optional[_Iterable[_Union[FilterString, _Mapping]]] = ...) -> None: ...

class StringList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class FilterTime(_message.Message):
    __slots__ = ("greater_than", "greater_or_equal", "less_than", "less_or_equal", "all_of", "any_of")
    GREATER_THAN_FIELD_NUMBER: _ClassVar[int]
    GREATER_OR_EQUAL_FIELD_NUMBER: _ClassVar[int]
    LESS_THAN_FIELD_NUMBER: _ClassVar[int]
    LESS_OR_EQUAL_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    greater_than: _timestamp_pb2.Timestamp
    greater_or_equal: _timestamp_pb2.Timestamp
    less_than: _timestamp_pb2.Timestamp
    less_or_equal: _timestamp_pb2.Timestamp
    all_of: FilterTimeList
    any_of: FilterTimeList
    def __init__(self, greater_than: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., greater_or_equal: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., less_than: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., less_or_equal: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., all_of: _Optional[_Union[FilterTimeList, _Mapping]] = ..., any_of: _Optional[_Union[FilterTimeList, _Mapping]] = ...) -> None: ...

class FilterTimeList(_message.Message):
    __slots__ = ("filters",)
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    filters: _containers.RepeatedCompositeFieldContainer[FilterTime]
    def __init__(self, filters: _Optional[_Iterable[_Union[FilterTime, _Mapping]]] = ...) -> None: ...
