from perennial.subscription.v1 import purchase_pb2 as _purchase_pb2
from perennial.subscription.v1 import term_pb2 as _term_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPurchasesRequest(_message.Message):
    __slots__ = ("customer_id", "page_size", "page_token", "after_id", "environment")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    page_size: int
    page_token: str
    after_id: str
    environment: _term_pb2.StoreEnvironment
    def __init__(self, customer_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ..., environment: _Optional[_Union[_term_pb2.StoreEnvironment, str]] = ...) -> None: ...

class ListPurchasesResponse(_message.Message):
    __slots__ = ("purchases", "next_page_token")
    PURCHASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    purchases: _containers.RepeatedCompositeFieldContainer[_purchase_pb2.Purchase]
    next_page_token: str
    def __init__(self, purchases: _Optional[_Iterable[_Union[_purchase_pb2.Purchase, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetPurchaseRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetPurchaseResponse(_message.Message):
    __slots__ = ("purchase",)
    PURCHASE_FIELD_NUMBER: _ClassVar[int]
    purchase: _purchase_pb2.Purchase
    def __init__(self, purchase: _Optional[_Union[_purchase_pb2.Purchase, _Mapping]] = ...) -> None: ...

class BatchGetPurchasesRequest(_message.Message):
    __slots__ = ("ids", "store_purchase_identifiers")
    IDS_FIELD_NUMBER: _ClassVar[int]
    STORE_PURCHASE_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    store_purchase_identifiers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., store_purchase_identifiers: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetPurchasesResponse(_message.Message):
    __slots__ = ("purchases",)
    PURCHASES_FIELD_NUMBER: _ClassVar[int]
    purchases: _containers.RepeatedCompositeFieldContainer[_purchase_pb2.Purchase]
    def __init__(self, purchases: _Optional[_Iterable[_Union[_purchase_pb2.Purchase, _Mapping]]] = ...) -> None: ...

class RefundPurchaseRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RefundPurchaseResponse(_message.Message):
    __slots__ = ("purchase",)
    PURCHASE_FIELD_NUMBER: _ClassVar[int]
    purchase: _purchase_pb2.Purchase
    def __init__(self, purchase: _Optional[_Union[_purchase_pb2.Purchase, _Mapping]] = ...) -> None: ...
