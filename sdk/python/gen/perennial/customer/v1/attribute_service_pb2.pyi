from perennial.customer.v1 import attribute_pb2 as _attribute_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListAttributesRequest(_message.Message):
    __slots__ = ("customer_ref",)
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ...) -> None: ...

class ListAttributesResponse(_message.Message):
    __slots__ = ("attributes",)
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[_attribute_pb2.CustomerAttribute]
    def __init__(self, attributes: _Optional[_Iterable[_Union[_attribute_pb2.CustomerAttribute, _Mapping]]] = ...) -> None: ...

class SetAttributesRequest(_message.Message):
    __slots__ = ("customer_ref", "attributes", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    attributes: _containers.RepeatedCompositeFieldContainer[_attribute_pb2.CustomerAttribute]
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., attributes: _Optional[_Iterable[_Union[_attribute_pb2.CustomerAttribute, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetAttributesResponse(_message.Message):
    __slots__ = ("attributes", "customer")
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[_attribute_pb2.CustomerAttribute]
    customer: _customer_pb2.Customer
    def __init__(self, attributes: _Optional[_Iterable[_Union[_attribute_pb2.CustomerAttribute, _Mapping]]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...
