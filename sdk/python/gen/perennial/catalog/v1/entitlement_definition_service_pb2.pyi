import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import entitlement_definition_pb2 as _entitlement_definition_pb2
from perennial.catalog.v1 import product_pb2 as _product_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateEntitlementDefinitionRequest(_message.Message):
    __slots__ = ("entitlement_definition", "request_id")
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    request_id: str
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateEntitlementDefinitionResponse(_message.Message):
    __slots__ = ("entitlement_definition",)
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ...) -> None: ...

class GetEntitlementDefinitionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetEntitlementDefinitionResponse(_message.Message):
    __slots__ = ("entitlement_definition",)
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ...) -> None: ...

class BatchGetEntitlementDefinitionsRequest(_message.Message):
    __slots__ = ("ids", "lookup_keys", "product_ids")
    IDS_FIELD_NUMBER: _ClassVar[int]
    LOOKUP_KEYS_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    lookup_keys: _containers.RepeatedScalarFieldContainer[str]
    product_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., lookup_keys: _Optional[_Iterable[str]] = ..., product_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetEntitlementDefinitionsResponse(_message.Message):
    __slots__ = ("entitlement_definitions", "attachments")
    ENTITLEMENT_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    entitlement_definitions: _containers.RepeatedCompositeFieldContainer[_entitlement_definition_pb2.EntitlementDefinition]
    attachments: _containers.RepeatedCompositeFieldContainer[EntitlementAttachment]
    def __init__(self, entitlement_definitions: _Optional[_Iterable[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]]] = ..., attachments: _Optional[_Iterable[_Union[EntitlementAttachment, _Mapping]]] = ...) -> None: ...

class EntitlementAttachment(_message.Message):
    __slots__ = ("entitlement_definition_id", "product_id")
    ENTITLEMENT_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition_id: str
    product_id: str
    def __init__(self, entitlement_definition_id: _Optional[str] = ..., product_id: _Optional[str] = ...) -> None: ...

class ListEntitlementDefinitionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ...) -> None: ...

class ListEntitlementDefinitionsResponse(_message.Message):
    __slots__ = ("entitlement_definitions", "next_page_token")
    ENTITLEMENT_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entitlement_definitions: _containers.RepeatedCompositeFieldContainer[_entitlement_definition_pb2.EntitlementDefinition]
    next_page_token: str
    def __init__(self, entitlement_definitions: _Optional[_Iterable[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateEntitlementDefinitionRequest(_message.Message):
    __slots__ = ("entitlement_definition", "update_mask", "request_id")
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateEntitlementDefinitionResponse(_message.Message):
    __slots__ = ("entitlement_definition",)
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ...) -> None: ...

class DeleteEntitlementDefinitionRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteEntitlementDefinitionResponse(_message.Message):
    __slots__ = ("entitlement_definition", "delete_time")
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AttachEntitlementProductsRequest(_message.Message):
    __slots__ = ("id", "product_ids", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    product_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., product_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class AttachEntitlementProductsResponse(_message.Message):
    __slots__ = ("entitlement_definition",)
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ...) -> None: ...

class DetachEntitlementProductsRequest(_message.Message):
    __slots__ = ("id", "product_ids", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    product_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., product_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DetachEntitlementProductsResponse(_message.Message):
    __slots__ = ("entitlement_definition",)
    ENTITLEMENT_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition: _entitlement_definition_pb2.EntitlementDefinition
    def __init__(self, entitlement_definition: _Optional[_Union[_entitlement_definition_pb2.EntitlementDefinition, _Mapping]] = ...) -> None: ...

class ListEntitlementProductsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after_id", "id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after_id: str
    id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ListEntitlementProductsResponse(_message.Message):
    __slots__ = ("products", "next_page_token")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_product_pb2.Product]
    next_page_token: str
    def __init__(self, products: _Optional[_Iterable[_Union[_product_pb2.Product, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BatchListEntitlementProductsRequest(_message.Message):
    __slots__ = ("ids", "limit")
    IDS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    limit: int
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., limit: _Optional[int] = ...) -> None: ...

class BatchListEntitlementProductsResponse(_message.Message):
    __slots__ = ("entitlements",)
    ENTITLEMENTS_FIELD_NUMBER: _ClassVar[int]
    entitlements: _containers.RepeatedCompositeFieldContainer[EntitlementProducts]
    def __init__(self, entitlements: _Optional[_Iterable[_Union[EntitlementProducts, _Mapping]]] = ...) -> None: ...

class EntitlementProducts(_message.Message):
    __slots__ = ("entitlement_definition_id", "products", "has_more")
    ENTITLEMENT_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    entitlement_definition_id: str
    products: _containers.RepeatedCompositeFieldContainer[_product_pb2.Product]
    has_more: bool
    def __init__(self, entitlement_definition_id: _Optional[str] = ..., products: _Optional[_Iterable[_Union[_product_pb2.Product, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...
