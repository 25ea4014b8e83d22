from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.subscription.v1 import subscription_pb2 as _subscription_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckSetupRequest(_message.Message):
    __slots__ = ("state", "request_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    state: _subscription_pb2.SubscriptionState
    request_id: str
    def __init__(self, state: _Optional[_Union[_subscription_pb2.SubscriptionState, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CheckSetupResponse(_message.Message):
    __slots__ = ("billing_profile_id",)
    BILLING_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    billing_profile_id: str
    def __init__(self, billing_profile_id: _Optional[str] = ...) -> None: ...

class ApplySubscriptionRequest(_message.Message):
    __slots__ = ("state", "customer", "request_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    state: _subscription_pb2.SubscriptionState
    customer: _customer_pb2.Customer
    request_id: str
    def __init__(self, state: _Optional[_Union[_subscription_pb2.SubscriptionState, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ApplySubscriptionResponse(_message.Message):
    __slots__ = ("applied", "invoice_ids")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    INVOICE_IDS_FIELD_NUMBER: _ClassVar[int]
    applied: bool
    invoice_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, applied: _Optional[bool] = ..., invoice_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SyncCustomerRequest(_message.Message):
    __slots__ = ("customer_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SyncCustomerResponse(_message.Message):
    __slots__ = ("invoice_ids",)
    INVOICE_IDS_FIELD_NUMBER: _ClassVar[int]
    invoice_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, invoice_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class EraseCustomerInvoicesRequest(_message.Message):
    __slots__ = ("customer_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EraseCustomerInvoicesResponse(_message.Message):
    __slots__ = ("removed_count", "redacted_count")
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDACTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    redacted_count: int
    def __init__(self, removed_count: _Optional[int] = ..., redacted_count: _Optional[int] = ...) -> None: ...
