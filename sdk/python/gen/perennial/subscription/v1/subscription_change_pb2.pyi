import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChangeCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_CAUSE_UNSPECIFIED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_CREATED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_EDITED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_CANCELED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_CONTINUED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_RESTORED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_CHANGED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_MIGRATED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_DELETED: _ClassVar[ChangeCause]
    CHANGE_CAUSE_ADDON_CHANGED: _ClassVar[ChangeCause]
CHANGE_CAUSE_UNSPECIFIED: ChangeCause
CHANGE_CAUSE_CREATED: ChangeCause
CHANGE_CAUSE_EDITED: ChangeCause
CHANGE_CAUSE_CANCELED: ChangeCause
CHANGE_CAUSE_CONTINUED: ChangeCause
CHANGE_CAUSE_RESTORED: ChangeCause
CHANGE_CAUSE_CHANGED: ChangeCause
CHANGE_CAUSE_MIGRATED: ChangeCause
CHANGE_CAUSE_DELETED: ChangeCause
CHANGE_CAUSE_ADDON_CHANGED: ChangeCause

class SubscriptionChange(_message.Message):
    __slots__ = ("id", "subscription_id", "customer_id", "revision", "cause", "actor", "record_time", "effective_time", "end_time", "item_key", "before", "after")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ITEM_KEY_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    id: str
    subscription_id: str
    customer_id: str
    revision: int
    cause: ChangeCause
    actor: str
    record_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    item_key: str
    before: SoldItem
    after: SoldItem
    def __init__(self, id: _Optional[str] = ..., subscription_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., revision: _Optional[int] = ..., cause: _Optional[_Union[ChangeCause, str]] = ..., actor: _Optional[str] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., item_key: _Optional[str] = ..., before: _Optional[_Union[SoldItem, _Mapping]] = ..., after: _Optional[_Union[SoldItem, _Mapping]] = ...) -> None: ...

class SoldItem(_message.Message):
    __slots__ = ("item_id", "phase_key", "rate_card")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    RATE_CARD_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    phase_key: str
    rate_card: _rate_card_pb2.RateCard
    def __init__(self, item_id: _Optional[str] = ..., phase_key: _Optional[str] = ..., rate_card: _Optional[_Union[_rate_card_pb2.RateCard, _Mapping]] = ...) -> None: ...
