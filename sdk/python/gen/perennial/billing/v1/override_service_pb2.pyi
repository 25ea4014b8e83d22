from perennial.billing.v1 import billing_profile_pb2 as _billing_profile_pb2
from perennial.billing.v1 import customer_override_pb2 as _customer_override_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PutOverrideRequest(_message.Message):
    __slots__ = ("customer_id", "billing_profile_id", "tax_rates", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    TAX_RATES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    billing_profile_id: str
    tax_rates: _billing_profile_pb2.ManualTaxRates
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., billing_profile_id: _Optional[str] = ..., tax_rates: _Optional[_Union[_billing_profile_pb2.ManualTaxRates, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PutOverrideResponse(_message.Message):
    __slots__ = ("customer_billing",)
    CUSTOMER_BILLING_FIELD_NUMBER: _ClassVar[int]
    customer_billing: _customer_override_pb2.CustomerBilling
    def __init__(self, customer_billing: _Optional[_Union[_customer_override_pb2.CustomerBilling, _Mapping]] = ...) -> None: ...

class GetCustomerBillingRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class GetCustomerBillingResponse(_message.Message):
    __slots__ = ("customer_billing",)
    CUSTOMER_BILLING_FIELD_NUMBER: _ClassVar[int]
    customer_billing: _customer_override_pb2.CustomerBilling
    def __init__(self, customer_billing: _Optional[_Union[_customer_override_pb2.CustomerBilling, _Mapping]] = ...) -> None: ...

class ListCustomerBillingsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "include_all_customers", "billing_profile_ids", "customers_without_pinned_profile", "customer_ids", "customer_key", "customer_name", "customer_email", "order", "descending")
    class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_UNSPECIFIED: _ClassVar[ListCustomerBillingsRequest.Order]
        ORDER_CUSTOMER_ID: _ClassVar[ListCustomerBillingsRequest.Order]
        ORDER_CUSTOMER_NAME: _ClassVar[ListCustomerBillingsRequest.Order]
        ORDER_CUSTOMER_KEY: _ClassVar[ListCustomerBillingsRequest.Order]
        ORDER_CUSTOMER_EMAIL: _ClassVar[ListCustomerBillingsRequest.Order]
        ORDER_CUSTOMER_CREATE_TIME: _ClassVar[ListCustomerBillingsRequest.Order]
    ORDER_UNSPECIFIED: ListCustomerBillingsRequest.Order
    ORDER_CUSTOMER_ID: ListCustomerBillingsRequest.Order
    ORDER_CUSTOMER_NAME: ListCustomerBillingsRequest.Order
    ORDER_CUSTOMER_KEY: ListCustomerBillingsRequest.Order
    ORDER_CUSTOMER_EMAIL: ListCustomerBillingsRequest.Order
    ORDER_CUSTOMER_CREATE_TIME: ListCustomerBillingsRequest.Order
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ALL_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    BILLING_PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_WITHOUT_PINNED_PROFILE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NAME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    include_all_customers: bool
    billing_profile_ids: _containers.RepeatedScalarFieldContainer[str]
    customers_without_pinned_profile: bool
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    customer_key: str
    customer_name: str
    customer_email: str
    order: ListCustomerBillingsRequest.Order
    descending: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., include_all_customers: _Optional[bool] = ..., billing_profile_ids: _Optional[_Iterable[str]] = ..., customers_without_pinned_profile: _Optional[bool] = ..., customer_ids: _Optional[_Iterable[str]] = ..., customer_key: _Optional[str] = ..., customer_name: _Optional[str] = ..., customer_email: _Optional[str] = ..., order: _Optional[_Union[ListCustomerBillingsRequest.Order, str]] = ..., descending: _Optional[bool] = ...) -> None: ...

class ListCustomerBillingsResponse(_message.Message):
    __slots__ = ("customer_billings", "next_page_token", "total_size")
    CUSTOMER_BILLINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    customer_billings: _containers.RepeatedCompositeFieldContainer[_customer_override_pb2.CustomerBilling]
    next_page_token: str
    total_size: int
    def __init__(self, customer_billings: _Optional[_Iterable[_Union[_customer_override_pb2.CustomerBilling, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class DeleteOverrideRequest(_message.Message):
    __slots__ = ("customer_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteOverrideResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
