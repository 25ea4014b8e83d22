import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import model_price_pb2 as _model_price_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.metering.v1 import filter_pb2 as _filter_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Feature(_message.Message):
    __slots__ = ("id", "key", "name", "meter_id", "meter_slug", "meter_group_by_filters", "unit_cost", "metadata", "archive_time", "etag", "create_time", "update_time")
    class MeterGroupByFiltersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _filter_pb2.FilterString
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ...) -> None: ...
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    METER_ID_FIELD_NUMBER: _ClassVar[int]
    METER_SLUG_FIELD_NUMBER: _ClassVar[int]
    METER_GROUP_BY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    name: str
    meter_id: str
    meter_slug: str
    meter_group_by_filters: _containers.MessageMap[str, _filter_pb2.FilterString]
    unit_cost: UnitCost
    metadata: _containers.ScalarMap[str, str]
    archive_time: _timestamp_pb2.Timestamp
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., name: _Optional[str] = ..., meter_id: _Optional[str] = ..., meter_slug: _Optional[str] = ..., meter_group_by_filters: _Optional[_Mapping[str, _filter_pb2.FilterString]] = ..., unit_cost: _Optional[_Union[UnitCost, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., archive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UnitCost(_message.Message):
    __slots__ = ("manual", "llm")
    MANUAL_FIELD_NUMBER: _ClassVar[int]
    LLM_FIELD_NUMBER: _ClassVar[int]
    manual: ManualUnitCost
    llm: LlmUnitCost
    def __init__(self, manual: _Optional[_Union[ManualUnitCost, _Mapping]] = ..., llm: _Optional[_Union[LlmUnitCost, _Mapping]] = ...) -> None: ...

class ManualUnitCost(_message.Message):
    __slots__ = ("amount",)
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class LlmUnitCost(_message.Message):
    __slots__ = ("provider_property", "provider", "model_property", "model", "token_type_property", "token_type", "pricing")
    PROVIDER_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TYPE_PROPERTY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    provider_property: str
    provider: str
    model_property: str
    model: str
    token_type_property: str
    token_type: str
    pricing: _model_price_pb2.ModelPricing
    def __init__(self, provider_property: _Optional[str] = ..., provider: _Optional[str] = ..., model_property: _Optional[str] = ..., model: _Optional[str] = ..., token_type_property: _Optional[str] = ..., token_type: _Optional[str] = ..., pricing: _Optional[_Union[_model_price_pb2.ModelPricing, _Mapping]] = ...) -> None: ...

class FeatureRef(_message.Message):
    __slots__ = ("id", "key", "id_or_key")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ID_OR_KEY_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    id_or_key: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., id_or_key: _Optional[str] = ...) -> None: ...

class FeatureHold(_message.Message):
    __slots__ = ("feature_id", "reason", "holder_id", "start_time", "end_time")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[FeatureHold.Reason]
        REASON_SUBSCRIPTION: _ClassVar[FeatureHold.Reason]
    REASON_UNSPECIFIED: FeatureHold.Reason
    REASON_SUBSCRIPTION: FeatureHold.Reason
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    feature_id: str
    reason: FeatureHold.Reason
    holder_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, feature_id: _Optional[str] = ..., reason: _Optional[_Union[FeatureHold.Reason, str]] = ..., holder_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
