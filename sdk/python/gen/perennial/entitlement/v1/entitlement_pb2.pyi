import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import period_pb2 as _period_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Entitlement(_message.Message):
    __slots__ = ("id", "customer_id", "feature_id", "feature_key", "metered", "static", "boolean", "active_from_time", "active_to_time", "usage_period", "current_usage_period", "subscription_id", "subscription_item_id", "metadata", "annotations", "etag", "create_time", "update_time", "delete_time")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    METERED_FIELD_NUMBER: _ClassVar[int]
    STATIC_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TO_TIME_FIELD_NUMBER: _ClassVar[int]
    USAGE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    CURRENT_USAGE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    customer_id: str
    feature_id: str
    feature_key: str
    metered: MeteredEntitlement
    static: StaticEntitlement
    boolean: BooleanEntitlement
    active_from_time: _timestamp_pb2.Timestamp
    active_to_time: _timestamp_pb2.Timestamp
    usage_period: UsagePeriod
    current_usage_period: _period_pb2.Period
    subscription_id: str
    subscription_item_id: str
    metadata: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., customer_id: _Optional[str] = ..., feature_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., metered: _Optional[_Union[MeteredEntitlement, _Mapping]] = ..., static: _Optional[_Union[StaticEntitlement, _Mapping]] = ..., boolean: _Optional[_Union[BooleanEntitlement, _Mapping]] = ..., active_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., usage_period: _Optional[_Union[UsagePeriod, _Mapping]] = ..., current_usage_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., subscription_id: _Optional[str] = ..., subscription_item_id: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MeteredEntitlement(_message.Message):
    __slots__ = ("measure_usage_from_time", "soft_limit", "preserve_overage_at_reset", "issue", "last_reset_time")
    MEASURE_USAGE_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    SOFT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_OVERAGE_AT_RESET_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    LAST_RESET_TIME_FIELD_NUMBER: _ClassVar[int]
    measure_usage_from_time: _timestamp_pb2.Timestamp
    soft_limit: bool
    preserve_overage_at_reset: bool
    issue: Issue
    last_reset_time: _timestamp_pb2.Timestamp
    def __init__(self, measure_usage_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., soft_limit: _Optional[bool] = ..., preserve_overage_at_reset: _Optional[bool] = ..., issue: _Optional[_Union[Issue, _Mapping]] = ..., last_reset_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StaticEntitlement(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: str
    def __init__(self, config: _Optional[str] = ...) -> None: ...

class BooleanEntitlement(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Issue(_message.Message):
    __slots__ = ("amount", "priority")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    priority: int
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., priority: _Optional[int] = ...) -> None: ...

class UsagePeriod(_message.Message):
    __slots__ = ("interval", "anchor_time")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    interval: str
    anchor_time: _timestamp_pb2.Timestamp
    def __init__(self, interval: _Optional[str] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EntitlementRef(_message.Message):
    __slots__ = ("customer", "id", "feature_key", "id_or_feature_key")
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    ID_OR_FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.CustomerRef
    id: str
    feature_key: str
    id_or_feature_key: str
    def __init__(self, customer: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., id: _Optional[str] = ..., feature_key: _Optional[str] = ..., id_or_feature_key: _Optional[str] = ...) -> None: ...

class NewEntitlement(_message.Message):
    __slots__ = ("customer", "feature_id", "feature_key", "metered", "static", "boolean", "usage_period", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    METERED_FIELD_NUMBER: _ClassVar[int]
    STATIC_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    USAGE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    customer: _customer_pb2.CustomerRef
    feature_id: str
    feature_key: str
    metered: NewMeteredEntitlement
    static: StaticEntitlement
    boolean: BooleanEntitlement
    usage_period: UsagePeriod
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, customer: _Optional[_Union[_customer_pb2.CustomerRef, _Mapping]] = ..., feature_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., metered: _Optional[_Union[NewMeteredEntitlement, _Mapping]] = ..., static: _Optional[_Union[StaticEntitlement, _Mapping]] = ..., boolean: _Optional[_Union[BooleanEntitlement, _Mapping]] = ..., usage_period: _Optional[_Union[UsagePeriod, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NewMeteredEntitlement(_message.Message):
    __slots__ = ("measure_usage_from_time", "measure_usage_from_preset", "soft_limit", "preserve_overage_at_reset", "issue", "grants")
    class MeasureUsageFrom(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MEASURE_USAGE_FROM_UNSPECIFIED: _ClassVar[NewMeteredEntitlement.MeasureUsageFrom]
        MEASURE_USAGE_FROM_NOW: _ClassVar[NewMeteredEntitlement.MeasureUsageFrom]
        MEASURE_USAGE_FROM_CURRENT_PERIOD_START: _ClassVar[NewMeteredEntitlement.MeasureUsageFrom]
    MEASURE_USAGE_FROM_UNSPECIFIED: NewMeteredEntitlement.MeasureUsageFrom
    MEASURE_USAGE_FROM_NOW: NewMeteredEntitlement.MeasureUsageFrom
    MEASURE_USAGE_FROM_CURRENT_PERIOD_START: NewMeteredEntitlement.MeasureUsageFrom
    MEASURE_USAGE_FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    MEASURE_USAGE_FROM_PRESET_FIELD_NUMBER: _ClassVar[int]
    SOFT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_OVERAGE_AT_RESET_FIELD_NUMBER: _ClassVar[int]
    ISSUE_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    measure_usage_from_time: _timestamp_pb2.Timestamp
    measure_usage_from_preset: NewMeteredEntitlement.MeasureUsageFrom
    soft_limit: bool
    preserve_overage_at_reset: bool
    issue: Issue
    grants: _containers.RepeatedCompositeFieldContainer[NewGrant]
    def __init__(self, measure_usage_from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., measure_usage_from_preset: _Optional[_Union[NewMeteredEntitlement.MeasureUsageFrom, str]] = ..., soft_limit: _Optional[bool] = ..., preserve_overage_at_reset: _Optional[bool] = ..., issue: _Optional[_Union[Issue, _Mapping]] = ..., grants: _Optional[_Iterable[_Union[NewGrant, _Mapping]]] = ...) -> None: ...

class NewGrant(_message.Message):
    __slots__ = ("amount", "priority", "effective_time", "expiration", "min_rollover_amount", "max_rollover_amount", "recurrence", "metadata", "annotations")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    MIN_ROLLOVER_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_ROLLOVER_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RECURRENCE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    priority: int
    effective_time: _timestamp_pb2.Timestamp
    expiration: GrantExpiration
    min_rollover_amount: _decimal_pb2.Decimal
    max_rollover_amount: _decimal_pb2.Decimal
    recurrence: GrantRecurrence
    metadata: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., priority: _Optional[int] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expiration: _Optional[_Union[GrantExpiration, _Mapping]] = ..., min_rollover_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., max_rollover_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., recurrence: _Optional[_Union[GrantRecurrence, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ...) -> None: ...

class GrantExpiration(_message.Message):
    __slots__ = ("unit", "count")
    class Unit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNIT_UNSPECIFIED: _ClassVar[GrantExpiration.Unit]
        UNIT_HOUR: _ClassVar[GrantExpiration.Unit]
        UNIT_DAY: _ClassVar[GrantExpiration.Unit]
        UNIT_WEEK: _ClassVar[GrantExpiration.Unit]
        UNIT_MONTH: _ClassVar[GrantExpiration.Unit]
        UNIT_YEAR: _ClassVar[GrantExpiration.Unit]
    UNIT_UNSPECIFIED: GrantExpiration.Unit
    UNIT_HOUR: GrantExpiration.Unit
    UNIT_DAY: GrantExpiration.Unit
    UNIT_WEEK: GrantExpiration.Unit
    UNIT_MONTH: GrantExpiration.Unit
    UNIT_YEAR: GrantExpiration.Unit
    UNIT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    unit: GrantExpiration.Unit
    count: int
    def __init__(self, unit: _Optional[_Union[GrantExpiration.Unit, str]] = ..., count: _Optional[int] = ...) -> None: ...

class GrantRecurrence(_message.Message):
    __slots__ = ("interval", "anchor_time")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    interval: str
    anchor_time: _timestamp_pb2.Timestamp
    def __init__(self, interval: _Optional[str] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
