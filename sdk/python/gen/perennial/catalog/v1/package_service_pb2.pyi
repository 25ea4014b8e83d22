import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import package_pb2 as _package_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreatePackageRequest(_message.Message):
    __slots__ = ("package", "request_id")
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    request_id: str
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePackageResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ...) -> None: ...

class GetPackageRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetPackageResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ...) -> None: ...

class ListPackagesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after_id", "offering_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after_id: str
    offering_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after_id: _Optional[str] = ..., offering_id: _Optional[str] = ...) -> None: ...

class ListPackagesResponse(_message.Message):
    __slots__ = ("packages", "next_page_token")
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    packages: _containers.RepeatedCompositeFieldContainer[_package_pb2.Package]
    next_page_token: str
    def __init__(self, packages: _Optional[_Iterable[_Union[_package_pb2.Package, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BatchListPackagesRequest(_message.Message):
    __slots__ = ("offering_ids", "limit")
    OFFERING_IDS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    offering_ids: _containers.RepeatedScalarFieldContainer[str]
    limit: int
    def __init__(self, offering_ids: _Optional[_Iterable[str]] = ..., limit: _Optional[int] = ...) -> None: ...

class BatchListPackagesResponse(_message.Message):
    __slots__ = ("offerings",)
    OFFERINGS_FIELD_NUMBER: _ClassVar[int]
    offerings: _containers.RepeatedCompositeFieldContainer[OfferingPackages]
    def __init__(self, offerings: _Optional[_Iterable[_Union[OfferingPackages, _Mapping]]] = ...) -> None: ...

class OfferingPackages(_message.Message):
    __slots__ = ("offering_id", "packages", "has_more")
    OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    offering_id: str
    packages: _containers.RepeatedCompositeFieldContainer[_package_pb2.Package]
    has_more: bool
    def __init__(self, offering_id: _Optional[str] = ..., packages: _Optional[_Iterable[_Union[_package_pb2.Package, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...

class UpdatePackageRequest(_message.Message):
    __slots__ = ("package", "update_mask", "request_id")
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdatePackageResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ...) -> None: ...

class DeletePackageRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeletePackageResponse(_message.Message):
    __slots__ = ("package", "delete_time")
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AttachPackageProductsRequest(_message.Message):
    __slots__ = ("id", "products", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    products: _containers.RepeatedCompositeFieldContainer[_package_pb2.PackageProduct]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., products: _Optional[_Iterable[_Union[_package_pb2.PackageProduct, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class AttachPackageProductsResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ...) -> None: ...

class DetachPackageProductsRequest(_message.Message):
    __slots__ = ("id", "product_ids", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    product_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., product_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DetachPackageProductsResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: _package_pb2.Package
    def __init__(self, package: _Optional[_Union[_package_pb2.Package, _Mapping]] = ...) -> None: ...

class ListPackageProductsRequest(_message.Message):
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

class ListPackageProductsResponse(_message.Message):
    __slots__ = ("products", "next_page_token")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_package_pb2.PackageProduct]
    next_page_token: str
    def __init__(self, products: _Optional[_Iterable[_Union[_package_pb2.PackageProduct, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BatchListPackageProductsRequest(_message.Message):
    __slots__ = ("ids", "limit")
    IDS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    limit: int
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., limit: _Optional[int] = ...) -> None: ...

class BatchListPackageProductsResponse(_message.Message):
    __slots__ = ("packages",)
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    packages: _containers.RepeatedCompositeFieldContainer[PackageProducts]
    def __init__(self, packages: _Optional[_Iterable[_Union[PackageProducts, _Mapping]]] = ...) -> None: ...

class PackageProducts(_message.Message):
    __slots__ = ("package_id", "products", "has_more")
    PACKAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    package_id: str
    products: _containers.RepeatedCompositeFieldContainer[_package_pb2.PackageProduct]
    has_more: bool
    def __init__(self, package_id: _Optional[str] = ..., products: _Optional[_Iterable[_Union[_package_pb2.PackageProduct, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...
