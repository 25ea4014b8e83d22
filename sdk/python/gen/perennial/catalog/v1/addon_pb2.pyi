import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from perennial.kernel.v1 import issue_pb2 as _issue_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Addon(_message.Message):
    __slots__ = ("id", "key", "version", "name", "description", "currency_code", "instance_type", "rate_cards", "effective_from_time", "effective_to_time", "state", "validation_issues", "metadata", "etag", "create_time", "update_time", "delete_time")
    class InstanceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INSTANCE_TYPE_UNSPECIFIED: _ClassVar[Addon.InstanceType]
        INSTANCE_TYPE_SINGLE: _ClassVar[Addon.InstanceType]
        INSTANCE_TYPE_MULTIPLE: _ClassVar[Addon.InstanceType]
    INSTANCE_TYPE_UNSPECIFIED: Addon.InstanceType
    INSTANCE_TYPE_SINGLE: Addon.InstanceType
    INSTANCE_TYPE_MULTIPLE: Addon.InstanceType
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Addon.State]
        STATE_DRAFT: _ClassVar[Addon.State]
        STATE_ACTIVE: _ClassVar[Addon.State]
        STATE_ARCHIVED: _ClassVar[Addon.State]
    STATE_UNSPECIFIED: Addon.State
    STATE_DRAFT: Addon.State
    STATE_ACTIVE: Addon.State
    STATE_ARCHIVED: Addon.State
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RATE_CARDS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ISSUES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    version: int
    name: str
    description: str
    currency_code: str
    instance_type: Addon.InstanceType
    rate_cards: _containers.RepeatedCompositeFieldContainer[_rate_card_pb2.RateCard]
    effective_from_time: _timestamp_pb2.Timestamp
    effective_to_time: _timestamp_pb2.Timestamp
    state: Addon.State
    validation_issues: _containers.RepeatedCompositeFieldContainer[_issue_pb2.ValidationIssue]
    metadata: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., version: _Optional[int] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., currency_code: _Optional[str] = ..., instance_type: _Optional[_Union[Addon.InstanceType, str]] = ..., rate_cards: _Optional[_Iterable[_Union[_rate_card_pb2.RateCard, _Mapping]]] = ..., effective_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[Addon.State, str]] = ..., validation_issues: _Optional[_Iterable[_Union[_issue_pb2.ValidationIssue, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AddonRef(_message.Message):
    __slots__ = ("id", "key", "id_or_key", "version", "latest")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ID_OR_KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    id_or_key: str
    version: int
    latest: bool
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., id_or_key: _Optional[str] = ..., version: _Optional[int] = ..., latest: _Optional[bool] = ...) -> None: ...
