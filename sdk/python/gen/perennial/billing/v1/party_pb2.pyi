from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PostalAddress(_message.Message):
    __slots__ = ("country", "postal_code", "state", "city", "line1", "line2", "phone_number")
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    POSTAL_CODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    LINE1_FIELD_NUMBER: _ClassVar[int]
    LINE2_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    country: str
    postal_code: str
    state: str
    city: str
    line1: str
    line2: str
    phone_number: str
    def __init__(self, country: _Optional[str] = ..., postal_code: _Optional[str] = ..., state: _Optional[str] = ..., city: _Optional[str] = ..., line1: _Optional[str] = ..., line2: _Optional[str] = ..., phone_number: _Optional[str] = ...) -> None: ...

class Supplier(_message.Message):
    __slots__ = ("name", "tax_code", "address")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TAX_CODE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    name: str
    tax_code: str
    address: PostalAddress
    def __init__(self, name: _Optional[str] = ..., tax_code: _Optional[str] = ..., address: _Optional[_Union[PostalAddress, _Mapping]] = ...) -> None: ...

class InvoiceCustomer(_message.Message):
    __slots__ = ("id", "key", "name", "tax_code", "address", "subject_keys", "primary_email")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TAX_CODE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KEYS_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    name: str
    tax_code: str
    address: PostalAddress
    subject_keys: _containers.RepeatedScalarFieldContainer[str]
    primary_email: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., name: _Optional[str] = ..., tax_code: _Optional[str] = ..., address: _Optional[_Union[PostalAddress, _Mapping]] = ..., subject_keys: _Optional[_Iterable[str]] = ..., primary_email: _Optional[str] = ...) -> None: ...
