from perennial.customer.v1 import alias_pb2 as _alias_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnsureCustomerRequest(_message.Message):
    __slots__ = ("handle", "primary_email", "alias_profitwell_id", "request_id")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_PROFITWELL_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    handle: str
    primary_email: str
    alias_profitwell_id: bool
    request_id: str
    def __init__(self, handle: _Optional[str] = ..., primary_email: _Optional[str] = ..., alias_profitwell_id: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class EnsureCustomerResponse(_message.Message):
    __slots__ = ("customer", "created")
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.Customer
    created: bool
    def __init__(self, customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., created: _Optional[bool] = ...) -> None: ...

class ListAliasesRequest(_message.Message):
    __slots__ = ("customer_ref", "page_size", "page_token", "after_alias")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ALIAS_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    page_size: int
    page_token: str
    after_alias: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_alias: _Optional[str] = ...) -> None: ...

class ListAliasesResponse(_message.Message):
    __slots__ = ("aliases", "next_page_token")
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    aliases: _containers.RepeatedCompositeFieldContainer[_alias_pb2.CustomerAlias]
    next_page_token: str
    def __init__(self, aliases: _Optional[_Iterable[_Union[_alias_pb2.CustomerAlias, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AddAliasRequest(_message.Message):
    __slots__ = ("customer_ref", "alias", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    alias: str
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., alias: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AddAliasResponse(_message.Message):
    __slots__ = ("alias",)
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    alias: _alias_pb2.CustomerAlias
    def __init__(self, alias: _Optional[_Union[_alias_pb2.CustomerAlias, _Mapping]] = ...) -> None: ...

class RemoveAliasRequest(_message.Message):
    __slots__ = ("customer_ref", "alias", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    alias: str
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., alias: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RemoveAliasResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TransferAliasesRequest(_message.Message):
    __slots__ = ("source_ref", "target_ref", "aliases", "request_id")
    SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
    TARGET_REF_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    source_ref: _customer_pb2.CustomerRef
    target_ref: _customer_pb2.CustomerRef
    aliases: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, source_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., target_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., aliases: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class TransferAliasesResponse(_message.Message):
    __slots__ = ("aliases",)
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    aliases: _containers.RepeatedCompositeFieldContainer[_alias_pb2.CustomerAlias]
    def __init__(self, aliases: _Optional[_Iterable[_Union[_alias_pb2.CustomerAlias, _Mapping]]] = ...) -> None: ...
