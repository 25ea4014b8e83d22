import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.metering.v1 import filter_pb2 as _filter_pb2
from perennial.metering.v1 import meter_pb2 as _meter_pb2
from perennial.metering.v1 import usage_event_pb2 as _usage_event_pb2
from perennial.metering.v1 import usage_query_pb2 as _usage_query_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IngestEventsRequest(_message.Message):
    __slots__ = ("events", "reject_conflicts", "request_id")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REJECT_CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_event_pb2.UsageEvent]
    reject_conflicts: bool
    request_id: str
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_event_pb2.UsageEvent, _Mapping]]] = ..., reject_conflicts: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class IngestEventsResponse(_message.Message):
    __slots__ = ("accepted_count", "new_count", "pending_count")
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEW_COUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    accepted_count: int
    new_count: int
    pending_count: int
    def __init__(self, accepted_count: _Optional[int] = ..., new_count: _Optional[int] = ..., pending_count: _Optional[int] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("events", "reject_conflicts")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REJECT_CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_event_pb2.UsageEvent]
    reject_conflicts: bool
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_event_pb2.UsageEvent, _Mapping]]] = ..., reject_conflicts: _Optional[bool] = ...) -> None: ...

class StreamEventsResponse(_message.Message):
    __slots__ = ("accepted_count", "new_count", "pending_count")
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEW_COUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    accepted_count: int
    new_count: int
    pending_count: int
    def __init__(self, accepted_count: _Optional[int] = ..., new_count: _Optional[int] = ..., pending_count: _Optional[int] = ...) -> None: ...

class VoidEventsRequest(_message.Message):
    __slots__ = ("events", "reason", "request_id")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_event_pb2.EventRef]
    reason: str
    request_id: str
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_event_pb2.EventRef, _Mapping]]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidEventsResponse(_message.Message):
    __slots__ = ("voided_count",)
    VOIDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    voided_count: int
    def __init__(self, voided_count: _Optional[int] = ...) -> None: ...

class ReplaceEventRequest(_message.Message):
    __slots__ = ("event", "replacement", "reason", "request_id")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    event: _usage_event_pb2.EventRef
    replacement: _usage_event_pb2.UsageEvent
    reason: str
    request_id: str
    def __init__(self, event: _Optional[_Union[_usage_event_pb2.EventRef, _Mapping]] = ..., replacement: _Optional[_Union[_usage_event_pb2.UsageEvent, _Mapping]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReplaceEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _usage_event_pb2.IngestedEvent
    def __init__(self, event: _Optional[_Union[_usage_event_pb2.IngestedEvent, _Mapping]] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after", "id", "source", "type", "subject", "time", "ingest_time", "customer_ids", "order_by", "lookback_duration", "client_id")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListEventsRequest.OrderBy]
        ORDER_BY_TIME: _ClassVar[ListEventsRequest.OrderBy]
        ORDER_BY_INGEST_TIME: _ClassVar[ListEventsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListEventsRequest.OrderBy
    ORDER_BY_TIME: ListEventsRequest.OrderBy
    ORDER_BY_INGEST_TIME: ListEventsRequest.OrderBy
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    INGEST_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    LOOKBACK_DURATION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after: _usage_event_pb2.EventCursor
    id: _filter_pb2.FilterString
    source: _filter_pb2.FilterString
    type: _filter_pb2.FilterString
    subject: _filter_pb2.FilterString
    time: _filter_pb2.FilterTime
    ingest_time: _filter_pb2.FilterTime
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    order_by: ListEventsRequest.OrderBy
    lookback_duration: str
    client_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after: _Optional[_Union[_usage_event_pb2.EventCursor, _Mapping]] = ..., id: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ..., source: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ..., type: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ..., subject: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ..., time: _Optional[_Union[_filter_pb2.FilterTime, _Mapping]] = ..., ingest_time: _Optional[_Union[_filter_pb2.FilterTime, _Mapping]] = ..., customer_ids: _Optional[_Iterable[str]] = ..., order_by: _Optional[_Union[ListEventsRequest.OrderBy, str]] = ..., lookback_duration: _Optional[str] = ..., client_id: _Optional[str] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_event_pb2.IngestedEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_event_pb2.IngestedEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class QueryMeterRequest(_message.Message):
    __slots__ = ("meter", "from_time", "to_time", "window_size", "window_time_zone", "subjects", "customer_ids", "group_by", "group_by_values", "group_by_filters", "client_id")
    class GroupByValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _filter_pb2.StringList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_filter_pb2.StringList, _Mapping]] = ...) -> None: ...
    class GroupByFiltersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _filter_pb2.FilterString
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_filter_pb2.FilterString, _Mapping]] = ...) -> None: ...
    METER_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_VALUES_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.MeterRef
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    window_size: _usage_query_pb2.WindowSize
    window_time_zone: str
    subjects: _containers.RepeatedScalarFieldContainer[str]
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    group_by: _containers.RepeatedScalarFieldContainer[str]
    group_by_values: _containers.MessageMap[str, _filter_pb2.StringList]
    group_by_filters: _containers.MessageMap[str, _filter_pb2.FilterString]
    client_id: str
    def __init__(self, meter: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_size: _Optional[_Union[_usage_query_pb2.WindowSize, str]] = ..., window_time_zone: _Optional[str] = ..., subjects: _Optional[_Iterable[str]] = ..., customer_ids: _Optional[_Iterable[str]] = ..., group_by: _Optional[_Iterable[str]] = ..., group_by_values: _Optional[_Mapping[str, _filter_pb2.StringList]] = ..., group_by_filters: _Optional[_Mapping[str, _filter_pb2.FilterString]] = ..., client_id: _Optional[str] = ...) -> None: ...

