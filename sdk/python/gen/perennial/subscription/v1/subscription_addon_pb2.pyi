import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubscriptionAddon(_message.Message):
    __slots__ = ("id", "subscription_id", "addon_id", "addon_key", "addon_version", "name", "description", "metadata", "timeline", "rate_cards", "create_time", "update_time", "quantity", "quantity_time", "single")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_KEY_FIELD_NUMBER: _ClassVar[int]
    ADDON_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    RATE_CARDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_TIME_FIELD_NUMBER: _ClassVar[int]
    SINGLE_FIELD_NUMBER: _ClassVar[int]
    id: str
    subscription_id: str
    addon_id: str
    addon_key: str
    addon_version: int
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    timeline: _containers.RepeatedCompositeFieldContainer[AddonQuantitySegment]
    rate_cards: _containers.RepeatedCompositeFieldContainer[AddonRateCard]
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    quantity: int
    quantity_time: _timestamp_pb2.Timestamp
    single: bool
    def __init__(self, id: _Optional[str] = ..., subscription_id: _Optional[str] = ..., addon_id: _Optional[str] = ..., addon_key: _Optional[str] = ..., addon_version: _Optional[int] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., timeline: _Optional[_Iterable[_Union[AddonQuantitySegment, _Mapping]]] = ..., rate_cards: _Optional[_Iterable[_Union[AddonRateCard, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quantity: _Optional[int] = ..., quantity_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., single: _Optional[bool] = ...) -> None: ...

class AddonQuantitySegment(_message.Message):
    __slots__ = ("start_time", "end_time", "quantity")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    quantity: int
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quantity: _Optional[int] = ...) -> None: ...

class AddonRateCard(_message.Message):
    __slots__ = ("rate_card", "affected_item_ids")
    RATE_CARD_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    rate_card: _rate_card_pb2.RateCard
    affected_item_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rate_card: _Optional[_Union[_rate_card_pb2.RateCard, _Mapping]] = ..., affected_item_ids: _Optional[_Iterable[str]] = ...) -> None: ...
