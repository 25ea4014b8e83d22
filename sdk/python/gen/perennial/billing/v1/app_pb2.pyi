import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class App(_message.Message):
    __slots__ = ("id", "type", "name", "description", "metadata", "status", "custom_invoicing", "etag", "create_time", "update_time", "delete_time", "stripe")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[App.Type]
        TYPE_SANDBOX: _ClassVar[App.Type]
        TYPE_STRIPE: _ClassVar[App.Type]
        TYPE_CUSTOM_INVOICING: _ClassVar[App.Type]
    TYPE_UNSPECIFIED: App.Type
    TYPE_SANDBOX: App.Type
    TYPE_STRIPE: App.Type
    TYPE_CUSTOM_INVOICING: App.Type
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATUS_UNSPECIFIED: _ClassVar[App.Status]
        STATUS_READY: _ClassVar[App.Status]
        STATUS_UNAUTHORIZED: _ClassVar[App.Status]
    STATUS_UNSPECIFIED: App.Status
    STATUS_READY: App.Status
    STATUS_UNAUTHORIZED: App.Status
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_INVOICING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    STRIPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: App.Type
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    status: App.Status
    custom_invoicing: CustomInvoicingSettings
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    stripe: StripeAccount
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[App.Type, str]] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., status: _Optional[_Union[App.Status, str]] = ..., custom_invoicing: _Optional[_Union[CustomInvoicingSettings, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stripe: _Optional[_Union[StripeAccount, _Mapping]] = ...) -> None: ...

class StripeAccount(_message.Message):
    __slots__ = ("account_id", "live_mode", "masked_api_key")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    LIVE_MODE_FIELD_NUMBER: _ClassVar[int]
    MASKED_API_KEY_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    live_mode: bool
    masked_api_key: str
    def __init__(self, account_id: _Optional[str] = ..., live_mode: _Optional[bool] = ..., masked_api_key: _Optional[str] = ...) -> None: ...

class CustomInvoicingSettings(_message.Message):
    __slots__ = ("enable_draft_sync_hook", "enable_issuing_sync_hook")
    ENABLE_DRAFT_SYNC_HOOK_FIELD_NUMBER: _ClassVar[int]
    ENABLE_ISSUING_SYNC_HOOK_FIELD_NUMBER: _ClassVar[int]
    enable_draft_sync_hook: bool
    enable_issuing_sync_hook: bool
    def __init__(self, enable_draft_sync_hook: _Optional[bool] = ..., enable_issuing_sync_hook: _Optional[bool] = ...) -> None: ...
