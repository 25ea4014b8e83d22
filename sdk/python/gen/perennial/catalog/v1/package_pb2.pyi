import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import product_pb2 as _product_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Package(_message.Message):
    __slots__ = ("id", "short_id", "offering_id", "lookup_key", "display_name", "position", "etag", "create_time", "update_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    LOOKUP_KEY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    short_id: str
    offering_id: str
    lookup_key: str
    display_name: str
    position: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., short_id: _Optional[str] = ..., offering_id: _Optional[str] = ..., lookup_key: _Optional[str] = ..., display_name: _Optional[str] = ..., position: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PackageProduct(_message.Message):
    __slots__ = ("product", "eligibility_criteria")
    class EligibilityCriteria(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ELIGIBILITY_CRITERIA_UNSPECIFIED: _ClassVar[PackageProduct.EligibilityCriteria]
        ELIGIBILITY_CRITERIA_ALL: _ClassVar[PackageProduct.EligibilityCriteria]
        ELIGIBILITY_CRITERIA_GOOGLE_BEFORE_6: _ClassVar[PackageProduct.EligibilityCriteria]
        ELIGIBILITY_CRITERIA_GOOGLE_FROM_6: _ClassVar[PackageProduct.EligibilityCriteria]
    ELIGIBILITY_CRITERIA_UNSPECIFIED: PackageProduct.EligibilityCriteria
    ELIGIBILITY_CRITERIA_ALL: PackageProduct.EligibilityCriteria
    ELIGIBILITY_CRITERIA_GOOGLE_BEFORE_6: PackageProduct.EligibilityCriteria
    ELIGIBILITY_CRITERIA_GOOGLE_FROM_6: PackageProduct.EligibilityCriteria
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    ELIGIBILITY_CRITERIA_FIELD_NUMBER: _ClassVar[int]
    product: _product_pb2.Product
    eligibility_criteria: PackageProduct.EligibilityCriteria
    def __init__(self, product: _Optional[_Union[_product_pb2.Product, _Mapping]] = ..., eligibility_criteria: _Optional[_Union[PackageProduct.EligibilityCriteria, str]] = ...) -> None: ...
