from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.customer.v1 import retain_pb2 as _retain_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExcludeCustomerRequest(_message.Message):
    __slots__ = ("customer_ref", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExcludeCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class OptOutOfInterventionsRequest(_message.Message):
    __slots__ = ("customer_ref", "interventions", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    INTERVENTIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    interventions: _containers.RepeatedScalarFieldContainer[_retain_pb2.Intervention]
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., interventions: _Optional[_Iterable[_Union[_retain_pb2.Intervention, str]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class OptOutOfInterventionsResponse(_message.Message):
    __slots__ = ("opt_outs",)
    OPT_OUTS_FIELD_NUMBER: _ClassVar[int]
    opt_outs: _containers.RepeatedCompositeFieldContainer[_retain_pb2.OptOut]
    def __init__(self, opt_outs: _Optional[_Iterable[_Union[_retain_pb2.OptOut, _Mapping]]] = ...) -> None: ...

class AnonymizeCustomerRequest(_message.Message):
    __slots__ = ("customer_ref", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class AnonymizeCustomerResponse(_message.Message):
    __slots__ = ("customer",)
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class AnonymizeCustomersByEmailRequest(_message.Message):
    __slots__ = ("primary_email", "request_id")
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    primary_email: str
    request_id: str
    def __init__(self, primary_email: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AnonymizeCustomersByEmailResponse(_message.Message):
    __slots__ = ("customers",)
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    customers: _containers.RepeatedCompositeFieldContainer[_customer_pb2.Customer]
    def __init__(self, customers: _Optional[_Iterable[_Union[_customer_pb2.Customer, _Mapping]]] = ...) -> None: ...

class EraseCustomerRequest(_message.Message):
    __slots__ = ("customer_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EraseCustomerResponse(_message.Message):
    __slots__ = ("erased",)
    ERASED_FIELD_NUMBER: _ClassVar[int]
    erased: bool
    def __init__(self, erased: _Optional[bool] = ...) -> None: ...
