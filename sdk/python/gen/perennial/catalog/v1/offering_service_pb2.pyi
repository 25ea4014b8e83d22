import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import offering_pb2 as _offering_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateOfferingRequest(_message.Message):
    __slots__ = ("offering", "request_id")
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    request_id: str
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateOfferingResponse(_message.Message):
    __slots__ = ("offering",)
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ...) -> None: ...

class GetOfferingRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetOfferingResponse(_message.Message):
    __slots__ = ("offering",)
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ...) -> None: ...

class ListOfferingsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ...) -> None: ...

class ListOfferingsResponse(_message.Message):
    __slots__ = ("offerings", "next_page_token")
    OFFERINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    offerings: _containers.RepeatedCompositeFieldContainer[_offering_pb2.Offering]
    next_page_token: str
    def __init__(self, offerings: _Optional[_Iterable[_Union[_offering_pb2.Offering, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateOfferingRequest(_message.Message):
    __slots__ = ("offering", "update_mask", "request_id")
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateOfferingResponse(_message.Message):
    __slots__ = ("offering",)
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ...) -> None: ...

class DeleteOfferingRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteOfferingResponse(_message.Message):
    __slots__ = ("offering", "delete_time")
    OFFERING_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    offering: _offering_pb2.Offering
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, offering: _Optional[_Union[_offering_pb2.Offering, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
