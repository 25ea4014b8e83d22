import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Grant(_message.Message):
    __slots__ = ("id", "entitlement_id", "amount", "priority", "effective_time", "expiration", "expire_time", "min_rollover_amount", "max_rollover_amount", "recurrence", "next_recurrence_time", "void_time", "metadata", "annotations", "etag", "create_time", "update_time", "delete_time", "customer_id", "feature_key")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    MIN_ROLLOVER_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_ROLLOVER_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RECURRENCE_FIELD_NUMBER: _ClassVar[int]
    NEXT_RECURRENCE_TIME_FIELD_NUMBER: _ClassVar[int]
    VOID_TIME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    entitlement_id: str
    amount: _decimal_pb2.Decimal
    priority: int
    effective_time: _timestamp_pb2.Timestamp
    expiration: _entitlement_pb2.GrantExpiration
    expire_time: _timestamp_pb2.Timestamp
    min_rollover_amount: _decimal_pb2.Decimal
    max_rollover_amount: _decimal_pb2.Decimal
    recurrence: _entitlement_pb2.GrantRecurrence
    next_recurrence_time: _timestamp_pb2.Timestamp
    void_time: _timestamp_pb2.Timestamp
    metadata: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    customer_id: str
    feature_key: str
    def __init__(self, id: _Optional[str] = ..., entitlement_id: _Optional[str] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., priority: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expiration: _Optional[_Union[_entitlement_pb2.GrantExpiration, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., min_rollover_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., max_rollover_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., recurrence: _Optional[_Union[_entitlement_pb2.GrantRecurrence, _Mapping]] = ..., next_recurrence_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., void_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., customer_id: _Optional[str] = ..., feature_key: _Optional[str] = ...) -> None: ...
