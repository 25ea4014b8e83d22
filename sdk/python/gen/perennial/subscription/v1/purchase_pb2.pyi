import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.subscription.v1 import term_pb2 as _term_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PurchaseStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURCHASE_STATUS_UNSPECIFIED: _ClassVar[PurchaseStatus]
    PURCHASE_STATUS_OWNED: _ClassVar[PurchaseStatus]
    PURCHASE_STATUS_REFUNDED: _ClassVar[PurchaseStatus]
PURCHASE_STATUS_UNSPECIFIED: PurchaseStatus
PURCHASE_STATUS_OWNED: PurchaseStatus
PURCHASE_STATUS_REFUNDED: PurchaseStatus

class Purchase(_message.Message):
    __slots__ = ("id", "short_id", "customer_id", "original_customer_id", "origin", "product_key", "product_id", "product_short_id", "purchase_time", "quantity", "status", "revenue", "presented_offering_id", "store", "environment", "ownership", "country_code", "store_purchase_identifier", "create_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    PRESENTED_OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    STORE_PURCHASE_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    short_id: str
    customer_id: str
    original_customer_id: str
    origin: _term_pb2.TermOrigin
    product_key: str
    product_id: str
    product_short_id: str
    purchase_time: _timestamp_pb2.Timestamp
    quantity: int
    status: PurchaseStatus
    revenue: _term_pb2.UsdRevenue
    presented_offering_id: str
    store: _term_pb2.Store
    environment: _term_pb2.StoreEnvironment
    ownership: _term_pb2.Ownership
    country_code: str
    store_purchase_identifier: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., short_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., original_customer_id: _Optional[str] = ..., origin: _Optional[_Union[_term_pb2.TermOrigin, str]] = ..., product_key: _Optional[str] = ..., product_id: _Optional[str] = ..., product_short_id: _Optional[str] = ..., purchase_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quantity: _Optional[int] = ..., status: _Optional[_Union[PurchaseStatus, str]] = ..., revenue: _Optional[_Union[_term_pb2.UsdRevenue, _Mapping]] = ..., presented_offering_id: _Optional[str] = ..., store: _Optional[_Union[_term_pb2.Store, str]] = ..., environment: _Optional[_Union[_term_pb2.StoreEnvironment, str]] = ..., ownership: _Optional[_Union[_term_pb2.Ownership, str]] = ..., country_code: _Optional[str] = ..., store_purchase_identifier: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
