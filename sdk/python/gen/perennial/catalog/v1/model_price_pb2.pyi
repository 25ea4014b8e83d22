import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelPrice(_message.Message):
    __slots__ = ("provider", "model", "pricing", "etag", "create_time", "update_time")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    pricing: ModelPricing
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., pricing: _Optional[_Union[ModelPricing, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ModelPricing(_message.Message):
    __slots__ = ("input_per_token", "output_per_token", "cache_read_per_token", "reasoning_per_token", "cache_write_per_token")
    INPUT_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REASONING_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    input_per_token: _decimal_pb2.Decimal
    output_per_token: _decimal_pb2.Decimal
    cache_read_per_token: _decimal_pb2.Decimal
    reasoning_per_token: _decimal_pb2.Decimal
    cache_write_per_token: _decimal_pb2.Decimal
    def __init__(self, input_per_token: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., output_per_token: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., cache_read_per_token: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., reasoning_per_token: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., cache_write_per_token: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
