from google.protobuf import field_mask_pb2 as _field_mask_pb2
from perennial.catalog.v1 import addon_pb2 as _addon_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateAddonRequest(_message.Message):
    __slots__ = ("addon", "request_id")
    ADDON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    request_id: str
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...

class GetAddonRequest(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.AddonRef
    def __init__(self, addon: _Optional[_Union[_addon_pb2.AddonRef, _Mapping]] = ...) -> None: ...

class GetAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...

class ListAddonsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "ids", "keys", "key_versions", "currency_codes", "states", "include_deleted", "order_by", "descending")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListAddonsRequest.OrderBy]
        ORDER_BY_ID: _ClassVar[ListAddonsRequest.OrderBy]
        ORDER_BY_KEY: _ClassVar[ListAddonsRequest.OrderBy]
        ORDER_BY_VERSION: _ClassVar[ListAddonsRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListAddonsRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListAddonsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListAddonsRequest.OrderBy
    ORDER_BY_ID: ListAddonsRequest.OrderBy
    ORDER_BY_KEY: ListAddonsRequest.OrderBy
    ORDER_BY_VERSION: ListAddonsRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListAddonsRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListAddonsRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    KEY_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODES_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    ids: _containers.RepeatedScalarFieldContainer[str]
    keys: _containers.RepeatedScalarFieldContainer[str]
    key_versions: _containers.RepeatedCompositeFieldContainer[AddonKeyVersion]
    currency_codes: _containers.RepeatedScalarFieldContainer[str]
    states: _containers.RepeatedScalarFieldContainer[_addon_pb2.Addon.State]
    include_deleted: bool
    order_by: ListAddonsRequest.OrderBy
    descending: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., ids: _Optional[_Iterable[str]] = ..., keys: _Optional[_Iterable[str]] = ..., key_versions: _Optional[_Iterable[_Union[AddonKeyVersion, _Mapping]]] = ..., currency_codes: _Optional[_Iterable[str]] = ..., states: _Optional[_Iterable[_Union[_addon_pb2.Addon.State, str]]] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListAddonsRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ...) -> None: ...

class AddonKeyVersion(_message.Message):
    __slots__ = ("key", "version")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    key: str
    version: int
    def __init__(self, key: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListAddonsResponse(_message.Message):
    __slots__ = ("addons", "next_page_token", "total_size")
    ADDONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    addons: _containers.RepeatedCompositeFieldContainer[_addon_pb2.Addon]
    next_page_token: str
    total_size: int
    def __init__(self, addons: _Optional[_Iterable[_Union[_addon_pb2.Addon, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdateAddonRequest(_message.Message):
    __slots__ = ("addon", "update_mask", "request_id")
    ADDON_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...

class PublishAddonRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class PublishAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...

class ArchiveAddonRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ArchiveAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...

class DeleteAddonRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _addon_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ...) -> None: ...
