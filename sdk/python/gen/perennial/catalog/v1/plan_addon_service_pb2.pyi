from google.protobuf import field_mask_pb2 as _field_mask_pb2
from perennial.catalog.v1 import addon_pb2 as _addon_pb2
from perennial.catalog.v1 import addon_service_pb2 as _addon_service_pb2
from perennial.catalog.v1 import plan_pb2 as _plan_pb2
from perennial.catalog.v1 import plan_addon_pb2 as _plan_addon_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreatePlanAddonRequest(_message.Message):
    __slots__ = ("plan_id", "addon_id", "from_plan_phase", "max_quantity", "metadata", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_PHASE_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    addon_id: str
    from_plan_phase: str
    max_quantity: int
    metadata: _containers.ScalarMap[str, str]
    request_id: str
    def __init__(self, plan_id: _Optional[str] = ..., addon_id: _Optional[str] = ..., from_plan_phase: _Optional[str] = ..., max_quantity: _Optional[int] = ..., metadata: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePlanAddonResponse(_message.Message):
    __slots__ = ("plan_addon",)
    PLAN_ADDON_FIELD_NUMBER: _ClassVar[int]
    plan_addon: _plan_addon_pb2.PlanAddon
    def __init__(self, plan_addon: _Optional[_Union[_plan_addon_pb2.PlanAddon, _Mapping]] = ...) -> None: ...

class GetPlanAddonRequest(_message.Message):
    __slots__ = ("plan", "addon")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ADDON_FIELD_NUMBER: _ClassVar[int]
    plan: _plan_pb2.PlanRef
    addon: _addon_pb2.AddonRef
    def __init__(self, plan: _Optional[_Union[_plan_pb2.PlanRef, _Mapping]] = ..., addon: _Optional[_Union[_addon_pb2.AddonRef, _Mapping]] = ...) -> None: ...

class GetPlanAddonResponse(_message.Message):
    __slots__ = ("plan_addon",)
    PLAN_ADDON_FIELD_NUMBER: _ClassVar[int]
    plan_addon: _plan_addon_pb2.PlanAddon
    def __init__(self, plan_addon: _Optional[_Union[_plan_addon_pb2.PlanAddon, _Mapping]] = ...) -> None: ...

class ListPlanAddonsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "plan", "addon_ids", "addon_keys", "include_deleted", "order_by", "descending", "key_versions")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListPlanAddonsRequest.OrderBy]
        ORDER_BY_ID: _ClassVar[ListPlanAddonsRequest.OrderBy]
        ORDER_BY_KEY: _ClassVar[ListPlanAddonsRequest.OrderBy]
        ORDER_BY_VERSION: _ClassVar[ListPlanAddonsRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListPlanAddonsRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListPlanAddonsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListPlanAddonsRequest.OrderBy
    ORDER_BY_ID: ListPlanAddonsRequest.OrderBy
    ORDER_BY_KEY: ListPlanAddonsRequest.OrderBy
    ORDER_BY_VERSION: ListPlanAddonsRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListPlanAddonsRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListPlanAddonsRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ADDON_IDS_FIELD_NUMBER: _ClassVar[int]
    ADDON_KEYS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    KEY_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    plan: _plan_pb2.PlanRef
    addon_ids: _containers.RepeatedScalarFieldContainer[str]
    addon_keys: _containers.RepeatedScalarFieldContainer[str]
    include_deleted: bool
    order_by: ListPlanAddonsRequest.OrderBy
    descending: bool
    key_versions: _containers.RepeatedCompositeFieldContainer[_addon_service_pb2.AddonKeyVersion]
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., plan: _Optional[_Union[_plan_pb2.PlanRef, _Mapping]] = ..., addon_ids: _Optional[_Iterable[str]] = ..., addon_keys: _Optional[_Iterable[str]] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListPlanAddonsRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ..., key_versions: _Optional[_Iterable[_Union[_addon_service_pb2.AddonKeyVersion, _Mapping]]] = ...) -> None: ...

class ListPlanAddonsResponse(_message.Message):
    __slots__ = ("plan_addons", "next_page_token", "total_size")
    PLAN_ADDONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    plan_addons: _containers.RepeatedCompositeFieldContainer[_plan_addon_pb2.PlanAddon]
    next_page_token: str
    total_size: int
    def __init__(self, plan_addons: _Optional[_Iterable[_Union[_plan_addon_pb2.PlanAddon, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdatePlanAddonRequest(_message.Message):
    __slots__ = ("plan_id", "addon", "plan_addon", "update_mask", "request_id")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_FIELD_NUMBER: _ClassVar[int]
    PLAN_ADDON_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    addon: _addon_pb2.AddonRef
    plan_addon: _plan_addon_pb2.PlanAddon
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, plan_id: _Optional[str] = ..., addon: _Optional[_Union[_addon_pb2.AddonRef, _Mapping]] = ..., plan_addon: _Optional[_Union[_plan_addon_pb2.PlanAddon, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdatePlanAddonResponse(_message.Message):
    __slots__ = ("plan_addon",)
    PLAN_ADDON_FIELD_NUMBER: _ClassVar[int]
    plan_addon: _plan_addon_pb2.PlanAddon
    def __init__(self, plan_addon: _Optional[_Union[_plan_addon_pb2.PlanAddon, _Mapping]] = ...) -> None: ...

class DeletePlanAddonRequest(_message.Message):
    __slots__ = ("plan_id", "addon", "request_id")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    addon: _addon_pb2.AddonRef
    request_id: str
    def __init__(self, plan_id: _Optional[str] = ..., addon: _Optional[_Union[_addon_pb2.AddonRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeletePlanAddonResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
