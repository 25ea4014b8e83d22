import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.entitlement.v1 import balance_pb2 as _balance_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from perennial.subscription.v1 import subscription_pb2 as _subscription_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateEntitlementRequest(_message.Message):
    __slots__ = ("entitlement", "request_id")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.NewEntitlement
    request_id: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.NewEntitlement, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateEntitlementResponse(_message.Message):
    __slots__ = ("entitlement",)
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ...) -> None: ...

class GetEntitlementRequest(_message.Message):
    __slots__ = ("entitlement",)
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ...) -> None: ...

class GetEntitlementResponse(_message.Message):
    __slots__ = ("entitlement",)
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ...) -> None: ...

class ListEntitlementsRequest(_message.Message):
    __slots__ = ("customers", "features", "kinds", "active_only", "include_deleted", "order_by", "descending", "subscription_id", "page_size", "page_token", "page", "customer_ids")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[ListEntitlementsRequest.Kind]
        KIND_METERED: _ClassVar[ListEntitlementsRequest.Kind]
        KIND_STATIC: _ClassVar[ListEntitlementsRequest.Kind]
        KIND_BOOLEAN: _ClassVar[ListEntitlementsRequest.Kind]
    KIND_UNSPECIFIED: ListEntitlementsRequest.Kind
    KIND_METERED: ListEntitlementsRequest.Kind
    KIND_STATIC: ListEntitlementsRequest.Kind
    KIND_BOOLEAN: ListEntitlementsRequest.Kind
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListEntitlementsRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListEntitlementsRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListEntitlementsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListEntitlementsRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListEntitlementsRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListEntitlementsRequest.OrderBy
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ONLY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.CustomerRef]
    features: _containers.RepeatedScalarFieldContainer[str]
    kinds: _containers.RepeatedScalarFieldContainer[ListEntitlementsRequest.Kind]
    active_only: bool
    include_deleted: bool
    order_by: ListEntitlementsRequest.OrderBy
    descending: bool
    subscription_id: str
    page_size: int
    page_token: str
    page: int
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, customers: _Optional[_Iterable[_Union[_customer_pb2.CustomerRef, _Mapping]]] = ..., features: _Optional[_Iterable[str]] = ..., kinds: _Optional[_Iterable[_Union[ListEntitlementsRequest.Kind, str]]] = ..., active_only: _Optional[bool] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListEntitlementsRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ..., subscription_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., customer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListEntitlementsResponse(_message.Message):
    __slots__ = ("entitlements", "next_page_token", "total_size")
    ENTITLEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    entitlements: _containers.RepeatedCompositeFieldContainer[_entitlement_pb2.Entitlement]
    next_page_token: str
    total_size: int
    def __init__(self, entitlements: _Optional[_Iterable[_Union[_entitlement_pb2.Entitlement, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class DeleteEntitlementRequest(_message.Message):
    __slots__ = ("entitlement", "etag", "request_id")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    etag: str
    request_id: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteEntitlementResponse(_message.Message):
    __slots__ = ("entitlement",)
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ...) -> None: ...

class OverrideEntitlementRequest(_message.Message):
    __slots__ = ("entitlement", "replacement", "request_id")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    replacement: _entitlement_pb2.NewEntitlement
    request_id: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., replacement: _Optional[_Union[_entitlement_pb2.NewEntitlement, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class OverrideEntitlementResponse(_message.Message):
    __slots__ = ("entitlement", "superseded")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    superseded: _entitlement_pb2.Entitlement
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ..., superseded: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ...) -> None: ...

class ResetEntitlementUsageRequest(_message.Message):
    __slots__ = ("entitlement", "effective_time", "retain_anchor", "preserve_overage", "request_id")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    RETAIN_ANCHOR_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_OVERAGE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    effective_time: _timestamp_pb2.Timestamp
    retain_anchor: bool
    preserve_overage: bool
    request_id: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retain_anchor: _Optional[bool] = ..., preserve_overage: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class ResetEntitlementUsageResponse(_message.Message):
    __slots__ = ("entitlement",)
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ...) -> None: ...

class GetEntitlementValueRequest(_message.Message):
    __slots__ = ("entitlement", "time", "allow_missing")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    time: _timestamp_pb2.Timestamp
    allow_missing: bool
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., allow_missing: _Optional[bool] = ...) -> None: ...

class GetEntitlementValueResponse(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _balance_pb2.EntitlementValue
    def __init__(self, value: _Optional[_Union[_balance_pb2.EntitlementValue, _Mapping]] = ...) -> None: ...

class BatchGetValuesRequest(_message.Message):
    __slots__ = ("queries", "time", "metered_only", "with_entitlements")
    class Query(_message.Message):
        __slots__ = ("customer_id", "feature_keys")
        CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
        FEATURE_KEYS_FIELD_NUMBER: _ClassVar[int]
        customer_id: str
        feature_keys: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, customer_id: _Optional[str] = ..., feature_keys: _Optional[_Iterable[str]] = ...) -> None: ...
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    METERED_ONLY_FIELD_NUMBER: _ClassVar[int]
    WITH_ENTITLEMENTS_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedCompositeFieldContainer[BatchGetValuesRequest.Query]
    time: _timestamp_pb2.Timestamp
    metered_only: bool
    with_entitlements: bool
    def __init__(self, queries: _Optional[_Iterable[_Union[BatchGetValuesRequest.Query, _Mapping]]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metered_only: _Optional[bool] = ..., with_entitlements: _Optional[bool] = ...) -> None: ...

class BatchGetValuesResponse(_message.Message):
    __slots__ = ("balances",)
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    balances: _containers.RepeatedCompositeFieldContainer[_balance_pb2.EntitlementBalance]
    def __init__(self, balances: _Optional[_Iterable[_Union[_balance_pb2.EntitlementBalance, _Mapping]]] = ...) -> None: ...

class GetCustomerAccessRequest(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.CustomerRef
    def __init__(self, customer: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ...) -> None: ...

class GetCustomerAccessResponse(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[_balance_pb2.EntitlementValue]
    def __init__(self, values: _Optional[_Iterable[_Union[_balance_pb2.EntitlementValue, _Mapping]]] = ...) -> None: ...

class GetEntitlementHistoryRequest(_message.Message):
    __slots__ = ("entitlement", "window_size", "start_time", "end_time", "window_time_zone")
    class WindowSize(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WINDOW_SIZE_UNSPECIFIED: _ClassVar[GetEntitlementHistoryRequest.WindowSize]
        WINDOW_SIZE_MINUTE: _ClassVar[GetEntitlementHistoryRequest.WindowSize]
        WINDOW_SIZE_HOUR: _ClassVar[GetEntitlementHistoryRequest.WindowSize]
        WINDOW_SIZE_DAY: _ClassVar[GetEntitlementHistoryRequest.WindowSize]
        WINDOW_SIZE_MONTH: _ClassVar[GetEntitlementHistoryRequest.WindowSize]
    WINDOW_SIZE_UNSPECIFIED: GetEntitlementHistoryRequest.WindowSize
    WINDOW_SIZE_MINUTE: GetEntitlementHistoryRequest.WindowSize
    WINDOW_SIZE_HOUR: GetEntitlementHistoryRequest.WindowSize
    WINDOW_SIZE_DAY: GetEntitlementHistoryRequest.WindowSize
    WINDOW_SIZE_MONTH: GetEntitlementHistoryRequest.WindowSize
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    window_size: GetEntitlementHistoryRequest.WindowSize
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    window_time_zone: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., window_size: _Optional[_Union[GetEntitlementHistoryRequest.WindowSize, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_time_zone: _Optional[str] = ...) -> None: ...

class GetEntitlementHistoryResponse(_message.Message):
    __slots__ = ("windows", "segments")
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    windows: _containers.RepeatedCompositeFieldContainer[_balance_pb2.HistoryWindow]
    segments: _containers.RepeatedCompositeFieldContainer[_balance_pb2.BurnDownSegment]
    def __init__(self, windows: _Optional[_Iterable[_Union[_balance_pb2.HistoryWindow, _Mapping]]] = ..., segments: _Optional[_Iterable[_Union[_balance_pb2.BurnDownSegment, _Mapping]]] = ...) -> None: ...

class ReserveSubscriptionRequest(_message.Message):
    __slots__ = ("state", "customer", "request_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    state: _subscription_pb2.SubscriptionState
    customer: _customer_pb2.Customer
    request_id: str
    def __init__(self, state: _Optional[_Union[_subscription_pb2.SubscriptionState, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReserveSubscriptionResponse(_message.Message):
    __slots__ = ("expire_time",)
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ApplySubscriptionRequest(_message.Message):
    __slots__ = ("state", "request_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    state: _subscription_pb2.SubscriptionState
    request_id: str
    def __init__(self, state: _Optional[_Union[_subscription_pb2.SubscriptionState, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ApplySubscriptionResponse(_message.Message):
    __slots__ = ("entitlements",)
    ENTITLEMENTS_FIELD_NUMBER: _ClassVar[int]
    entitlements: _containers.RepeatedCompositeFieldContainer[_entitlement_pb2.Entitlement]
    def __init__(self, entitlements: _Optional[_Iterable[_Union[_entitlement_pb2.Entitlement, _Mapping]]] = ...) -> None: ...
