import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import exchange_rate_pb2 as _exchange_rate_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SetRateRequest(_message.Message):
    __slots__ = ("rate", "request_id")
    RATE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    rate: _exchange_rate_pb2.ExchangeRate
    request_id: str
    def __init__(self, rate: _Optional[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetRateResponse(_message.Message):
    __slots__ = ("rate",)
    RATE_FIELD_NUMBER: _ClassVar[int]
    rate: _exchange_rate_pb2.ExchangeRate
    def __init__(self, rate: _Optional[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]] = ...) -> None: ...

class BatchSetRatesRequest(_message.Message):
    __slots__ = ("rates", "request_id")
    RATES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    rates: _containers.RepeatedCompositeFieldContainer[_exchange_rate_pb2.ExchangeRate]
    request_id: str
    def __init__(self, rates: _Optional[_Iterable[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchSetRatesResponse(_message.Message):
    __slots__ = ("rates", "changed_count")
    RATES_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    rates: _containers.RepeatedCompositeFieldContainer[_exchange_rate_pb2.ExchangeRate]
    changed_count: int
    def __init__(self, rates: _Optional[_Iterable[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]]] = ..., changed_count: _Optional[int] = ...) -> None: ...

class ListRatesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_currency_code", "to_currency_code")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_currency_code: str
    to_currency_code: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_currency_code: _Optional[str] = ..., to_currency_code: _Optional[str] = ...) -> None: ...

class ListRatesResponse(_message.Message):
    __slots__ = ("rates", "next_page_token")
    RATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rates: _containers.RepeatedCompositeFieldContainer[_exchange_rate_pb2.ExchangeRate]
    next_page_token: str
    def __init__(self, rates: _Optional[_Iterable[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRateRequest(_message.Message):
    __slots__ = ("from_currency_code", "to_currency_code", "time")
    FROM_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    from_currency_code: str
    to_currency_code: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, from_currency_code: _Optional[str] = ..., to_currency_code: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetRateResponse(_message.Message):
    __slots__ = ("rate",)
    RATE_FIELD_NUMBER: _ClassVar[int]
    rate: _exchange_rate_pb2.ExchangeRate
    def __init__(self, rate: _Optional[_Union[_exchange_rate_pb2.ExchangeRate, _Mapping]] = ...) -> None: ...
