import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApplyProductAccessRequest(_message.Message):
    __slots__ = ("customer_id", "revision", "rights")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RIGHTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    revision: int
    rights: _containers.RepeatedCompositeFieldContainer[ProductRight]
    def __init__(self, customer_id: _Optional[str] = ..., revision: _Optional[int] = ..., rights: _Optional[_Iterable[_Union[ProductRight, _Mapping]]] = ...) -> None: ...

class ApplyProductAccessResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class ProductRight(_message.Message):
    __slots__ = ("source_id", "product_id", "feature_key", "start_time", "end_time", "renewal_duration", "renewal_anchor_time")
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    RENEWAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    RENEWAL_ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    source_id: str
    product_id: str
    feature_key: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    renewal_duration: str
    renewal_anchor_time: _timestamp_pb2.Timestamp
    def __init__(self, source_id: _Optional[str] = ..., product_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., renewal_duration: _Optional[str] = ..., renewal_anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
