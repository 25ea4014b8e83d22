import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Meter(_message.Message):
    __slots__ = ("id", "slug", "name", "description", "event_type", "event_from_time", "aggregation", "value_property", "group_by", "metadata", "annotations", "etag", "create_time", "update_time", "delete_time")
    class Aggregation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        AGGREGATION_UNSPECIFIED: _ClassVar[Meter.Aggregation]
        AGGREGATION_SUM: _ClassVar[Meter.Aggregation]
        AGGREGATION_COUNT: _ClassVar[Meter.Aggregation]
        AGGREGATION_UNIQUE_COUNT: _ClassVar[Meter.Aggregation]
        AGGREGATION_AVG: _ClassVar[Meter.Aggregation]
        AGGREGATION_MIN: _ClassVar[Meter.Aggregation]
        AGGREGATION_MAX: _ClassVar[Meter.Aggregation]
        AGGREGATION_LATEST: _ClassVar[Meter.Aggregation]
    AGGREGATION_UNSPECIFIED: Meter.Aggregation
    AGGREGATION_SUM: Meter.Aggregation
    AGGREGATION_COUNT: Meter.Aggregation
    AGGREGATION_UNIQUE_COUNT: Meter.Aggregation
    AGGREGATION_AVG: Meter.Aggregation
    AGGREGATION_MIN: Meter.Aggregation
    AGGREGATION_MAX: Meter.Aggregation
    AGGREGATION_LATEST: Meter.Aggregation
    class GroupByEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    VALUE_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    slug: str
    name: str
    description: str
    event_type: str
    event_from_time: _timestamp_pb2.Timestamp
    aggregation: Meter.Aggregation
    value_property: str
    group_by: _containers.ScalarMap[str, str]
    metadata: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., slug: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., event_type: _Optional[str] = ..., event_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., aggregation: _Optional[_Union[Meter.Aggregation, str]] = ..., value_property: _Optional[str] = ..., group_by: _Optional[_Mapping[str, str]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MeterRef(_message.Message):
    __slots__ = ("id", "slug", "id_or_slug")
    ID_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    ID_OR_SLUG_FIELD_NUMBER: _ClassVar[int]
    id: str
    slug: str
    id_or_slug: str
    def __init__(self, id: _Optional[str] = ..., slug: _Optional[str] = ..., id_or_slug: _Optional[str] = ...) -> None: ...

class MeterHold(_message.Message):
    __slots__ = ("meter_id", "reason", "holder_id", "group_by_keys", "display_text", "create_time")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[MeterHold.Reason]
        REASON_FEATURE: _ClassVar[MeterHold.Reason]
        REASON_ENTITLEMENT: _ClassVar[MeterHold.Reason]
    REASON_UNSPECIFIED: MeterHold.Reason
    REASON_FEATURE: MeterHold.Reason
    REASON_ENTITLEMENT: MeterHold.Reason
    METER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_KEYS_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_TEXT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    meter_id: str
    reason: MeterHold.Reason
    holder_id: str
    group_by_keys: _containers.RepeatedScalarFieldContainer[str]
    display_text: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, meter_id: _Optional[str] = ..., reason: _Optional[_Union[MeterHold.Reason, str]] = ..., holder_id: _Optional[str] = ..., group_by_keys: _Optional[_Iterable[str]] = ..., display_text: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
