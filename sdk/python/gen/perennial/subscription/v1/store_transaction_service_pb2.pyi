from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.subscription.v1 import purchase_pb2 as _purchase_pb2
from perennial.subscription.v1 import store_transaction_pb2 as _store_transaction_pb2
from perennial.subscription.v1 import term_pb2 as _term_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordStoreTransactionRequest(_message.Message):
    __slots__ = ("transaction", "request_id")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    transaction: _store_transaction_pb2.StoreTransaction
    request_id: str
    def __init__(self, transaction: _Optional[_Union[_store_transaction_pb2.StoreTransaction, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RecordStoreTransactionResponse(_message.Message):
    __slots__ = ("transaction", "terms", "purchase", "duplicate")
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    transaction: _store_transaction_pb2.StoreTransaction
    terms: _containers.RepeatedCompositeFieldContainer[_term_pb2.Term]
    purchase: _purchase_pb2.Purchase
    duplicate: bool
    def __init__(self, transaction: _Optional[_Union[_store_transaction_pb2.StoreTransaction, _Mapping]] = ..., terms: _Optional[_Iterable[_Union[_term_pb2.Term, _Mapping]]] = ..., purchase: _Optional[_Union[_purchase_pb2.Purchase, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ListStoreTransactionsRequest(_message.Message):
    __slots__ = ("store_subscription_identifier", "customer_id", "page_size", "page_token")
    STORE_SUBSCRIPTION_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    store_subscription_identifier: str
    customer_id: str
    page_size: int
    page_token: str
    def __init__(self, store_subscription_identifier: _Optional[str] = ..., customer_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStoreTransactionsResponse(_message.Message):
    __slots__ = ("transactions", "next_page_token")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transactions: _containers.RepeatedCompositeFieldContainer[_store_transaction_pb2.StoreTransaction]
    next_page_token: str
    def __init__(self, transactions: _Optional[_Iterable[_Union[_store_transaction_pb2.StoreTransaction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class TransferStoreRightsRequest(_message.Message):
    __slots__ = ("source", "target", "request_id")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    source: _customer_pb2.CustomerRef
    target: _customer_pb2.CustomerRef
    request_id: str
    def __init__(self, source: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., target: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class TransferStoreRightsResponse(_message.Message):
    __slots__ = ("subscription_count", "purchase_count")
    SUBSCRIPTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_COUNT_FIELD_NUMBER: _ClassVar[int]
    subscription_count: int
    purchase_count: int
    def __init__(self, subscription_count: _Optional[int] = ..., purchase_count: _Optional[int] = ...) -> None: ...
