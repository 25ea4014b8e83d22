from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValidationIssue(_message.Message):
    __slots__ = ("code", "message", "severity", "field", "component", "attributes", "http_status")
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEVERITY_UNSPECIFIED: _ClassVar[ValidationIssue.Severity]
        SEVERITY_CRITICAL: _ClassVar[ValidationIssue.Severity]
        SEVERITY_WARNING: _ClassVar[ValidationIssue.Severity]
    SEVERITY_UNSPECIFIED: ValidationIssue.Severity
    SEVERITY_CRITICAL: ValidationIssue.Severity
    SEVERITY_WARNING: ValidationIssue.Severity
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    severity: ValidationIssue.Severity
    field: str
    component: str
    attributes: _containers.ScalarMap[str, str]
    http_status: int
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., severity: _Optional[_Union[ValidationIssue.Severity, str]] = ..., field: _Optional[str] = ..., component: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., http_status: _Optional[int] = ...) -> None: ...

class ValidationIssues(_message.Message):
    __slots__ = ("issues",)
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    issues: _containers.RepeatedCompositeFieldContainer[ValidationIssue]
    def __init__(self, issues: _Optional[_Iterable[_Union[ValidationIssue, _Mapping]]] = ...) -> None: ...
