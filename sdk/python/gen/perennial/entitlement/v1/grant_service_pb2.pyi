import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from perennial.entitlement.v1 import grant_pb2 as _grant_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateGrantRequest(_message.Message):
    __slots__ = ("entitlement", "grant", "request_id")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    grant: _entitlement_pb2.NewGrant
    request_id: str
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., grant: _Optional[_Union[_entitlement_pb2.NewGrant, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateGrantResponse(_message.Message):
    __slots__ = ("grant",)
    GRANT_FIELD_NUMBER: _ClassVar[int]
    grant: _grant_pb2.Grant
    def __init__(self, grant: _Optional[_Union[_grant_pb2.Grant, _Mapping]] = ...) -> None: ...

class ListGrantsRequest(_message.Message):
    __slots__ = ("entitlement", "customers", "features", "include_deleted", "order_by", "descending", "page_size", "page_token", "page", "customer_ids")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListGrantsRequest.OrderBy]
        ORDER_BY_EFFECTIVE_TIME: _ClassVar[ListGrantsRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListGrantsRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListGrantsRequest.OrderBy]
        ORDER_BY_ID: _ClassVar[ListGrantsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListGrantsRequest.OrderBy
    ORDER_BY_EFFECTIVE_TIME: ListGrantsRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListGrantsRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListGrantsRequest.OrderBy
    ORDER_BY_ID: ListGrantsRequest.OrderBy
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.EntitlementRef
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.CustomerRef]
    features: _containers.RepeatedScalarFieldContainer[str]
    include_deleted: bool
    order_by: ListGrantsRequest.OrderBy
    descending: bool
    page_size: int
    page_token: str
    page: int
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.EntitlementRef, _Mapping]] = ..., customers: _Optional[_Iterable[_Union[_customer_pb2.CustomerRef, _Mapping]]] = ..., features: _Optional[_Iterable[str]] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListGrantsRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., customer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListGrantsResponse(_message.Message):
    __slots__ = ("grants", "next_page_token", "total_size")
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[_grant_pb2.Grant]
    next_page_token: str
    total_size: int
    def __init__(self, grants: _Optional[_Iterable[_Union[_grant_pb2.Grant, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class VoidGrantRequest(_message.Message):
    __slots__ = ("id", "void_time", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    VOID_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    void_time: _timestamp_pb2.Timestamp
    request_id: str
    def __init__(self, id: _Optional[str] = ..., void_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidGrantResponse(_message.Message):
    __slots__ = ("grant",)
    GRANT_FIELD_NUMBER: _ClassVar[int]
    grant: _grant_pb2.Grant
    def __init__(self, grant: _Optional[_Union[_grant_pb2.Grant, _Mapping]] = ...) -> None: ...
