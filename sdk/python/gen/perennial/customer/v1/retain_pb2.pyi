import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Intervention(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERVENTION_UNSPECIFIED: _ClassVar[Intervention]
    INTERVENTION_RETAIN: _ClassVar[Intervention]
    INTERVENTION_TERM_OPTIMIZATION: _ClassVar[Intervention]
    INTERVENTION_REACTIVATION: _ClassVar[Intervention]
INTERVENTION_UNSPECIFIED: Intervention
INTERVENTION_RETAIN: Intervention
INTERVENTION_TERM_OPTIMIZATION: Intervention
INTERVENTION_REACTIVATION: Intervention

class OptOut(_message.Message):
    __slots__ = ("intervention", "create_time")
    INTERVENTION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    intervention: Intervention
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, intervention: _Optional[_Union[Intervention, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CustomerOptOuts(_message.Message):
    __slots__ = ("customer_id", "opt_outs")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    OPT_OUTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    opt_outs: _containers.RepeatedCompositeFieldContainer[OptOut]
    def __init__(self, customer_id: _Optional[str] = ..., opt_outs: _Optional[_Iterable[_Union[OptOut, _Mapping]]] = ...) -> None: ...
