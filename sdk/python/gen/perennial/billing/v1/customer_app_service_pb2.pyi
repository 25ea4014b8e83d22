import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import app_pb2 as _app_pb2
from perennial.billing.v1 import customer_app_pb2 as _customer_app_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListCustomerAppsRequest(_message.Message):
    __slots__ = ("customer_id", "type", "page_size", "page_token", "page")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    type: _app_pb2.App.Type
    page_size: int
    page_token: str
    page: int
    def __init__(self, customer_id: _Optional[str] = ..., type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ...) -> None: ...

class ListCustomerAppsResponse(_message.Message):
    __slots__ = ("customer_apps", "next_page_token", "total_size")
    CUSTOMER_APPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    customer_apps: _containers.RepeatedCompositeFieldContainer[_customer_app_pb2.CustomerApp]
    next_page_token: str
    total_size: int
    def __init__(self, customer_apps: _Optional[_Iterable[_Union[_customer_app_pb2.CustomerApp, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class PutCustomerAppsRequest(_message.Message):
    __slots__ = ("customer_id", "items", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    items: _containers.RepeatedCompositeFieldContainer[CustomerAppInput]
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[CustomerAppInput, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CustomerAppInput(_message.Message):
    __slots__ = ("type", "app_id", "stripe", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    app_id: str
    stripe: _customer_app_pb2.StripeCustomer
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., app_id: _Optional[str] = ..., stripe: _Optional[_Union[_customer_app_pb2.StripeCustomer, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class PutCustomerAppsResponse(_message.Message):
    __slots__ = ("customer_apps",)
    CUSTOMER_APPS_FIELD_NUMBER: _ClassVar[int]
    customer_apps: _containers.RepeatedCompositeFieldContainer[_customer_app_pb2.CustomerApp]
    def __init__(self, customer_apps: _Optional[_Iterable[_Union[_customer_app_pb2.CustomerApp, _Mapping]]] = ...) -> None: ...

class DeleteCustomerAppRequest(_message.Message):
    __slots__ = ("customer_id", "app_id", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    app_id: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., app_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteCustomerAppResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStripeCustomerRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class GetStripeCustomerResponse(_message.Message):
    __slots__ = ("customer_app",)
    CUSTOMER_APP_FIELD_NUMBER: _ClassVar[int]
    customer_app: _customer_app_pb2.CustomerApp
    def __init__(self, customer_app: _Optional[_Union[_customer_app_pb2.CustomerApp, _Mapping]] = ...) -> None: ...

class CreateStripeCheckoutSessionRequest(_message.Message):
    __slots__ = ("customer_id", "app_id", "stripe_customer_id", "parameters", "currency_code", "metadata", "request_id")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    app_id: str
    stripe_customer_id: str
    parameters: _containers.ScalarMap[str, str]
    currency_code: str
    metadata: _containers.ScalarMap[str, str]
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., app_id: _Optional[str] = ..., stripe_customer_id: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., currency_code: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateStripeCheckoutSessionResponse(_message.Message):
    __slots__ = ("customer_id", "stripe_customer_id", "session_id", "setup_intent_id", "client_secret", "client_reference_id", "customer_email", "currency_code", "create_time", "expire_time", "metadata", "status", "url", "cancel_url", "success_url", "return_url")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SETUP_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SECRET_FIELD_NUMBER: _ClassVar[int]
    CLIENT_REFERENCE_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_URL_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_URL_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    stripe_customer_id: str
    session_id: str
    setup_intent_id: str
    client_secret: str
    client_reference_id: str
    customer_email: str
    currency_code: str
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    metadata: _containers.ScalarMap[str, str]
    status: str
    url: str
    cancel_url: str
    success_url: str
    return_url: str
    def __init__(self, customer_id: _Optional[str] = ..., stripe_customer_id: _Optional[str] = ..., session_id: _Optional[str] = ..., setup_intent_id: _Optional[str] = ..., client_secret: _Optional[str] = ..., client_reference_id: _Optional[str] = ..., customer_email: _Optional[str] = ..., currency_code: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., status: _Optional[str] = ..., url: _Optional[str] = ..., cancel_url: _Optional[str] = ..., success_url: _Optional[str] = ..., return_url: _Optional[str] = ...) -> None: ...

class CreateStripePortalSessionRequest(_message.Message):
    __slots__ = ("customer_id", "configuration_id", "return_url", "locale", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_ID_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    configuration_id: str
    return_url: str
    locale: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., configuration_id: _Optional[str] = ..., return_url: _Optional[str] = ..., locale: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateStripePortalSessionResponse(_message.Message):
    __slots__ = ("session_id", "stripe_customer_id", "configuration_id", "live_mode", "create_time", "return_url", "locale", "url")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STRIPE_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_ID_FIELD_NUMBER: _ClassVar[int]
    LIVE_MODE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    stripe_customer_id: str
    configuration_id: str
    live_mode: bool
    create_time: _timestamp_pb2.Timestamp
    return_url: str
    locale: str
    url: str
    def __init__(self, session_id: _Optional[str] = ..., stripe_customer_id: _Optional[str] = ..., configuration_id: _Optional[str] = ..., live_mode: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., return_url: _Optional[str] = ..., locale: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...
