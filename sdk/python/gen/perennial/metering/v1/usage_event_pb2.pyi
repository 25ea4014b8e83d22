import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UsageEvent(_message.Message):
    __slots__ = ("id", "source", "type", "subject", "time", "data")
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    id: str
    source: str
    type: str
    subject: str
    time: _timestamp_pb2.Timestamp
    data: str
    def __init__(self, id: _Optional[str] = ..., source: _Optional[str] = ..., type: _Optional[str] = ..., subject: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data: _Optional[str] = ...) -> None: ...

class EventRef(_message.Message):
    __slots__ = ("source", "id")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    source: str
    id: str
    def __init__(self, source: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class EventCorrection(_message.Message):
    __slots__ = ("reason", "actor", "correct_time", "replacement")
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    CORRECT_TIME_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    actor: str
    correct_time: _timestamp_pb2.Timestamp
    replacement: EventRef
    def __init__(self, reason: _Optional[str] = ..., actor: _Optional[str] = ..., correct_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., replacement: _Optional[_Union[EventRef, _Mapping]] = ...) -> None: ...

class IngestedEvent(_message.Message):
    __slots__ = ("event", "customer_id", "validation_error", "ingest_time", "store_time", "state", "correction", "replaces")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[IngestedEvent.State]
        STATE_ACTIVE: _ClassVar[IngestedEvent.State]
        STATE_VOIDED: _ClassVar[IngestedEvent.State]
    STATE_UNSPECIFIED: IngestedEvent.State
    STATE_ACTIVE: IngestedEvent.State
    STATE_VOIDED: IngestedEvent.State
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ERROR_FIELD_NUMBER: _ClassVar[int]
    INGEST_TIME_FIELD_NUMBER: _ClassVar[int]
    STORE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    event: UsageEvent
    customer_id: str
    validation_error: str
    ingest_time: _timestamp_pb2.Timestamp
    store_time: _timestamp_pb2.Timestamp
    state: IngestedEvent.State
    correction: EventCorrection
    replaces: EventRef
    def __init__(self, event: _Optional[_Union[UsageEvent, _Mapping]] = ..., customer_id: _Optional[str] = ..., validation_error: _Optional[str] = ..., ingest_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., store_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[IngestedEvent.State, str]] = ..., correction: _Optional[_Union[EventCorrection, _Mapping]] = ..., replaces: _Optional[_Union[EventRef, _Mapping]] = ...) -> None: ...

class EventCursor(_message.Message):
    __slots__ = ("time", "id", "source")
    TIME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    id: str
    source: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., id: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...
