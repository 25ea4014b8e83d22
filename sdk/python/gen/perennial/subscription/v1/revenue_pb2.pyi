import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RevenueClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVENUE_CLASS_UNSPECIFIED: _ClassVar[RevenueClass]
    REVENUE_CLASS_TRIAL: _ClassVar[RevenueClass]
    REVENUE_CLASS_FREE: _ClassVar[RevenueClass]
    REVENUE_CLASS_PAID: _ClassVar[RevenueClass]
    REVENUE_CLASS_ENDED: _ClassVar[RevenueClass]
    REVENUE_CLASS_DELINQUENT: _ClassVar[RevenueClass]

class MovementKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOVEMENT_KIND_UNSPECIFIED: _ClassVar[MovementKind]
    MOVEMENT_KIND_NEW: _ClassVar[MovementKind]
    MOVEMENT_KIND_EXPANSION: _ClassVar[MovementKind]
    MOVEMENT_KIND_CONTRACTION: _ClassVar[MovementKind]
    MOVEMENT_KIND_CHURN: _ClassVar[MovementKind]
    MOVEMENT_KIND_REACTIVATION: _ClassVar[MovementKind]
    MOVEMENT_KIND_PLAN_CHANGE: _ClassVar[MovementKind]

class CustomerRevenueStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CUSTOMER_REVENUE_STATUS_UNSPECIFIED: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_ACTIVE: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_CANCELED: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_TRIALING: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_CHURNED_DELINQUENT: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_CHURNED_VOLUNTARY: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_CHURNED_TRIAL: _ClassVar[CustomerRevenueStatus]
    CUSTOMER_REVENUE_STATUS_NO_HISTORY: _ClassVar[CustomerRevenueStatus]

class RevenueMetric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVENUE_METRIC_UNSPECIFIED: _ClassVar[RevenueMetric]
    REVENUE_METRIC_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_EXISTING_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_NEW_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REACTIVATED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_RECURRING_REVENUE_CANCELLATIONS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_RECURRING_REVENUE_DELINQUENT: _ClassVar[RevenueMetric]
    REVENUE_METRIC_UPGRADED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_DOWNGRADED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_PLAN_CHANGED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_ACTIVE_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_EXISTING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_NEW_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REACTIVATED_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_CUSTOMERS_CANCELLATIONS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_CUSTOMERS_DELINQUENT: _ClassVar[RevenueMetric]
    REVENUE_METRIC_UPGRADED_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_DOWNGRADED_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_AVERAGE_REVENUE_PER_USER: _ClassVar[RevenueMetric]
    REVENUE_METRIC_GROWTH_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REVENUE_CHURN_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REVENUE_CHURN_CANCELLATIONS_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REVENUE_CHURN_DELINQUENT_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUSTOMERS_CHURN_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUSTOMERS_CHURN_CANCELLATIONS_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUSTOMERS_CHURN_DELINQUENT_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUSTOMERS_RETENTION_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_REVENUE_RETENTION_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_UPGRADE_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_DOWNGRADE_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_PLAN_CHANGE_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_LIFETIME_VALUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_SAAS_QUICK_RATIO: _ClassVar[RevenueMetric]
    REVENUE_METRIC_EXISTING_TRIALING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_ACTIVE_TRIALING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_NEW_TRIALING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CONVERTED_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CHURNED_TRIALING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUSTOMER_CONVERSION_RATE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CONVERTED_RECURRING_REVENUE: _ClassVar[RevenueMetric]
    REVENUE_METRIC_TRIAL_CONVERSION_TIME: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUMULATIVE_NET_NEW_MRR: _ClassVar[RevenueMetric]
    REVENUE_METRIC_CUMULATIVE_NEW_TRIALING_CUSTOMERS: _ClassVar[RevenueMetric]
    REVENUE_METRIC_FUTURE_CHURN_MRR: _ClassVar[RevenueMetric]

class RevenueGranularity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVENUE_GRANULARITY_UNSPECIFIED: _ClassVar[RevenueGranularity]
    REVENUE_GRANULARITY_MONTH: _ClassVar[RevenueGranularity]
    REVENUE_GRANULARITY_DAY: _ClassVar[RevenueGranularity]
