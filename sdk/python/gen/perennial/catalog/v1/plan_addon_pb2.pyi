import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import addon_pb2 as _addon_pb2
from perennial.kernel.v1 import issue_pb2 as _issue_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PlanAddon(_message.Message):
    __slots__ = ("plan_id", "addon", "from_plan_phase", "max_quantity", "validation_issues", "metadata", "etag", "create_time", "update_time", "delete_time")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_PHASE_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ISSUES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    addon: _addon_pb2.Addon
    from_plan_phase: str
    max_quantity: int
    validation_issues: _containers.RepeatedCompositeFieldContainer[_issue_pb2.ValidationIssue]
    metadata: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, plan_id: _Optional[str] = ..., addon: _Optional[_Union[_addon_pb2.Addon, _Mapping]] = ..., from_plan_phase: _Optional[str] = ..., max_quantity: _Optional[int] = ..., validation_issues: _Optional[_Iterable[_Union[_issue_pb2.ValidationIssue, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
