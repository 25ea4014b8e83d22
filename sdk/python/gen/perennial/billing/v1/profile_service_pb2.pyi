from google.protobuf import field_mask_pb2 as _field_mask_pb2
from perennial.billing.v1 import billing_profile_pb2 as _billing_profile_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateProfileRequest(_message.Message):
    __slots__ = ("profile", "request_id")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    profile: _billing_profile_pb2.BillingProfile
    request_id: str
    def __init__(self, profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateProfileResponse(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _billing_profile_pb2.BillingProfile
    def __init__(self, profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ...) -> None: ...

class GetProfileRequest(_message.Message):
    __slots__ = ("profile_id",)
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    def __init__(self, profile_id: _Optional[str] = ...) -> None: ...

class GetProfileResponse(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _billing_profile_pb2.BillingProfile
    def __init__(self, profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ...) -> None: ...

class ListProfilesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "include_deleted", "order", "descending")
    class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_UNSPECIFIED: _ClassVar[ListProfilesRequest.Order]
        ORDER_CREATE_TIME: _ClassVar[ListProfilesRequest.Order]
        ORDER_UPDATE_TIME: _ClassVar[ListProfilesRequest.Order]
        ORDER_DEFAULT: _ClassVar[ListProfilesRequest.Order]
        ORDER_NAME: _ClassVar[ListProfilesRequest.Order]
    ORDER_UNSPECIFIED: ListProfilesRequest.Order
    ORDER_CREATE_TIME: ListProfilesRequest.Order
    ORDER_UPDATE_TIME: ListProfilesRequest.Order
    ORDER_DEFAULT: ListProfilesRequest.Order
    ORDER_NAME: ListProfilesRequest.Order
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    include_deleted: bool
    order: ListProfilesRequest.Order
    descending: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., include_deleted: _Optional[bool] = ..., order: _Optional[_Union[ListProfilesRequest.Order, str]] = ..., descending: _Optional[bool] = ...) -> None: ...

class ListProfilesResponse(_message.Message):
    __slots__ = ("profiles", "next_page_token", "total_size")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedCompositeFieldContainer[_billing_profile_pb2.BillingProfile]
    next_page_token: str
    total_size: int
    def __init__(self, profiles: _Optional[_Iterable[_Union[_billing_profile_pb2.BillingProfile, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdateProfileRequest(_message.Message):
    __slots__ = ("profile", "update_mask", "request_id")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    profile: _billing_profile_pb2.BillingProfile
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateProfileResponse(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _billing_profile_pb2.BillingProfile
    def __init__(self, profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ...) -> None: ...

class DeleteProfileRequest(_message.Message):
    __slots__ = ("profile_id", "request_id")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    request_id: str
    def __init__(self, profile_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteProfileResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
