from google.protobuf import field_mask_pb2 as _field_mask_pb2
from perennial.metering.v1 import meter_pb2 as _meter_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateMeterRequest(_message.Message):
    __slots__ = ("meter", "request_id")
    METER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    request_id: str
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ...) -> None: ...

class GetMeterRequest(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.MeterRef
    def __init__(self, meter: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ...) -> None: ...

class GetMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ...) -> None: ...

class ListMetersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "include_deleted", "order_by", "descending", "event_type")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListMetersRequest.OrderBy]
        ORDER_BY_SLUG: _ClassVar[ListMetersRequest.OrderBy]
        ORDER_BY_NAME: _ClassVar[ListMetersRequest.OrderBy]
        ORDER_BY_AGGREGATION: _ClassVar[ListMetersRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListMetersRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListMetersRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListMetersRequest.OrderBy
    ORDER_BY_SLUG: ListMetersRequest.OrderBy
    ORDER_BY_NAME: ListMetersRequest.OrderBy
    ORDER_BY_AGGREGATION: ListMetersRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListMetersRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListMetersRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    include_deleted: bool
    order_by: ListMetersRequest.OrderBy
    descending: bool
    event_type: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., include_deleted: _Optional[bool] = ..., order_by: _Optional[_Union[ListMetersRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ..., event_type: _Optional[str] = ...) -> None: ...

class ListMetersResponse(_message.Message):
    __slots__ = ("meters", "next_page_token", "total_size")
    METERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[_meter_pb2.Meter]
    next_page_token: str
    total_size: int
    def __init__(self, meters: _Optional[_Iterable[_Union[_meter_pb2.Meter, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class BatchGetMetersRequest(_message.Message):
    __slots__ = ("ids", "slugs")
    IDS_FIELD_NUMBER: _ClassVar[int]
    SLUGS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    slugs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., slugs: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetMetersResponse(_message.Message):
    __slots__ = ("meters",)
    METERS_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[_meter_pb2.Meter]
    def __init__(self, meters: _Optional[_Iterable[_Union[_meter_pb2.Meter, _Mapping]]] = ...) -> None: ...

class UpdateMeterRequest(_message.Message):
    __slots__ = ("meter_ref", "meter", "update_mask", "request_id")
    METER_REF_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    meter_ref: _meter_pb2.MeterRef
    meter: _meter_pb2.Meter
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    def __init__(self, meter_ref: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ..., meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ...) -> None: ...

class DeleteMeterRequest(_message.Message):
    __slots__ = ("meter", "request_id")
    METER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.MeterRef
    request_id: str
    def __init__(self, meter: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ...) -> None: ...

class PlaceMeterHoldRequest(_message.Message):
    __slots__ = ("hold", "request_id")
    HOLD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    hold: _meter_pb2.MeterHold
    request_id: str
    def __init__(self, hold: _Optional[_Union[_meter_pb2.MeterHold, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PlaceMeterHoldResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: _meter_pb2.MeterHold
    def __init__(self, hold: _Optional[_Union[_meter_pb2.MeterHold, _Mapping]] = ...) -> None: ...

class PlaceMeterHoldsRequest(_message.Message):
    __slots__ = ("holds", "request_id")
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    holds: _containers.RepeatedCompositeFieldContainer[_meter_pb2.MeterHold]
    request_id: str
    def __init__(self, holds: _Optional[_Iterable[_Union[_meter_pb2.MeterHold, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PlaceMeterHoldsResponse(_message.Message):
    __slots__ = ("holds",)
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    holds: _containers.RepeatedCompositeFieldContainer[_meter_pb2.MeterHold]
    def __init__(self, holds: _Optional[_Iterable[_Union[_meter_pb2.MeterHold, _Mapping]]] = ...) -> None: ...

class ReleaseMeterHoldRequest(_message.Message):
    __slots__ = ("meter_id", "reason", "holder_id", "request_id")
    METER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    meter_id: str
    reason: _meter_pb2.MeterHold.Reason
    holder_id: str
    request_id: str
    def __init__(self, meter_id: _Optional[str] = ..., reason: _Optional[_Union[_meter_pb2.MeterHold.Reason, str]] = ..., holder_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReleaseMeterHoldResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
