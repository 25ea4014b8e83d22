import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import store_app_pb2 as _store_app_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateStoreAppRequest(_message.Message):
    __slots__ = ("store_app", "request_id")
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    request_id: str
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateStoreAppResponse(_message.Message):
    __slots__ = ("store_app",)
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ...) -> None: ...

class GetStoreAppRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetStoreAppResponse(_message.Message):
    __slots__ = ("store_app",)
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ...) -> None: ...

class BatchGetStoreAppsRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetStoreAppsResponse(_message.Message):
    __slots__ = ("store_apps",)
    STORE_APPS_FIELD_NUMBER: _ClassVar[int]
    store_apps: _containers.RepeatedCompositeFieldContainer[_store_app_pb2.StoreApp]
    def __init__(self, store_apps: _Optional[_Iterable[_Union[_store_app_pb2.StoreApp, _Mapping]]] = ...) -> None: ...

class ListStoreAppsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ...) -> None: ...

class ListStoreAppsResponse(_message.Message):
    __slots__ = ("store_apps", "next_page_token")
    STORE_APPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    store_apps: _containers.RepeatedCompositeFieldContainer[_store_app_pb2.StoreApp]
    next_page_token: str
    def __init__(self, store_apps: _Optional[_Iterable[_Union[_store_app_pb2.StoreApp, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateStoreAppRequest(_message.Message):
    __slots__ = ("store_app", "update_mask", "request_id")
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateStoreAppResponse(_message.Message):
    __slots__ = ("store_app",)
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ...) -> None: ...

class DeleteStoreAppRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteStoreAppResponse(_message.Message):
    __slots__ = ("store_app", "delete_time")
    STORE_APP_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    store_app: _store_app_pb2.StoreApp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, store_app: _Optional[_Union[_store_app_pb2.StoreApp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
