import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import money_pb2 as _money_pb2
from perennial.subscription.v1 import term_pb2 as _term_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreTransactionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORE_TRANSACTION_TYPE_UNSPECIFIED: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_PURCHASE: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_RENEWAL: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_CANCELLATION: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_UNCANCELLATION: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_BILLING_ISSUE: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_REFUND: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_PRODUCT_CHANGE: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_PAUSE: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_RESUME: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_TRANSFER: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_EXPIRATION: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_PRICE_INCREASE_ASKED: _ClassVar[StoreTransactionType]
    STORE_TRANSACTION_TYPE_PRICE_INCREASE_AGREED: _ClassVar[StoreTransactionType]
STORE_TRANSACTION_TYPE_UNSPECIFIED: StoreTransactionType
STORE_TRANSACTION_TYPE_PURCHASE: StoreTransactionType
STORE_TRANSACTION_TYPE_RENEWAL: StoreTransactionType
STORE_TRANSACTION_TYPE_CANCELLATION: StoreTransactionType
STORE_TRANSACTION_TYPE_UNCANCELLATION: StoreTransactionType
STORE_TRANSACTION_TYPE_BILLING_ISSUE: StoreTransactionType
STORE_TRANSACTION_TYPE_REFUND: StoreTransactionType
STORE_TRANSACTION_TYPE_PRODUCT_CHANGE: StoreTransactionType
STORE_TRANSACTION_TYPE_PAUSE: StoreTransactionType
STORE_TRANSACTION_TYPE_RESUME: StoreTransactionType
STORE_TRANSACTION_TYPE_TRANSFER: StoreTransactionType
STORE_TRANSACTION_TYPE_EXPIRATION: StoreTransactionType
STORE_TRANSACTION_TYPE_PRICE_INCREASE_ASKED: StoreTransactionType
STORE_TRANSACTION_TYPE_PRICE_INCREASE_AGREED: StoreTransactionType

class StoreTransaction(_message.Message):
    __slots__ = ("id", "type", "store", "environment", "store_subscription_identifier", "target_transaction_id", "time", "customer", "product_id", "ownership", "period_start_time", "period_end_time", "trial", "price", "tax_share", "commission_share", "quantity", "revoke", "immediate", "grace_period_end_time", "resume_time", "presented_offering_id", "country_code", "management_url", "record_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    STORE_SUBSCRIPTION_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    TARGET_TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TAX_SHARE_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_SHARE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REVOKE_FIELD_NUMBER: _ClassVar[int]
    IMMEDIATE_FIELD_NUMBER: _ClassVar[int]
    GRACE_PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    RESUME_TIME_FIELD_NUMBER: _ClassVar[int]
    PRESENTED_OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    MANAGEMENT_URL_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: StoreTransactionType
    store: _term_pb2.Store
    environment: _term_pb2.StoreEnvironment
    store_subscription_identifier: str
    target_transaction_id: str
    time: _timestamp_pb2.Timestamp
    customer: _customer_pb2.CustomerRef
    product_id: str
    ownership: _term_pb2.Ownership
    period_start_time: _timestamp_pb2.Timestamp
    period_end_time: _timestamp_pb2.Timestamp
    trial: bool
    price: _money_pb2.Money
    tax_share: _decimal_pb2.Decimal
    commission_share: _decimal_pb2.Decimal
    quantity: int
    revoke: bool
    immediate: bool
    grace_period_end_time: _timestamp_pb2.Timestamp
    resume_time: _timestamp_pb2.Timestamp
    presented_offering_id: str
    country_code: str
    management_url: str
    record_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[StoreTransactionType, str]] = ..., store: _Optional[_Union[_term_pb2.Store, str]] = ..., environment: _Optional[_Union[_term_pb2.StoreEnvironment, str]] = ..., store_subscription_identifier: _Optional[str] = ..., target_transaction_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., product_id: _Optional[str] = ..., ownership: _Optional[_Union[_term_pb2.Ownership, str]] = ..., period_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trial: _Optional[bool] = ..., price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tax_share: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., commission_share: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., quantity: _Optional[int] = ..., revoke: _Optional[bool] = ..., immediate: _Optional[bool] = ..., grace_period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resume_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., presented_offering_id: _Optional[str] = ..., country_code: _Optional[str] = ..., management_url: _Optional[str] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
