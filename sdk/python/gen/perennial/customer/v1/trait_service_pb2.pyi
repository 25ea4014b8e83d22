from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.customer.v1 import trait_pb2 as _trait_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListTraitsRequest(_message.Message):
    __slots__ = ("customer_ref", "view")
    class View(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        VIEW_UNSPECIFIED: _ClassVar[ListTraitsRequest.View]
        VIEW_SEGMENTS: _ClassVar[ListTraitsRequest.View]
        VIEW_TRAITS: _ClassVar[ListTraitsRequest.View]
    VIEW_UNSPECIFIED: ListTraitsRequest.View
    VIEW_SEGMENTS: ListTraitsRequest.View
    VIEW_TRAITS: ListTraitsRequest.View
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    view: ListTraitsRequest.View
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., view: _Optional[_Union[ListTraitsRequest.View, str]] = ...) -> None: ...

class ListTraitsResponse(_message.Message):
    __slots__ = ("traits", "customer")
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    traits: _containers.RepeatedCompositeFieldContainer[_trait_pb2.CustomerTrait]
    customer: _customer_pb2.Customer
    def __init__(self, traits: _Optional[_Iterable[_Union[_trait_pb2.CustomerTrait, _Mapping]]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class SegmentChange(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class MergeSegmentsRequest(_message.Message):
    __slots__ = ("customer_ref", "changes", "request_id")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    changes: _containers.RepeatedCompositeFieldContainer[SegmentChange]
    request_id: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., changes: _Optional[_Iterable[_Union[SegmentChange, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class MergeSegmentsResponse(_message.Message):
    __slots__ = ("traits", "customer")
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    traits: _containers.RepeatedCompositeFieldContainer[_trait_pb2.CustomerTrait]
    customer: _customer_pb2.Customer
    def __init__(self, traits: _Optional[_Iterable[_Union[_trait_pb2.CustomerTrait, _Mapping]]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ...) -> None: ...

class TraitTarget(_message.Message):
    __slots__ = ("customer_ref", "primary_email")
    CUSTOMER_REF_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    customer_ref: _customer_pb2.CustomerRef
    primary_email: str
    def __init__(self, customer_ref: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., primary_email: _Optional[str] = ...) -> None: ...

class SetTraitRequest(_message.Message):
    __slots__ = ("target", "category", "trait", "request_id")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    TRAIT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    target: TraitTarget
    category: str
    trait: str
    request_id: str
    def __init__(self, target: _Optional[_Union[TraitTarget, _Mapping]] = ..., category: _Optional[str] = ..., trait: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetTraitResponse(_message.Message):
    __slots__ = ("customer_count",)
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    customer_count: int
    def __init__(self, customer_count: _Optional[int] = ...) -> None: ...

class RemoveTraitRequest(_message.Message):
    __slots__ = ("target", "category", "request_id")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    target: TraitTarget
    category: str
    request_id: str
    def __init__(self, target: _Optional[_Union[TraitTarget, _Mapping]] = ..., category: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RemoveTraitResponse(_message.Message):
    __slots__ = ("customer_count",)
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    customer_count: int
    def __init__(self, customer_count: _Optional[int] = ...) -> None: ...

class RemoveTraitCategoryRequest(_message.Message):
    __slots__ = ("category", "request_id")
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    category: str
    request_id: str
    def __init__(self, category: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RemoveTraitCategoryResponse(_message.Message):
    __slots__ = ("customer_count",)
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    customer_count: int
    def __init__(self, customer_count: _Optional[int] = ...) -> None: ...
