from perennial.catalog.v1 import named_plan_pb2 as _named_plan_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateNamedPlanRequest(_message.Message):
    __slots__ = ("named_plan", "request_id")
    NAMED_PLAN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    named_plan: _named_plan_pb2.NamedPlan
    request_id: str
    def __init__(self, named_plan: _Optional[_Union[_named_plan_pb2.NamedPlan, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateNamedPlanResponse(_message.Message):
    __slots__ = ("named_plan",)
    NAMED_PLAN_FIELD_NUMBER: _ClassVar[int]
    named_plan: _named_plan_pb2.NamedPlan
    def __init__(self, named_plan: _Optional[_Union[_named_plan_pb2.NamedPlan, _Mapping]] = ...) -> None: ...

class GetNamedPlanRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class GetNamedPlanResponse(_message.Message):
    __slots__ = ("named_plan",)
    NAMED_PLAN_FIELD_NUMBER: _ClassVar[int]
    named_plan: _named_plan_pb2.NamedPlan
    def __init__(self, named_plan: _Optional[_Union[_named_plan_pb2.NamedPlan, _Mapping]] = ...) -> None: ...

class BatchGetNamedPlansRequest(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetNamedPlansResponse(_message.Message):
    __slots__ = ("named_plans",)
    NAMED_PLANS_FIELD_NUMBER: _ClassVar[int]
    named_plans: _containers.RepeatedCompositeFieldContainer[_named_plan_pb2.NamedPlan]
    def __init__(self, named_plans: _Optional[_Iterable[_Union[_named_plan_pb2.NamedPlan, _Mapping]]] = ...) -> None: ...

class ListNamedPlansRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListNamedPlansResponse(_message.Message):
    __slots__ = ("named_plans", "next_page_token")
    NAMED_PLANS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    named_plans: _containers.RepeatedCompositeFieldContainer[_named_plan_pb2.NamedPlan]
    next_page_token: str
    def __init__(self, named_plans: _Optional[_Iterable[_Union[_named_plan_pb2.NamedPlan, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateNamedPlanRequest(_message.Message):
    __slots__ = ("named_plan", "request_id")
    NAMED_PLAN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    named_plan: _named_plan_pb2.NamedPlan
    request_id: str
    def __init__(self, named_plan: _Optional[_Union[_named_plan_pb2.NamedPlan, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateNamedPlanResponse(_message.Message):
    __slots__ = ("named_plan",)
    NAMED_PLAN_FIELD_NUMBER: _ClassVar[int]
    named_plan: _named_plan_pb2.NamedPlan
    def __init__(self, named_plan: _Optional[_Union[_named_plan_pb2.NamedPlan, _Mapping]] = ...) -> None: ...
