import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.subscription.v1 import reported_subscription_pb2 as _reported_subscription_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateReportedSubscriptionRequest(_message.Message):
    __slots__ = ("existing_customer_handle", "customer_handle", "primary_email", "key", "product_key", "interval_duration", "currency_code", "status", "amount_hundredths", "effective_time", "request_id")
    EXISTING_CUSTOMER_HANDLE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_HANDLE_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    existing_customer_handle: str
    customer_handle: str
    primary_email: str
    key: str
    product_key: str
    interval_duration: str
    currency_code: str
    status: _reported_subscription_pb2.ReportedStatus
    amount_hundredths: int
    effective_time: _timestamp_pb2.Timestamp
    request_id: str
    def __init__(self, existing_customer_handle: _Optional[str] = ..., customer_handle: _Optional[str] = ..., primary_email: _Optional[str] = ..., key: _Optional[str] = ..., product_key: _Optional[str] = ..., interval_duration: _Optional[str] = ..., currency_code: _Optional[str] = ..., status: _Optional[_Union[_reported_subscription_pb2.ReportedStatus, str]] = ..., amount_hundredths: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateReportedSubscriptionResponse(_message.Message):
    __slots__ = ("event", "customer")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    event: _reported_subscription_pb2.ReportedEvent
    customer: _customer_pb2.Customer
    def __init__(self, event: _Optional[_Union[_reported_subscription_pb2.ReportedEvent, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class ChangeReportedSubscriptionRequest(_message.Message):
    __slots__ = ("handle", "product_key", "interval_duration", "currency_code", "status", "amount_hundredths", "effective_time", "request_id")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_HUNDREDTHS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    handle: str
    product_key: str
    interval_duration: str
    currency_code: str
    status: _reported_subscription_pb2.ReportedStatus
    amount_hundredths: int
    effective_time: _timestamp_pb2.Timestamp
    request_id: str
    def __init__(self, handle: _Optional[str] = ..., product_key: _Optional[str] = ..., interval_duration: _Optional[str] = ..., currency_code: _Optional[str] = ..., status: _Optional[_Union[_reported_subscription_pb2.ReportedStatus, str]] = ..., amount_hundredths: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ChangeReportedSubscriptionResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _reported_subscription_pb2.ReportedEvent
    def __init__(self, event: _Optional[_Union[_reported_subscription_pb2.ReportedEvent, _Mapping]] = ...) -> None: ...

class EndReportedSubscriptionRequest(_message.Message):
    __slots__ = ("handle", "effective_time", "reason", "request_id")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    handle: str
    effective_time: _timestamp_pb2.Timestamp
    reason: _reported_subscription_pb2.ReportedEndReason
    request_id: str
    def __init__(self, handle: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[_Union[_reported_subscription_pb2.ReportedEndReason, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class EndReportedSubscriptionResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _reported_subscription_pb2.ReportedEvent
    def __init__(self, event: _Optional[_Union[_reported_subscription_pb2.ReportedEvent, _Mapping]] = ...) -> None: ...

class RetractReportedEndRequest(_message.Message):
    __slots__ = ("handle", "request_id")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    handle: str
    request_id: str
    def __init__(self, handle: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetractReportedEndResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpsertReportedSubscriptionRequest(_message.Message):
    __slots__ = ("key", "customer_handle", "effective_time", "end_time", "clear_end_time", "items", "monthly_amount", "currency_code", "request_id")
    KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_HANDLE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_END_TIME_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    key: str
    customer_handle: str
    effective_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    clear_end_time: bool
    items: _containers.RepeatedCompositeFieldContainer[ReportedItemPatch]
    monthly_amount: _decimal_pb2.Decimal
    currency_code: str
    request_id: str
    def __init__(self, key: _Optional[str] = ..., customer_handle: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clear_end_time: _Optional[bool] = ..., items: _Optional[_Iterable[_Union[ReportedItemPatch, _Mapping]]] = ..., monthly_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., currency_code: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReportedItemPatch(_message.Message):
    __slots__ = ("product_key", "type", "trial_start_time", "clear_trial_start_time", "trial_end_time", "clear_trial_end_time")
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TRIAL_START_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_TRIAL_START_TIME_FIELD_NUMBER: _ClassVar[int]
    TRIAL_END_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_TRIAL_END_TIME_FIELD_NUMBER: _ClassVar[int]
    product_key: str
    type: _reported_subscription_pb2.ReportedItemType
    trial_start_time: _timestamp_pb2.Timestamp
    clear_trial_start_time: bool
    trial_end_time: _timestamp_pb2.Timestamp
    clear_trial_end_time: bool
    def __init__(self, product_key: _Optional[str] = ..., type: _Optional[_Union[_reported_subscription_pb2.ReportedItemType, str]] = ..., trial_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clear_trial_start_time: _Optional[bool] = ..., trial_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clear_trial_end_time: _Optional[bool] = ...) -> None: ...

class UpsertReportedSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _reported_subscription_pb2.ReportedSubscription
    def __init__(self, subscription: _Optional[_Union[_reported_subscription_pb2.ReportedSubscription, _Mapping]] = ...) -> None: ...

class GetReportedSubscriptionRequest(_message.Message):
    __slots__ = ("handle",)
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    handle: str
    def __init__(self, handle: _Optional[str] = ...) -> None: ...

class GetReportedSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _reported_subscription_pb2.ReportedSubscription
    def __init__(self, subscription: _Optional[_Union[_reported_subscription_pb2.ReportedSubscription, _Mapping]] = ...) -> None: ...

class ListReportedSubscriptionsRequest(_message.Message):
    __slots__ = ("after_sequence", "page_size", "customer_id")
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    after_sequence: int
    page_size: int
    customer_id: str
    def __init__(self, after_sequence: _Optional[int] = ..., page_size: _Optional[int] = ..., customer_id: _Optional[str] = ...) -> None: ...

class ListReportedSubscriptionsResponse(_message.Message):
    __slots__ = ("subscriptions", "next_after_sequence")
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    subscriptions: _containers.RepeatedCompositeFieldContainer[_reported_subscription_pb2.ReportedSubscription]
    next_after_sequence: int
    def __init__(self, subscriptions: _Optional[_Iterable[_Union[_reported_subscription_pb2.ReportedSubscription, _Mapping]]] = ..., next_after_sequence: _Optional[int] = ...) -> None: ...

class ListReportedEventsRequest(_message.Message):
    __slots__ = ("customer_id", "page_size", "page_token")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    page_size: int
    page_token: str
    def __init__(self, customer_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReportedEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_reported_subscription_pb2.ReportedEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_reported_subscription_pb2.ReportedEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteReportedSubscriptionRequest(_message.Message):
    __slots__ = ("handle", "request_id")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    handle: str
    request_id: str
    def __init__(self, handle: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteReportedSubscriptionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpsertReportedPaymentRequest(_message.Message):
    __slots__ = ("key", "subscription_key", "customer_handle", "start_time", "end_time", "monthly_amount", "currency_code", "item_type", "product_key", "request_id")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_HANDLE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ITEM_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    key: str
    subscription_key: str
    customer_handle: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    monthly_amount: _decimal_pb2.Decimal
    currency_code: str
    item_type: _reported_subscription_pb2.ReportedItemType
    product_key: str
    request_id: str
    def __init__(self, key: _Optional[str] = ..., subscription_key: _Optional[str] = ..., customer_handle: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., monthly_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., currency_code: _Optional[str] = ..., item_type: _Optional[_Union[_reported_subscription_pb2.ReportedItemType, str]] = ..., product_key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpsertReportedPaymentResponse(_message.Message):
    __slots__ = ("payment",)
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    payment: _reported_subscription_pb2.ReportedPayment
    def __init__(self, payment: _Optional[_Union[_reported_subscription_pb2.ReportedPayment, _Mapping]] = ...) -> None: ...
