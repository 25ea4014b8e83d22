from perennial.catalog.v1 import feature_pb2 as _feature_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.metering.v1 import usage_query_pb2 as _usage_query_pb2
from perennial.metering.v1 import usage_service_pb2 as _usage_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateFeatureRequest(_message.Message):
    __slots__ = ("feature", "request_id")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.Feature
    request_id: str
    def __init__(self, feature: _Optional[_Union[_feature_pb2.Feature, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateFeatureResponse(_message.Message):
    __slots__ = ("feature",)
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.Feature
    def __init__(self, feature: _Optional[_Union[_feature_pb2.Feature, _Mapping]] = ...) -> None: ...

class GetFeatureRequest(_message.Message):
    __slots__ = ("feature", "include_archived")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.FeatureRef
    include_archived: bool
    def __init__(self, feature: _Optional[_Union[_feature_pb2.FeatureRef, _Mapping]] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class GetFeatureResponse(_message.Message):
    __slots__ = ("feature",)
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.Feature
    def __init__(self, feature: _Optional[_Union[_feature_pb2.Feature, _Mapping]] = ...) -> None: ...

class BatchGetFeaturesRequest(_message.Message):
    __slots__ = ("ids", "keys", "include_archived")
    IDS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    keys: _containers.RepeatedScalarFieldContainer[str]
    include_archived: bool
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., keys: _Optional[_Iterable[str]] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class BatchGetFeaturesResponse(_message.Message):
    __slots__ = ("features",)
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[_feature_pb2.Feature]
    def __init__(self, features: _Optional[_Iterable[_Union[_feature_pb2.Feature, _Mapping]]] = ...) -> None: ...

class ListFeaturesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "meter_slugs", "include_archived", "order_by", "descending")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListFeaturesRequest.OrderBy]
        ORDER_BY_ID: _ClassVar[ListFeaturesRequest.OrderBy]
        ORDER_BY_KEY: _ClassVar[ListFeaturesRequest.OrderBy]
        ORDER_BY_NAME: _ClassVar[ListFeaturesRequest.OrderBy]
        ORDER_BY_CREATE_TIME: _ClassVar[ListFeaturesRequest.OrderBy]
        ORDER_BY_UPDATE_TIME: _ClassVar[ListFeaturesRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListFeaturesRequest.OrderBy
    ORDER_BY_ID: ListFeaturesRequest.OrderBy
    ORDER_BY_KEY: ListFeaturesRequest.OrderBy
    ORDER_BY_NAME: ListFeaturesRequest.OrderBy
    ORDER_BY_CREATE_TIME: ListFeaturesRequest.OrderBy
    ORDER_BY_UPDATE_TIME: ListFeaturesRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    METER_SLUGS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    meter_slugs: _containers.RepeatedScalarFieldContainer[str]
    include_archived: bool
    order_by: ListFeaturesRequest.OrderBy
    descending: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., meter_slugs: _Optional[_Iterable[str]] = ..., include_archived: _Optional[bool] = ..., order_by: _Optional[_Union[ListFeaturesRequest.OrderBy, str]] = ..., descending: _Optional[bool] = ...) -> None: ...

class ListFeaturesResponse(_message.Message):
    __slots__ = ("features", "next_page_token", "total_size")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[_feature_pb2.Feature]
    next_page_token: str
    total_size: int
    def __init__(self, features: _Optional[_Iterable[_Union[_feature_pb2.Feature, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class QueryFeatureCostRequest(_message.Message):
    __slots__ = ("feature", "usage")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.FeatureRef
    usage: _usage_service_pb2.QueryMeterRequest
    def __init__(self, feature: _Optional[_Union[_feature_pb2.FeatureRef, _Mapping]] = ..., usage: _Optional[_Union[_usage_service_pb2.QueryMeterRequest, _Mapping]] = ...) -> None: ...

class QueryFeatureCostResponse(_message.Message):
    __slots__ = ("currency_code", "rows")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    rows: _containers.RepeatedCompositeFieldContainer[FeatureCostRow]
    def __init__(self, currency_code: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[FeatureCostRow, _Mapping]]] = ...) -> None: ...

class FeatureCostRow(_message.Message):
    __slots__ = ("usage", "cost", "detail")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    usage: _usage_query_pb2.UsageRow
    cost: _decimal_pb2.Decimal
    detail: str
    def __init__(self, usage: _Optional[_Union[_usage_query_pb2.UsageRow, _Mapping]] = ..., cost: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., detail: _Optional[str] = ...) -> None: ...

class ArchiveFeatureRequest(_message.Message):
    __slots__ = ("feature", "request_id")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.FeatureRef
    request_id: str
    def __init__(self, feature: _Optional[_Union[_feature_pb2.FeatureRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ArchiveFeatureResponse(_message.Message):
    __slots__ = ("feature",)
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    feature: _feature_pb2.Feature
    def __init__(self, feature: _Optional[_Union[_feature_pb2.Feature, _Mapping]] = ...) -> None: ...

class ReplaceFeatureHoldsRequest(_message.Message):
    __slots__ = ("reason", "holder_id", "holds", "revision", "request_id")
    REASON_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    reason: _feature_pb2.FeatureHold.Reason
    holder_id: str
    holds: _containers.RepeatedCompositeFieldContainer[_feature_pb2.FeatureHold]
    revision: int
    request_id: str
    def __init__(self, reason: _Optional[_Union[_feature_pb2.FeatureHold.Reason, str]] = ..., holder_id: _Optional[str] = ..., holds: _Optional[_Iterable[_Union[_feature_pb2.FeatureHold, _Mapping]]] = ..., revision: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReplaceFeatureHoldsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
