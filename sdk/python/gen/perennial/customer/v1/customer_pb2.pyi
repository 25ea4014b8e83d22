import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Customer(_message.Message):
    __slots__ = ("id", "key", "display_name", "description", "usage_attribution", "primary_email", "currency_code", "billing_address", "metadata", "active_subscription_ids", "former_keys", "etag", "create_time", "update_time", "delete_time", "profitwell_id", "display_name_derived", "anonymize_time", "exclude_time", "last_seen_time", "touch_time")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    USAGE_ATTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EMAIL_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_SUBSCRIPTION_IDS_FIELD_NUMBER: _ClassVar[int]
    FORMER_KEYS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROFITWELL_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_DERIVED_FIELD_NUMBER: _ClassVar[int]
    ANONYMIZE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    TOUCH_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    display_name: str
    description: str
    usage_attribution: UsageAttribution
    primary_email: str
    currency_code: str
    billing_address: Address
    metadata: _containers.ScalarMap[str, str]
    active_subscription_ids: _containers.RepeatedScalarFieldContainer[str]
    former_keys: _containers.RepeatedScalarFieldContainer[str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    profitwell_id: str
    display_name_derived: bool
    anonymize_time: _timestamp_pb2.Timestamp
    exclude_time: _timestamp_pb2.Timestamp
    last_seen_time: _timestamp_pb2.Timestamp
    touch_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., usage_attribution: _Optional[_Union[UsageAttribution, _Mapping]] = ..., primary_email: _Optional[str] = ..., currency_code: _Optional[str] = ..., billing_address: _Optional[_Union[Address, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., active_subscription_ids: _Optional[_Iterable[str]] = ..., former_keys: _Optional[_Iterable[str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., profitwell_id: _Optional[str] = ..., display_name_derived: _Optional[bool] = ..., anonymize_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., exclude_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., touch_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UsageAttribution(_message.Message):
    __slots__ = ("subject_keys",)
    SUBJECT_KEYS_FIELD_NUMBER: _ClassVar[int]
    subject_keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject_keys: _Optional[_Iterable[str]] = ...) -> None: ...

class Address(_message.Message):
    __slots__ = ("country_code", "postal_code", "state", "city", "line1", "line2", "phone_number")
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    POSTAL_CODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    LINE1_FIELD_NUMBER: _ClassVar[int]
    LINE2_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    country_code: str
    postal_code: str
    state: str
    city: str
    line1: str
    line2: str
    phone_number: str
    def __init__(self, country_code: _Optional[str] = ..., postal_code: _Optional[str] = ..., state: _Optional[str] = ..., city: _Optional[str] = ..., line1: _Optional[str] = ..., line2: _Optional[str] = ..., phone_number: _Optional[str] = ...) -> None: ...

class CustomerRef(_message.Message):
    __slots__ = ("id", "key", "id_or_key", "handle")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ID_OR_KEY_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    id_or_key: str
    handle: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., id_or_key: _Optional[str] = ..., handle: _Optional[str] = ...) -> None: ...
