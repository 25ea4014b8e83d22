import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import period_pb2 as _period_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EntitlementValue(_message.Message):
    __slots__ = ("entitlement_id", "customer_id", "feature_key", "has_access", "metered", "static", "boolean", "active_to_time")
    ENTITLEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    HAS_ACCESS_FIELD_NUMBER: _ClassVar[int]
    METERED_FIELD_NUMBER: _ClassVar[int]
    STATIC_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TO_TIME_FIELD_NUMBER: _ClassVar[int]
    entitlement_id: str
    customer_id: str
    feature_key: str
    has_access: bool
    metered: MeteredValue
    static: StaticValue
    boolean: BooleanValue
    active_to_time: _timestamp_pb2.Timestamp
    def __init__(self, entitlement_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., has_access: _Optional[bool] = ..., metered: _Optional[_Union[MeteredValue, _Mapping]] = ..., static: _Optional[_Union[StaticValue, _Mapping]] = ..., boolean: _Optional[_Union[BooleanValue, _Mapping]] = ..., active_to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MeteredValue(_message.Message):
    __slots__ = ("balance", "usage", "overage", "total_available_grant_amount", "usage_period")
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_AVAILABLE_GRANT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    USAGE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    balance: _decimal_pb2.Decimal
    usage: _decimal_pb2.Decimal
    overage: _decimal_pb2.Decimal
    total_available_grant_amount: _decimal_pb2.Decimal
    usage_period: _period_pb2.Period
    def __init__(self, balance: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., usage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., overage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., total_available_grant_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., usage_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ...) -> None: ...

class StaticValue(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: str
    def __init__(self, config: _Optional[str] = ...) -> None: ...

class BooleanValue(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EntitlementBalance(_message.Message):
    __slots__ = ("query_index", "entitlement", "value")
    QUERY_INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    query_index: int
    entitlement: _entitlement_pb2.Entitlement
    value: EntitlementValue
    def __init__(self, query_index: _Optional[int] = ..., entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ..., value: _Optional[_Union[EntitlementValue, _Mapping]] = ...) -> None: ...

class HistoryWindow(_message.Message):
    __slots__ = ("period", "usage", "balance_at_start")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    BALANCE_AT_START_FIELD_NUMBER: _ClassVar[int]
    period: _period_pb2.Period
    usage: _decimal_pb2.Decimal
    balance_at_start: _decimal_pb2.Decimal
    def __init__(self, period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., usage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., balance_at_start: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class BurnDownSegment(_message.Message):
    __slots__ = ("period", "usage", "overage", "balance_at_start", "grant_balances_at_start", "balance_at_end", "grant_balances_at_end", "grant_usages")
    class GrantBalancesAtStartEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _decimal_pb2.Decimal
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
    class GrantBalancesAtEndEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _decimal_pb2.Decimal
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_FIELD_NUMBER: _ClassVar[int]
    BALANCE_AT_START_FIELD_NUMBER: _ClassVar[int]
    GRANT_BALANCES_AT_START_FIELD_NUMBER: _ClassVar[int]
    BALANCE_AT_END_FIELD_NUMBER: _ClassVar[int]
    GRANT_BALANCES_AT_END_FIELD_NUMBER: _ClassVar[int]
    GRANT_USAGES_FIELD_NUMBER: _ClassVar[int]
    period: _period_pb2.Period
    usage: _decimal_pb2.Decimal
    overage: _decimal_pb2.Decimal
    balance_at_start: _decimal_pb2.Decimal
    grant_balances_at_start: _containers.MessageMap[str, _decimal_pb2.Decimal]
    balance_at_end: _decimal_pb2.Decimal
    grant_balances_at_end: _containers.MessageMap[str, _decimal_pb2.Decimal]
    grant_usages: _containers.RepeatedCompositeFieldContainer[GrantUsage]
    def __init__(self, period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., usage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., overage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., balance_at_start: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., grant_balances_at_start: _Optional[_Mapping[str, _decimal_pb2.Decimal]] = ..., balance_at_end: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., grant_balances_at_end: _Optional[_Mapping[str, _decimal_pb2.Decimal]] = ..., grant_usages: _Optional[_Iterable[_Union[GrantUsage, _Mapping]]] = ...) -> None: ...

class GrantUsage(_message.Message):
    __slots__ = ("grant_id", "usage")
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    grant_id: str
    usage: _decimal_pb2.Decimal
    def __init__(self, grant_id: _Optional[str] = ..., usage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...
