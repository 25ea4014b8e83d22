import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import period_pb2 as _period_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hold(_message.Message):
    __slots__ = ("customer_id", "reason", "holder_id", "display_text", "period", "create_time")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[Hold.Reason]
        REASON_SUBSCRIPTION: _ClassVar[Hold.Reason]
        REASON_ENTITLEMENT: _ClassVar[Hold.Reason]
        REASON_INVOICE: _ClassVar[Hold.Reason]
        REASON_FEATURE: _ClassVar[Hold.Reason]
    REASON_UNSPECIFIED: Hold.Reason
    REASON_SUBSCRIPTION: Hold.Reason
    REASON_ENTITLEMENT: Hold.Reason
    REASON_INVOICE: Hold.Reason
    REASON_FEATURE: Hold.Reason
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_TEXT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    reason: Hold.Reason
    holder_id: str
    display_text: str
    period: _period_pb2.Period
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., reason: _Optional[_Union[Hold.Reason, str]] = ..., holder_id: _Optional[str] = ..., display_text: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
