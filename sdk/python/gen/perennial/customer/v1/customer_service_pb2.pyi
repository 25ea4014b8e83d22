import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import attribute_pb2 as _attribute_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.customer.v1 import hold_pb2 as _hold_pb2
from perennial.customer.v1 import retain_pb2 as _retain_pb2
from perennial.kernel.v1 import period_pb2 as _period_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateCustomerRequest(_message.Message):
    __slots__ = ("customer", "attributes", "derive_display_name", "generate_key", "alias_profitwell_id", "request_id")
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    DERIVE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    GENERATE_KEY_FIELD_NUMBER: _ClassVar[int]
    ALIAS_PROFITWELL_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    attributes: _containers.RepeatedCompositeFieldContainer[_attribute_pb2.CustomerAttribute]
    derive_display_name: bool
    generate_key: bool
    alias_profitwell_id: bool
    request_id: str
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., attributes: _Optional[_Iterable[_Union[_attribute_pb2.CustomerAttribute, _Mapping]]] = ..., derive_display_name: _Optional[bool] = ..., generate_key: _Optional[bool] = ..., alias_profitwell_id: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class GetCustomerRequest(_message.Message):
    __slots__ = ("customer_ref", "include_deleted", "for_subscription")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    FOR_SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    include_deleted: bool
    for_subscription: bool
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., include_deleted: _Optional[bool] = ..., for_subscription: _Optional[bool] = ...) -> None: ...

class GetCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class ListCustomersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "key", "display_name", "primary_email", "subject_key", "plan_key", "include_deleted", "order_by", "descending", "primary_email_equal", "touch_start_time", "opt_out", "opt_out_start_time", "opt_out_end_time", "after_customer", "touch_end_time")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListCustomersRequest.OrderBy]
        ORDER_BY_NAME: _ClassVar[ListCustomersRequest.OrderBy]
        ORDER_BY_ID: _ClassVar[ListCustomersRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListCustomersRequest.OrderBy]
        ORDER_BY_TOUCH_TIME: _ClassVar[ListCustomersRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListCustomersRequest.OrderBy
    ORDER_BY_NAME: ListCustomersRequest.OrderBy
    ORDER_BY_ID: ListCustomersRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListCustomersRequest.OrderBy
    ORDER_BY_TOUCH_TIME: ListCustomersRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    PLAN_KEY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_EQUAL_FIELD_NUMBER: _ClassVar[int]
    TOUCH_START_TIME_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_START_TIME_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_END_TIME_FIELD_NUMBER: _ClassVar[int]
    AFTER_CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    TOUCH_END_TIME_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    key: str
    display_name: str
    primary_email: str
    subject_key: str
    plan_key: str
    include_deleted: bool
    order_by: ListCustomersRequest.OrderBy
    descending: bool
    primary_email_equal: str
    touch_start_time: _timestamp_pb2.Timestamp
    opt_out: _retain_pb2.Intervention
    opt_out_start_time: _timestamp_pb2.Timestamp
    opt_out_end_time: _timestamp_pb2.Timestamp
    after_customer: _customer_pb2.CustomerRef
    touch_end_time: _timestamp_pb2.Timestamp
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., key: _Optional[str] = ..., display_name: _Optional[str] = ..., primary_email: _Optional[str] = ..., subject_key: _Optional[str] = ..., plan_key: _Optional[str] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListCustomersRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ..., primary_email_equal: _Optional[str] = ..., touch_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., opt_out: _Optional[_Union[_retain_pb2.Intervention, str]] = ..., opt_out_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., opt_out_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., after_customer: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., touch_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCustomersResponse(_message.Message):
    __slots__ = ("customers", "next_page_token", "total_size")
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.Customer]
    next_page_token: str
    total_size: int
    def __init__(self, customers: _Optional[_Iterable[_Union[_customer_pb2.Customer, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdateCustomerRequest(_message.Message):
    __slots__ = ("customer_ref", "customer", "update_mask", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    customer: _customer_pb2.Customer
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class DeleteCustomerRequest(_message.Message):
    __slots__ = ("customer_ref", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class BatchGetCustomersRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetCustomersResponse(_message.Message):
    __slots__ = ("customers",)
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.Customer]
    def __init__(self, customers: _Optional[_Iterable[_Union[_customer_pb2.Customer, _Mapping]]] = ...) -> None: ...

class ResolveSubjectsRequest(_message.Message):
    __slots__ = ("subject_keys",)
    SUBJECT_KEYS_FIELD_NUMBER: _ClassVar[int]
    subject_keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject_keys: _Optional[_Iterable[str]] = ...) -> None: ...

class ResolveSubjectsResponse(_message.Message):
    __slots__ = ("attributions", "customers")
    class Attribution(_message.Message):
        __slots__ = ("subject_key", "customer_id")
        SUBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
        CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
        subject_key: str
        customer_id: str
        def __init__(self, subject_key: _Optional[str] = ..., customer_id: _Optional[str] = ...) -> None: ...
    ATTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    attributions: _containers.RepeatedCompositeFieldContainer[ResolveSubjectsResponse.Attribution]
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.Customer]
    def __init__(self, attributions: _Optional[_Iterable[_Union[ResolveSubjectsResponse.Attribution, _Mapping]]] = ..., customers: _Optional[_Iterable[_Union[_customer_pb2.Customer, _Mapping]]] = ...) -> None: ...

class PlaceHoldRequest(_message.Message):
    __slots__ = ("customer_id", "reason", "holder_id", "display_text", "period", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_TEXT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    reason: _hold_pb2.Hold.Reason
    holder_id: str
    display_text: str
    period: _period_pb2.Period
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., reason: _Optional[_Union[_hold_pb2.Hold.Reason, str]] = ..., holder_id: _Optional[str] = ..., display_text: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PlaceHoldResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: _hold_pb2.Hold
    def __init__(self, hold: _Optional[_Union[_hold_pb2.Hold, _Mapping]] = ...) -> None: ...

class PlaceHoldsRequest(_message.Message):
    __slots__ = ("customer_id", "holds", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    holds: _containers.RepeatedCompositeFieldContainer[_hold_pb2.Hold]
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., holds: _Optional[_Iterable[_Union[_hold_pb2.Hold, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PlaceHoldsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseHoldRequest(_message.Message):
    __slots__ = ("customer_id", "reason", "holder_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    reason: _hold_pb2.Hold.Reason
    holder_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., reason: _Optional[_Union[_hold_pb2.Hold.Reason, str]] = ..., holder_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReleaseHoldResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListHoldsRequest(_message.Message):
    __slots__ = ("customer_id", "include_inactive")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INACTIVE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    include_inactive: bool
    def __init__(self, customer_id: _Optional[str] = ..., include_inactive: _Optional[bool] = ...) -> None: ...

class ListHoldsResponse(_message.Message):
    __slots__ = ("holds",)
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    holds: _containers.RepeatedCompositeFieldContainer[_hold_pb2.Hold]
    def __init__(self, holds: _Optional[_Iterable[_Union[_hold_pb2.Hold, _Mapping]]] = ...) -> None: ...

class ReserveForSubscriptionRequest(_message.Message):
    __slots__ = ("customer_id", "currency_code", "subscription_id", "revision", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    currency_code: str
    subscription_id: str
    revision: int
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., currency_code: _Optional[str] = ..., subscription_id: _Optional[str] = ..., revision: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReserveForSubscriptionResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class CustomerSubscription(_message.Message):
    __slots__ = ("subscription_id", "plan_key", "period", "currency_code", "entitled_items")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_KEY_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ENTITLED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    plan_key: str
    period: _period_pb2.Period
    currency_code: str
    entitled_items: _containers.RepeatedCompositeFieldContainer[EntitledItem]
    def __init__(self, subscription_id: _Optional[str] = ..., plan_key: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., currency_code: _Optional[str] = ..., entitled_items: _Optional[_Iterable[_Union[EntitledItem, _Mapping]]] = ...) -> None: ...

class EntitledItem(_message.Message):
    __slots__ = ("item_id", "feature_key", "period")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    feature_key: str
    period: _period_pb2.Period
    def __init__(self, item_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ...) -> None: ...

class ReportSubscriptionsRequest(_message.Message):
    __slots__ = ("customer_id", "subscriptions", "sequence", "ledger_update_time", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    subscriptions: _containers.RepeatedCompositeFieldContainer[CustomerSubscription]
    sequence: int
    ledger_update_time: _timestamp_pb2.Timestamp
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., subscriptions: _Optional[_Iterable[_Union[CustomerSubscription, _Mapping]]] = ..., sequence: _Optional[int] = ..., ledger_update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReportSubscriptionsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
