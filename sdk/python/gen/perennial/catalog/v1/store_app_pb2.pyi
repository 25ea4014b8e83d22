import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreApp(_message.Message):
    __slots__ = ("id", "short_id", "name", "type", "amazon", "app_store", "mac_app_store", "play_store", "stripe", "built_in", "roku", "is_default", "etag", "create_time", "update_time")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[StoreApp.Type]
        TYPE_AMAZON: _ClassVar[StoreApp.Type]
        TYPE_APP_STORE: _ClassVar[StoreApp.Type]
        TYPE_MAC_APP_STORE: _ClassVar[StoreApp.Type]
        TYPE_PLAY_STORE: _ClassVar[StoreApp.Type]
        TYPE_STRIPE: _ClassVar[StoreApp.Type]
        TYPE_BUILT_IN: _ClassVar[StoreApp.Type]
        TYPE_ROKU: _ClassVar[StoreApp.Type]
    TYPE_UNSPECIFIED: StoreApp.Type
    TYPE_AMAZON: StoreApp.Type
    TYPE_APP_STORE: StoreApp.Type
    TYPE_MAC_APP_STORE: StoreApp.Type
    TYPE_PLAY_STORE: StoreApp.Type
    TYPE_STRIPE: StoreApp.Type
    TYPE_BUILT_IN: StoreApp.Type
    TYPE_ROKU: StoreApp.Type
    ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    AMAZON_FIELD_NUMBER: _ClassVar[int]
    APP_STORE_FIELD_NUMBER: _ClassVar[int]
    MAC_APP_STORE_FIELD_NUMBER: _ClassVar[int]
    PLAY_STORE_FIELD_NUMBER: _ClassVar[int]
    STRIPE_FIELD_NUMBER: _ClassVar[int]
    BUILT_IN_FIELD_NUMBER: _ClassVar[int]
    ROKU_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    short_id: str
    name: str
    type: StoreApp.Type
    amazon: AmazonDetails
    app_store: AppStoreDetails
    mac_app_store: MacAppStoreDetails
    play_store: PlayStoreDetails
    stripe: StripeDetails
    built_in: BuiltInDetails
    roku: RokuDetails
    is_default: bool
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., short_id: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[_Union[StoreApp.Type, str]] = ..., amazon: _Optional[_Union[AmazonDetails, _Mapping]] = ..., app_store: _Optional[_Union[AppStoreDetails, _Mapping]] = ..., mac_app_store: _Optional[_Union[MacAppStoreDetails, _Mapping]] = ..., play_store: _Optional[_Union[PlayStoreDetails, _Mapping]] = ..., stripe: _Optional[_Union[StripeDetails, _Mapping]] = ..., built_in: _Optional[_Union[BuiltInDetails, _Mapping]] = ..., roku: _Optional[_Union[RokuDetails, _Mapping]] = ..., is_default: _Optional[bool] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AmazonDetails(_message.Message):
    __slots__ = ("package_name", "shared_secret")
    PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    SHARED_SECRET_FIELD_NUMBER: _ClassVar[int]
    package_name: str
    shared_secret: str
    def __init__(self, package_name: _Optional[str] = ..., shared_secret: _Optional[str] = ...) -> None: ...

class AppStoreDetails(_message.Message):
    __slots__ = ("bundle_id", "shared_secret", "subscription_private_key", "subscription_key_id", "subscription_key_issuer", "small_business_program")
    BUNDLE_ID_FIELD_NUMBER: _ClassVar[int]
    SHARED_SECRET_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_PRIVATE_KEY_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_KEY_ISSUER_FIELD_NUMBER: _ClassVar[int]
    SMALL_BUSINESS_PROGRAM_FIELD_NUMBER: _ClassVar[int]
    bundle_id: str
    shared_secret: str
    subscription_private_key: str
    subscription_key_id: str
    subscription_key_issuer: str
    small_business_program: bool
    def __init__(self, bundle_id: _Optional[str] = ..., shared_secret: _Optional[str] = ..., subscription_private_key: _Optional[str] = ..., subscription_key_id: _Optional[str] = ..., subscription_key_issuer: _Optional[str] = ..., small_business_program: _Optional[bool] = ...) -> None: ...

class MacAppStoreDetails(_message.Message):
    __slots__ = ("bundle_id", "shared_secret", "small_business_program")
    BUNDLE_ID_FIELD_NUMBER: _ClassVar[int]
    SHARED_SECRET_FIELD_NUMBER: _ClassVar[int]
    SMALL_BUSINESS_PROGRAM_FIELD_NUMBER: _ClassVar[int]
    bundle_id: str
    shared_secret: str
    small_business_program: bool
    def __init__(self, bundle_id: _Optional[str] = ..., shared_secret: _Optional[str] = ..., small_business_program: _Optional[bool] = ...) -> None: ...

class PlayStoreDetails(_message.Message):
    __slots__ = ("package_name", "small_business_program")
    PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    SMALL_BUSINESS_PROGRAM_FIELD_NUMBER: _ClassVar[int]
    package_name: str
    small_business_program: bool
    def __init__(self, package_name: _Optional[str] = ..., small_business_program: _Optional[bool] = ...) -> None: ...

class StripeDetails(_message.Message):
    __slots__ = ("stripe_account_id",)
    STRIPE_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    stripe_account_id: str
    def __init__(self, stripe_account_id: _Optional[str] = ...) -> None: ...

class BuiltInDetails(_message.Message):
    __slots__ = ("stripe_account_id", "seller_company_name", "seller_company_support_email", "default_currency_code")
    STRIPE_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SELLER_COMPANY_NAME_FIELD_NUMBER: _ClassVar[int]
    SELLER_COMPANY_SUPPORT_EMAIL_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    stripe_account_id: str
    seller_company_name: str
    seller_company_support_email: str
    default_currency_code: str
    def __init__(self, stripe_account_id: _Optional[str] = ..., seller_company_name: _Optional[str] = ..., seller_company_support_email: _Optional[str] = ..., default_currency_code: _Optional[str] = ...) -> None: ...

class RokuDetails(_message.Message):
    __slots__ = ("roku_api_key", "roku_channel_id", "roku_channel_name")
    ROKU_API_KEY_FIELD_NUMBER: _ClassVar[int]
    ROKU_CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    ROKU_CHANNEL_NAME_FIELD_NUMBER: _ClassVar[int]
    roku_api_key: str
    roku_channel_id: str
    roku_channel_name: str
    def __init__(self, roku_api_key: _Optional[str] = ..., roku_channel_id: _Optional[str] = ..., roku_channel_name: _Optional[str] = ...) -> None: ...
