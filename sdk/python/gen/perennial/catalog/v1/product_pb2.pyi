import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Product(_message.Message):
    __slots__ = ("id", "short_id", "store_app_id", "store_identifier", "kind", "display_name", "duration", "grace_period_duration", "trial_duration", "is_consumable", "product_key", "origin", "etag", "create_time", "update_time", "delete_time")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Product.Kind]
        KIND_SUBSCRIPTION: _ClassVar[Product.Kind]
        KIND_ONE_TIME: _ClassVar[Product.Kind]
    KIND_UNSPECIFIED: Product.Kind
    KIND_SUBSCRIPTION: Product.Kind
    KIND_ONE_TIME: Product.Kind
    class Origin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORIGIN_UNSPECIFIED: _ClassVar[Product.Origin]
        ORIGIN_STORE: _ClassVar[Product.Origin]
        ORIGIN_REPORTED: _ClassVar[Product.Origin]
        ORIGIN_PLAN: _ClassVar[Product.Origin]
    ORIGIN_UNSPECIFIED: Product.Origin
    ORIGIN_STORE: Product.Origin
    ORIGIN_REPORTED: Product.Origin
    ORIGIN_PLAN: Product.Origin
    ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_APP_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    GRACE_PERIOD_DURATION_FIELD_NUMBER: _ClassVar[int]
    TRIAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    IS_CONSUMABLE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    short_id: str
    store_app_id: str
    store_identifier: str
    kind: Product.Kind
    display_name: str
    duration: str
    grace_period_duration: str
    trial_duration: str
    is_consumable: bool
    product_key: str
    origin: Product.Origin
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., short_id: _Optional[str] = ..., store_app_id: _Optional[str] = ..., store_identifier: _Optional[str] = ..., kind: _Optional[_Union[Product.Kind, str]] = ..., display_name: _Optional[str] = ..., duration: _Optional[str] = ..., grace_period_duration: _Optional[str] = ..., trial_duration: _Optional[str] = ..., is_consumable: _Optional[bool] = ..., product_key: _Optional[str] = ..., origin: _Optional[_Union[Product.Origin, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