class QueryMeterResponse(_message.Message):
    __slots__ = ("meter", "rows")
    METER_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.Meter
    rows: _containers.RepeatedCompositeFieldContainer[_usage_query_pb2.UsageRow]
    def __init__(self, meter: _Optional[_Union[_meter_pb2.Meter, _Mapping]] = ..., rows: _Optional[_Iterable[_Union[_usage_query_pb2.UsageRow, _Mapping]]] = ...) -> None: ...

class QueryUsageRequest(_message.Message):
    __slots__ = ("queries",)
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    queries: _containers.RepeatedCompositeFieldContainer[_usage_query_pb2.UsageQuery]
    def __init__(self, queries: _Optional[_Iterable[_Union[_usage_query_pb2.UsageQuery, _Mapping]]] = ...) -> None: ...

class QueryUsageResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_usage_query_pb2.UsageResult]
    def __init__(self, results: _Optional[_Iterable[_Union[_usage_query_pb2.UsageResult, _Mapping]]] = ...) -> None: ...

class ListMeterSubjectsRequest(_message.Message):
    __slots__ = ("meter", "from_time", "to_time", "page_size", "page_token")
    METER_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.MeterRef
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, meter: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMeterSubjectsResponse(_message.Message):
    __slots__ = ("subjects", "next_page_token")
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subjects: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, subjects: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListGroupByValuesRequest(_message.Message):
    __slots__ = ("meter", "group_by_key", "from_time", "to_time", "page_size", "page_token")
    METER_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_KEY_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    meter: _meter_pb2.MeterRef
    group_by_key: str
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, meter: _Optional[_Union[_meter_pb2.MeterRef, _Mapping]] = ..., group_by_key: _Optional[str] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListGroupByValuesResponse(_message.Message):
    __slots__ = ("values", "next_page_token")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, values: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProgressRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProgressResponse(_message.Message):
    __slots__ = ("success_count", "failed_count", "total_count", "update_time")
    SUCCESS_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    success_count: int
    failed_count: int
    total_count: int
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, success_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., total_count: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CountEventsRequest(_message.Message):
    __slots__ = ("from_time",)
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    from_time: _timestamp_pb2.Timestamp
    def __init__(self, from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CountEventsResponse(_message.Message):
    __slots__ = ("counts",)
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[SubjectCount]
    def __init__(self, counts: _Optional[_Iterable[_Union[SubjectCount, _Mapping]]] = ...) -> None: ...

class SubjectCount(_message.Message):
    __slots__ = ("subject", "event_count")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    subject: str
    event_count: int
    def __init__(self, subject: _Optional[str] = ..., event_count: _Optional[int] = ...) -> None: ...

class ExportUsageRequest(_message.Message):
    __slots__ = ("from_time", "to_time", "event_type")
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    event_type: str
    def __init__(self, from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_type: _Optional[str] = ...) -> None: ...

class ExportUsageResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_event_pb2.IngestedEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_event_pb2.IngestedEvent, _Mapping]]] = ...) -> None: ...
