import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CustomerAlias(_message.Message):
    __slots__ = ("alias", "create_time", "canonical")
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_FIELD_NUMBER: _ClassVar[int]
    alias: str
    create_time: _timestamp_pb2.Timestamp
    canonical: bool
    def __init__(self, alias: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., canonical: _Optional[bool] = ...) -> None: ...

class CustomerAliases(_message.Message):
    __slots__ = ("customer_id", "aliases")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    aliases: _containers.RepeatedCompositeFieldContainer[CustomerAlias]
    def __init__(self, customer_id: _Optional[str] = ..., aliases: _Optional[_Iterable[_Union[CustomerAlias, _Mapping]]] = ...) -> None: ...
