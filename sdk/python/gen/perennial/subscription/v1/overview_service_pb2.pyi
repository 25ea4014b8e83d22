import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetOverviewMetricsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOverviewMetricsResponse(_message.Message):
    __slots__ = ("time", "window_start_time", "active_trials", "active_subscriptions", "mrr", "revenue", "new_customers", "active_users", "transactions", "unconverted_term_ids")
    TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TRIALS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    MRR_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    NEW_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_USERS_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    UNCONVERTED_TERM_IDS_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    window_start_time: _timestamp_pb2.Timestamp
    active_trials: int
    active_subscriptions: int
    mrr: _decimal_pb2.Decimal
    revenue: _decimal_pb2.Decimal
    new_customers: int
    active_users: int
    transactions: int
    unconverted_term_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_trials: _Optional[int] = ..., active_subscriptions: _Optional[int] = ..., mrr: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., revenue: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., new_customers: _Optional[int] = ..., active_users: _Optional[int] = ..., transactions: _Optional[int] = ..., unconverted_term_ids: _Optional[_Iterable[str]] = ...) -> None: ...
