import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubscriptionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUBSCRIPTION_STATUS_UNSPECIFIED: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_SCHEDULED: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_ACTIVE: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_CANCELED: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_INACTIVE: _ClassVar[SubscriptionStatus]

class ProrationMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRORATION_MODE_UNSPECIFIED: _ClassVar[ProrationMode]
    PRORATION_MODE_NONE: _ClassVar[ProrationMode]
    PRORATION_MODE_PRORATE_PRICES: _ClassVar[ProrationMode]
SUBSCRIPTION_STATUS_UNSPECIFIED: SubscriptionStatus
SUBSCRIPTION_STATUS_SCHEDULED: SubscriptionStatus
SUBSCRIPTION_STATUS_ACTIVE: SubscriptionStatus
SUBSCRIPTION_STATUS_CANCELED: SubscriptionStatus
SUBSCRIPTION_STATUS_INACTIVE: SubscriptionStatus
PRORATION_MODE_UNSPECIFIED: ProrationMode
PRORATION_MODE_NONE: ProrationMode
PRORATION_MODE_PRORATE_PRICES: ProrationMode

class Subscription(_message.Message):
    __slots__ = ("id", "customer_id", "plan", "name", "description", "metadata", "annotations", "currency_code", "status", "active_from_time", "active_to_time", "billing_cadence", "billing_anchor_time", "proration_mode", "etag", "create_time", "update_time", "delete_time", "revision", "is_reported")
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
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TO_TIME_FIELD_NUMBER: _ClassVar[int]
    BILLING_CADENCE_FIELD_NUMBER: _ClassVar[int]
    BILLING_ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    PRORATION_MODE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    IS_REPORTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    customer_id: str
    plan: PlanReference
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    currency_code: str
    status: SubscriptionStatus
    active_from_time: _timestamp_pb2.Timestamp
    active_to_time: _timestamp_pb2.Timestamp
    billing_cadence: str
    billing_anchor_time: _timestamp_pb2.Timestamp
    proration_mode: ProrationMode
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    revision: int
    is_reported: bool
    def __init__(self, id: _Optional[str] = ..., customer_id: _Optional[str] = ..., plan: _Optional[_Union[PlanReference, _Mapping]] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., currency_code: _Optional[str] = ..., status: _Optional[_Union[SubscriptionStatus, str]] = ..., active_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., billing_cadence: _Optional[str] = ..., billing_anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., proration_mode: _Optional[_Union[ProrationMode, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., is_reported: _Optional[bool] = ...) -> None: ...

class PlanReference(_message.Message):
    __slots__ = ("id", "key", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    version: int
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class Phase(_message.Message):
    __slots__ = ("id", "key", "name", "description", "start_time", "end_time", "timelines", "start_after_duration", "create_time", "update_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    TIMELINES_FIELD_NUMBER: _ClassVar[int]
    START_AFTER_DURATION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    name: str
    description: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    timelines: _containers.RepeatedCompositeFieldContainer[ItemTimeline]
    start_after_duration: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timelines: _Optional[_Iterable[_Union[ItemTimeline, _Mapping]]] = ..., start_after_duration: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ItemTimeline(_message.Message):
    __slots__ = ("key", "versions")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    key: str
    versions: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, key: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("id", "key", "version_index", "rate_card", "start_time", "end_time", "create_time", "update_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_INDEX_FIELD_NUMBER: _ClassVar[int]
    RATE_CARD_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    version_index: int
    rate_card: _rate_card_pb2.RateCard
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., version_index: _Optional[int] = ..., rate_card: _Optional[_Union[_rate_card_pb2.RateCard, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubscriptionView(_message.Message):
    __slots__ = ("subscription", "current_billing_period_start_time", "current_billing_period_end_time", "phases")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CURRENT_BILLING_PERIOD_START_TIME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_BILLING_PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    current_billing_period_start_time: _timestamp_pb2.Timestamp
    current_billing_period_end_time: _timestamp_pb2.Timestamp
    phases: _containers.RepeatedCompositeFieldContainer[PhaseView]
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., current_billing_period_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., current_billing_period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., phases: _Optional[_Iterable[_Union[PhaseView, _Mapping]]] = ...) -> None: ...

class PhaseView(_message.Message):
    __slots__ = ("phase", "items")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    phase: Phase
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, phase: _Optional[_Union[Phase, _Mapping]] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class SubscriptionState(_message.Message):
    __slots__ = ("subscription", "phases", "deleted")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    phases: _containers.RepeatedCompositeFieldContainer[Phase]
    deleted: bool
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., phases: _Optional[_Iterable[_Union[Phase, _Mapping]]] = ..., deleted: _Optional[bool] = ...) -> None: ...