REVENUE_CLASS_UNSPECIFIED: RevenueClass
REVENUE_CLASS_TRIAL: RevenueClass
REVENUE_CLASS_FREE: RevenueClass
REVENUE_CLASS_PAID: RevenueClass
REVENUE_CLASS_ENDED: RevenueClass
REVENUE_CLASS_DELINQUENT: RevenueClass
MOVEMENT_KIND_UNSPECIFIED: MovementKind
MOVEMENT_KIND_NEW: MovementKind
MOVEMENT_KIND_EXPANSION: MovementKind
MOVEMENT_KIND_CONTRACTION: MovementKind
MOVEMENT_KIND_CHURN: MovementKind
MOVEMENT_KIND_REACTIVATION: MovementKind
MOVEMENT_KIND_PLAN_CHANGE: MovementKind
CUSTOMER_REVENUE_STATUS_UNSPECIFIED: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_ACTIVE: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_CANCELED: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_TRIALING: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_CHURNED_DELINQUENT: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_CHURNED_VOLUNTARY: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_CHURNED_TRIAL: CustomerRevenueStatus
CUSTOMER_REVENUE_STATUS_NO_HISTORY: CustomerRevenueStatus
REVENUE_METRIC_UNSPECIFIED: RevenueMetric
REVENUE_METRIC_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_EXISTING_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_NEW_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_REACTIVATED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_CHURNED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_CHURNED_RECURRING_REVENUE_CANCELLATIONS: RevenueMetric
REVENUE_METRIC_CHURNED_RECURRING_REVENUE_DELINQUENT: RevenueMetric
REVENUE_METRIC_UPGRADED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_DOWNGRADED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_PLAN_CHANGED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_ACTIVE_CUSTOMERS: RevenueMetric
REVENUE_METRIC_EXISTING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_NEW_CUSTOMERS: RevenueMetric
REVENUE_METRIC_REACTIVATED_CUSTOMERS: RevenueMetric
REVENUE_METRIC_CHURNED_CUSTOMERS: RevenueMetric
REVENUE_METRIC_CHURNED_CUSTOMERS_CANCELLATIONS: RevenueMetric
REVENUE_METRIC_CHURNED_CUSTOMERS_DELINQUENT: RevenueMetric
REVENUE_METRIC_UPGRADED_CUSTOMERS: RevenueMetric
REVENUE_METRIC_DOWNGRADED_CUSTOMERS: RevenueMetric
REVENUE_METRIC_AVERAGE_REVENUE_PER_USER: RevenueMetric
REVENUE_METRIC_GROWTH_RATE: RevenueMetric
REVENUE_METRIC_REVENUE_CHURN_RATE: RevenueMetric
REVENUE_METRIC_REVENUE_CHURN_CANCELLATIONS_RATE: RevenueMetric
REVENUE_METRIC_REVENUE_CHURN_DELINQUENT_RATE: RevenueMetric
REVENUE_METRIC_CUSTOMERS_CHURN_RATE: RevenueMetric
REVENUE_METRIC_CUSTOMERS_CHURN_CANCELLATIONS_RATE: RevenueMetric
REVENUE_METRIC_CUSTOMERS_CHURN_DELINQUENT_RATE: RevenueMetric
REVENUE_METRIC_CUSTOMERS_RETENTION_RATE: RevenueMetric
REVENUE_METRIC_REVENUE_RETENTION_RATE: RevenueMetric
REVENUE_METRIC_UPGRADE_RATE: RevenueMetric
REVENUE_METRIC_DOWNGRADE_RATE: RevenueMetric
REVENUE_METRIC_PLAN_CHANGE_RATE: RevenueMetric
REVENUE_METRIC_LIFETIME_VALUE: RevenueMetric
REVENUE_METRIC_SAAS_QUICK_RATIO: RevenueMetric
REVENUE_METRIC_EXISTING_TRIALING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_ACTIVE_TRIALING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_NEW_TRIALING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_CONVERTED_CUSTOMERS: RevenueMetric
REVENUE_METRIC_CHURNED_TRIALING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_CUSTOMER_CONVERSION_RATE: RevenueMetric
REVENUE_METRIC_CONVERTED_RECURRING_REVENUE: RevenueMetric
REVENUE_METRIC_TRIAL_CONVERSION_TIME: RevenueMetric
REVENUE_METRIC_CUMULATIVE_NET_NEW_MRR: RevenueMetric
REVENUE_METRIC_CUMULATIVE_NEW_TRIALING_CUSTOMERS: RevenueMetric
REVENUE_METRIC_FUTURE_CHURN_MRR: RevenueMetric
REVENUE_GRANULARITY_UNSPECIFIED: RevenueGranularity
REVENUE_GRANULARITY_MONTH: RevenueGranularity
REVENUE_GRANULARITY_DAY: RevenueGranularity

