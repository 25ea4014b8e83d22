from perennial.catalog.v1 import model_price_pb2 as _model_price_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SetModelPriceRequest(_message.Message):
    __slots__ = ("model_price", "request_id")
    MODEL_PRICE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    model_price: _model_price_pb2.ModelPrice
    request_id: str
    def __init__(self, model_price: _Optional[_Union[_model_price_pb2.ModelPrice, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetModelPriceResponse(_message.Message):
    __slots__ = ("model_price",)
    MODEL_PRICE_FIELD_NUMBER: _ClassVar[int]
    model_price: _model_price_pb2.ModelPrice
    def __init__(self, model_price: _Optional[_Union[_model_price_pb2.ModelPrice, _Mapping]] = ...) -> None: ...

class ListModelPricesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelPricesResponse(_message.Message):
    __slots__ = ("model_prices", "next_page_token")
    MODEL_PRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model_prices: _containers.RepeatedCompositeFieldContainer[_model_price_pb2.ModelPrice]
    next_page_token: str
    def __init__(self, model_prices: _Optional[_Iterable[_Union[_model_price_pb2.ModelPrice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteModelPriceRequest(_message.Message):
    __slots__ = ("provider", "model", "request_id")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    request_id: str
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteModelPriceResponse(_message.Message):
    __slots__ = ("model_price",)
    MODEL_PRICE_FIELD_NUMBER: _ClassVar[int]
    model_price: _model_price_pb2.ModelPrice
    def __init__(self, model_price: _Optional[_Union[_model_price_pb2.ModelPrice, _Mapping]] = ...) -> None: ...
