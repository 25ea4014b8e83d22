from perennial.billing.v1 import app_pb2 as _app_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InstallAppRequest(_message.Message):
    __slots__ = ("type", "name", "request_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    name: str
    request_id: str
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class InstallAppResponse(_message.Message):
    __slots__ = ("app",)
    APP_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ...) -> None: ...

class GetAppRequest(_message.Message):
    __slots__ = ("app_id",)
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    app_id: str
    def __init__(self, app_id: _Optional[str] = ...) -> None: ...

class GetAppResponse(_message.Message):
    __slots__ = ("app",)
    APP_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ...) -> None: ...

class ListAppsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ...) -> None: ...

class ListAppsResponse(_message.Message):
    __slots__ = ("apps", "next_page_token", "total_size")
    APPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    apps: _containers.RepeatedCompositeFieldContainer[_app_pb2.App]
    next_page_token: str
    total_size: int
    def __init__(self, apps: _Optional[_Iterable[_Union[_app_pb2.App, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdateAppRequest(_message.Message):
    __slots__ = ("app", "secret_api_key", "request_id")
    APP_FIELD_NUMBER: _ClassVar[int]
    SECRET_API_KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    secret_api_key: str
    request_id: str
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ..., secret_api_key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateAppResponse(_message.Message):
    __slots__ = ("app",)
    APP_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ...) -> None: ...

class UninstallAppRequest(_message.Message):
    __slots__ = ("app_id", "request_id")
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    app_id: str
    request_id: str
    def __init__(self, app_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UninstallAppResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InstallAppWithApiKeyRequest(_message.Message):
    __slots__ = ("type", "api_key", "name", "skip_billing_profile", "request_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SKIP_BILLING_PROFILE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    api_key: str
    name: str
    skip_billing_profile: bool
    request_id: str
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., api_key: _Optional[str] = ..., name: _Optional[str] = ..., skip_billing_profile: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class InstallAppWithApiKeyResponse(_message.Message):
    __slots__ = ("app", "billing_profile_id", "became_default")
    APP_FIELD_NUMBER: _ClassVar[int]
    BILLING_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    BECAME_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    billing_profile_id: str
    became_default: bool
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ..., billing_profile_id: _Optional[str] = ..., became_default: _Optional[bool] = ...) -> None: ...

class GetOAuth2InstallUrlRequest(_message.Message):
    __slots__ = ("type",)
    TYPE_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ...) -> None: ...

class GetOAuth2InstallUrlResponse(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class CompleteOAuth2InstallRequest(_message.Message):
    __slots__ = ("type", "state", "code", "error", "error_description", "request_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ERROR_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    state: str
    code: str
    error: str
    error_description: str
    request_id: str
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., state: _Optional[str] = ..., code: _Optional[str] = ..., error: _Optional[str] = ..., error_description: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CompleteOAuth2InstallResponse(_message.Message):
    __slots__ = ("app", "redirect_url")
    APP_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URL_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    redirect_url: str
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ..., redirect_url: _Optional[str] = ...) -> None: ...

class ListAppListingsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAppListingsResponse(_message.Message):
    __slots__ = ("listings",)
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    listings: _containers.RepeatedCompositeFieldContainer[AppListing]
    def __init__(self, listings: _Optional[_Iterable[_Union[AppListing, _Mapping]]] = ...) -> None: ...

class AppListing(_message.Message):
    __slots__ = ("type", "name", "description", "install_methods")
    class InstallMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INSTALL_METHOD_UNSPECIFIED: _ClassVar[AppListing.InstallMethod]
        INSTALL_METHOD_OAUTH2: _ClassVar[AppListing.InstallMethod]
        INSTALL_METHOD_API_KEY: _ClassVar[AppListing.InstallMethod]
        INSTALL_METHOD_NO_CREDENTIALS: _ClassVar[AppListing.InstallMethod]
    INSTALL_METHOD_UNSPECIFIED: AppListing.InstallMethod
    INSTALL_METHOD_OAUTH2: AppListing.InstallMethod
    INSTALL_METHOD_API_KEY: AppListing.InstallMethod
    INSTALL_METHOD_NO_CREDENTIALS: AppListing.InstallMethod
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INSTALL_METHODS_FIELD_NUMBER: _ClassVar[int]
    type: _app_pb2.App.Type
    name: str
    description: str
    install_methods: _containers.RepeatedScalarFieldContainer[AppListing.InstallMethod]
    def __init__(self, type: _Optional[_Union[_app_pb2.App.Type, str]] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., install_methods: _Optional[_Iterable[_Union[AppListing.InstallMethod, str]]] = ...) -> None: ...

class ReplaceAppApiKeyRequest(_message.Message):
    __slots__ = ("app_id", "api_key", "request_id")
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    app_id: str
    api_key: str
    request_id: str
    def __init__(self, app_id: _Optional[str] = ..., api_key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReplaceAppApiKeyResponse(_message.Message):
    __slots__ = ("app",)
    APP_FIELD_NUMBER: _ClassVar[int]
    app: _app_pb2.App
    def __init__(self, app: _Optional[_Union[_app_pb2.App, _Mapping]] = ...) -> None: ...

class ReceiveStripeEventRequest(_message.Message):
    __slots__ = ("app_id", "payload", "signature")
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    app_id: str
    payload: bytes
    signature: str
    def __init__(self, app_id: _Optional[str] = ..., payload: _Optional[bytes] = ..., signature: _Optional[str] = ...) -> None: ...

class ReceiveStripeEventResponse(_message.Message):
    __slots__ = ("project_id", "app_id", "customer_id", "message")
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    project_id: str
    app_id: str
    customer_id: str
    message: str
    def __init__(self, project_id: _Optional[str] = ..., app_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