class RevenueMetricSeries(_message.Message):
    __slots__ = ("metric", "points")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    metric: RevenueMetric
    points: _containers.RepeatedCompositeFieldContainer[RevenueMetricPoint]
    def __init__(self, metric: _Optional[_Union[RevenueMetric, str]] = ..., points: _Optional[_Iterable[_Union[RevenueMetricPoint, _Mapping]]] = ...) -> None: ...

class RevenueMetricPoint(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _decimal_pb2.Decimal
    def __init__(self, value: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class RevenueChange(_message.Message):
    __slots__ = ("subscription_id", "customer_id", "product_key", "effective_time", "monthly_value")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_VALUE_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    customer_id: str
    product_key: str
    effective_time: _timestamp_pb2.Timestamp
    monthly_value: _money_pb2.Money
    def __init__(self, subscription_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., product_key: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., monthly_value: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., **kwargs) -> None: ...

class Movement(_message.Message):
    __slots__ = ("customer_id", "kind", "value_before", "value_after", "amount", "subscription_ids", "contribution")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VALUE_AFTER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_IDS_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    kind: MovementKind
    value_before: _decimal_pb2.Decimal
    value_after: _decimal_pb2.Decimal
    amount: _decimal_pb2.Decimal
    subscription_ids: _containers.RepeatedScalarFieldContainer[str]
    contribution: _decimal_pb2.Decimal
    def __init__(self, customer_id: _Optional[str] = ..., kind: _Optional[_Union[MovementKind, str]] = ..., value_before: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., value_after: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., subscription_ids: _Optional[_Iterable[str]] = ..., contribution: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class CustomerRevenue(_message.Message):
    __slots__ = ("customer_id", "mrr", "mrr_cents", "product_keys", "status", "activate_time", "churn_time", "is_trialing", "had_trial", "total_spend", "total_spend_cents", "is_excluded")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    MRR_FIELD_NUMBER: _ClassVar[int]
    MRR_CENTS_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEYS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ACTIVATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHURN_TIME_FIELD_NUMBER: _ClassVar[int]
    IS_TRIALING_FIELD_NUMBER: _ClassVar[int]
    HAD_TRIAL_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SPEND_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SPEND_CENTS_FIELD_NUMBER: _ClassVar[int]
    IS_EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    mrr: _decimal_pb2.Decimal
    mrr_cents: int
    product_keys: _containers.RepeatedScalarFieldContainer[str]
    status: CustomerRevenueStatus
    activate_time: _timestamp_pb2.Timestamp
    churn_time: _timestamp_pb2.Timestamp
    is_trialing: bool
    had_trial: bool
    total_spend: _decimal_pb2.Decimal
    total_spend_cents: int
    is_excluded: bool
    def __init__(self, customer_id: _Optional[str] = ..., mrr: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., mrr_cents: _Optional[int] = ..., product_keys: _Optional[_Iterable[str]] = ..., status: _Optional[_Union[CustomerRevenueStatus, str]] = ..., activate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., churn_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_trialing: _Optional[bool] = ..., had_trial: _Optional[bool] = ..., total_spend: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., total_spend_cents: _Optional[int] = ..., is_excluded: _Optional[bool] = ...) -> None: ...

class MovementTotal(_message.Message):
    __slots__ = ("kind", "amount", "customer_count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: MovementKind
    amount: _decimal_pb2.Decimal
    customer_count: int
    def __init__(self, kind: _Optional[_Union[MovementKind, str]] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., customer_count: _Optional[int] = ...) -> None: ...

class RevenueMonth(_message.Message):
    __slots__ = ("month", "start_time", "end_time", "mrr_start", "mrr_end", "customer_count_start", "customer_count_end", "movements", "trialing_customer_count_end")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MRR_START_FIELD_NUMBER: _ClassVar[int]
    MRR_END_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_START_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_END_FIELD_NUMBER: _ClassVar[int]
    MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    TRIALING_CUSTOMER_COUNT_END_FIELD_NUMBER: _ClassVar[int]
    month: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    mrr_start: _decimal_pb2.Decimal
    mrr_end: _decimal_pb2.Decimal
    customer_count_start: int
    customer_count_end: int
    movements: _containers.RepeatedCompositeFieldContainer[MovementTotal]
    trialing_customer_count_end: int
    def __init__(self, month: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., mrr_start: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., mrr_end: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., customer_count_start: _Optional[int] = ..., customer_count_end: _Optional[int] = ..., movements: _Optional[_Iterable[_Union[MovementTotal, _Mapping]]] = ..., trialing_customer_count_end: _Optional[int] = ...) -> None: ...
