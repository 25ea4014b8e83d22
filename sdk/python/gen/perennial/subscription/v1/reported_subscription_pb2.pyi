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

class ReportedEndReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORTED_END_REASON_UNSPECIFIED: _ClassVar[ReportedEndReason]
    REPORTED_END_REASON_VOLUNTARY: _ClassVar[ReportedEndReason]
    REPORTED_END_REASON_DELINQUENT: _ClassVar[ReportedEndReason]

class ReportedItemType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORTED_ITEM_TYPE_UNSPECIFIED: _ClassVar[ReportedItemType]
    REPORTED_ITEM_TYPE_TRIAL: _ClassVar[ReportedItemType]
    REPORTED_ITEM_TYPE_FREE: _ClassVar[ReportedItemType]
    REPORTED_ITEM_TYPE_RECURRING: _ClassVar[ReportedItemType]
    REPORTED_ITEM_TYPE_ONE_TIME: _ClassVar[ReportedItemType]
    REPORTED_ITEM_TYPE_METERED: _ClassVar[ReportedItemType]

class ReportedStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORTED_STATUS_UNSPECIFIED: _ClassVar[ReportedStatus]
    REPORTED_STATUS_ACTIVE: _ClassVar[ReportedStatus]
    REPORTED_STATUS_TRIALING: _ClassVar[ReportedStatus]
    REPORTED_STATUS_ENDED_VOLUNTARY: _ClassVar[ReportedStatus]
    REPORTED_STATUS_ENDED_DELINQUENT: _ClassVar[ReportedStatus]
REPORTED_END_REASON_UNSPECIFIED: ReportedEndReason
REPORTED_END_REASON_VOLUNTARY: ReportedEndReason
REPORTED_END_REASON_DELINQUENT: ReportedEndReason
REPORTED_ITEM_TYPE_UNSPECIFIED: ReportedItemType
REPORTED_ITEM_TYPE_TRIAL: ReportedItemType
REPORTED_ITEM_TYPE_FREE: ReportedItemType
REPORTED_ITEM_TYPE_RECURRING: ReportedItemType
REPORTED_ITEM_TYPE_ONE_TIME: ReportedItemType
REPORTED_ITEM_TYPE_METERED: ReportedItemType
REPORTED_STATUS_UNSPECIFIED: ReportedStatus
REPORTED_STATUS_ACTIVE: ReportedStatus
REPORTED_STATUS_TRIALING: ReportedStatus
REPORTED_STATUS_ENDED_VOLUNTARY: ReportedStatus
REPORTED_STATUS_ENDED_DELINQUENT: ReportedStatus

class ReportedSubscription(_message.Message):
    __slots__ = ("id", "customer_id", "key", "origin", "sequence", "short_id", "effective_time", "end_time", "end_reason", "items", "currency_code", "monthly_amount", "create_time", "update_time", "revision")
    class Origin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORIGIN_UNSPECIFIED: _ClassVar[ReportedSubscription.Origin]
        ORIGIN_STATES: _ClassVar[ReportedSubscription.Origin]
        ORIGIN_PATCHES: _ClassVar[ReportedSubscription.Origin]
        ORIGIN_PLAN: _ClassVar[ReportedSubscription.Origin]
        ORIGIN_STORE: _ClassVar[ReportedSubscription.Origin]
    ORIGIN_UNSPECIFIED: ReportedSubscription.Origin
    ORIGIN_STATES: ReportedSubscription.Origin
    ORIGIN_PATCHES: ReportedSubscription.Origin
    ORIGIN_PLAN: ReportedSubscription.Origin
    ORIGIN_STORE: ReportedSubscription.Origin
    ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: str
    customer_id: str
    key: str
    origin: ReportedSubscription.Origin
    sequence: int
    short_id: str
    effective_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    end_reason: ReportedEndReason
    items: _containers.RepeatedCompositeFieldContainer[ReportedItem]
    currency_code: str
    monthly_amount: _decimal_pb2.Decimal
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, id: _Optional[str] = ..., customer_id: _Optional[str] = ..., key: _Optional[str] = ..., origin: _Optional[_Union[ReportedSubscription.Origin, str]] = ..., sequence: _Optional[int] = ..., short_id: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_reason: _Optional[_Union[ReportedEndReason, str]] = ..., items: _Optional[_Iterable[_Union[ReportedItem, _Mapping]]] = ..., currency_code: _Optional[str] = ..., monthly_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class ReportedItem(_message.Message):
    __slots__ = ("type", "product_key", "trial_start_time", "trial_end_time")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    TRIAL_START_TIME_FIELD_NUMBER: _ClassVar[int]
    TRIAL_END_TIME_FIELD_NUMBER: _ClassVar[int]
    type: ReportedItemType
    product_key: str
    trial_start_time: _timestamp_pb2.Timestamp
    trial_end_time: _timestamp_pb2.Timestamp
    def __init__(self, type: _Optional[_Union[ReportedItemType, str]] = ..., product_key: _Optional[str] = ..., trial_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trial_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportedEvent(_message.Message):
    __slots__ = ("subscription_id", "short_id", "alias", "customer_id", "product_key", "interval_duration", "currency_code", "status", "amount_hundredths", "effective_time")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    short_id: str
    alias: str
    customer_id: str
    product_key: str
    interval_duration: str
    currency_code: str
    status: ReportedStatus
    amount_hundredths: int
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, subscription_id: _Optional[str] = ..., short_id: _Optional[str] = ..., alias: _Optional[str] = ..., customer_id: _Optional[str] = ..., product_key: _Optional[str] = ..., interval_duration: _Optional[str] = ..., currency_code: _Optional[str] = ..., status: _Optional[_Union[ReportedStatus, str]] = ..., amount_hundredths: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportedPayment(_message.Message):
    __slots__ = ("key", "subscription_id", "subscription_key", "customer_id", "reporter_id", "start_time", "end_time", "duration_months", "original_monthly_amount", "original_total_amount", "original_currency_code", "monthly_amount", "total_amount", "currency_code", "item_type", "product_key", "create_time")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REPORTER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_MONTHS_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_MONTHLY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_TOTAL_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    key: str
    subscription_id: str
    subscription_key: str
    customer_id: str
    reporter_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration_months: _decimal_pb2.Decimal
    original_monthly_amount: _decimal_pb2.Decimal
    original_total_amount: _decimal_pb2.Decimal
    original_currency_code: str
    monthly_amount: _decimal_pb2.Decimal
    total_amount: _decimal_pb2.Decimal
    currency_code: str
    item_type: ReportedItemType
    product_key: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., subscription_id: _Optional[str] = ..., subscription_key: _Optional[str] = ..., customer_id: _Optional[str] = ..., reporter_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_months: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., original_monthly_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., original_total_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., original_currency_code: _Optional[str] = ..., monthly_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., total_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., currency_code: _Optional[str] = ..., item_type: _Optional[_Union[ReportedItemType, str]] = ..., product_key: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
