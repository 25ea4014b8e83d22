from perennial.metering.v1 import portal_token_pb2 as _portal_token_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreatePortalTokenRequest(_message.Message):
    __slots__ = ("portal_token", "request_id")
    PORTAL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    portal_token: _portal_token_pb2.PortalToken
    request_id: str
    def __init__(self, portal_token: _Optional[_Union[_portal_token_pb2.PortalToken, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePortalTokenResponse(_message.Message):
    __slots__ = ("portal_token",)
    PORTAL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    portal_token: _portal_token_pb2.PortalToken
    def __init__(self, portal_token: _Optional[_Union[_portal_token_pb2.PortalToken, _Mapping]] = ...) -> None: ...

class ListPortalTokensRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "subject")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    subject: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., subject: _Optional[str] = ...) -> None: ...

class ListPortalTokensResponse(_message.Message):
    __slots__ = ("portal_tokens", "next_page_token")
    PORTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    portal_tokens: _containers.RepeatedCompositeFieldContainer[_portal_token_pb2.PortalToken]
    next_page_token: str
    def __init__(self, portal_tokens: _Optional[_Iterable[_Union[_portal_token_pb2.PortalToken, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class InvalidatePortalTokensRequest(_message.Message):
    __slots__ = ("id", "subject", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    subject: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., subject: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class InvalidatePortalTokensResponse(_message.Message):
    __slots__ = ("invalidated_count",)
    INVALIDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    invalidated_count: int
    def __init__(self, invalidated_count: _Optional[int] = ...) -> None: ...

class ResolvePortalTokenRequest(_message.Message):
    __slots__ = ("token", "meter_slug")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    METER_SLUG_FIELD_NUMBER: _ClassVar[int]
    token: str
    meter_slug: str
    def __init__(self, token: _Optional[str] = ..., meter_slug: _Optional[str] = ...) -> None: ...

class ResolvePortalTokenResponse(_message.Message):
    __slots__ = ("project_id", "portal_token")
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PORTAL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    project_id: str
    portal_token: _portal_token_pb2.PortalToken
    def __init__(self, project_id: _Optional[str] = ..., portal_token: _Optional[_Union[_portal_token_pb2.PortalToken, _Mapping]] = ...) -> None: ...
