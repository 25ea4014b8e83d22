import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_BALANCE_THRESHOLD: _ClassVar[EventType]
    EVENT_TYPE_ENTITLEMENT_RESET: _ClassVar[EventType]
    EVENT_TYPE_INVOICE_CREATED: _ClassVar[EventType]
    EVENT_TYPE_INVOICE_UPDATED: _ClassVar[EventType]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_BALANCE_THRESHOLD: EventType
EVENT_TYPE_ENTITLEMENT_RESET: EventType
EVENT_TYPE_INVOICE_CREATED: EventType
EVENT_TYPE_INVOICE_UPDATED: EventType

class Rule(_message.Message):
    __slots__ = ("id", "event_type", "name", "channels", "features", "thresholds", "disabled", "metadata", "etag", "create_time", "update_time", "delete_time")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    event_type: EventType
    name: str
    channels: _containers.RepeatedCompositeFieldContainer[RuleChannel]
    features: _containers.RepeatedCompositeFieldContainer[RuleFeature]
    thresholds: _containers.RepeatedCompositeFieldContainer[Threshold]
    disabled: bool
    metadata: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., event_type: _Optional[_Union[EventType, str]] = ..., name: _Optional[str] = ..., channels: _Optional[_Iterable[_Union[RuleChannel, _Mapping]]] = ..., features: _Optional[_Iterable[_Union[RuleFeature, _Mapping]]] = ..., thresholds: _Optional[_Iterable[_Union[Threshold, _Mapping]]] = ..., disabled: _Optional[bool] = ..., metadata: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RuleChannel(_message.Message):
    __slots__ = ("id", "type")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[RuleChannel.Type]
        TYPE_WEBHOOK: _ClassVar[RuleChannel.Type]
    TYPE_UNSPECIFIED: RuleChannel.Type
    TYPE_WEBHOOK: RuleChannel.Type
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: RuleChannel.Type
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[RuleChannel.Type, str]] = ...) -> None: ...

class RuleFeature(_message.Message):
    __slots__ = ("id", "key")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class Threshold(_message.Message):
    __slots__ = ("type", "value")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[Threshold.Type]
        TYPE_NUMBER: _ClassVar[Threshold.Type]
        TYPE_PERCENT: _ClassVar[Threshold.Type]
        TYPE_USAGE_VALUE: _ClassVar[Threshold.Type]
        TYPE_USAGE_PERCENTAGE: _ClassVar[Threshold.Type]
        TYPE_BALANCE_VALUE: _ClassVar[Threshold.Type]
    TYPE_UNSPECIFIED: Threshold.Type
    TYPE_NUMBER: Threshold.Type
    TYPE_PERCENT: Threshold.Type
    TYPE_USAGE_VALUE: Threshold.Type
    TYPE_USAGE_PERCENTAGE: Threshold.Type
    TYPE_BALANCE_VALUE: Threshold.Type
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    type: Threshold.Type
    value: _decimal_pb2.Decimal
    def __init__(self, type: _Optional[_Union[Threshold.Type, str]] = ..., value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
