from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.subscription.v1 import revenue_pb2 as _revenue_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRevenueSeriesRequest(_message.Message):
    __slots__ = ("first_month", "last_month")
    FIRST_MONTH_FIELD_NUMBER: _ClassVar[int]
    LAST_MONTH_FIELD_NUMBER: _ClassVar[int]
    first_month: str
    last_month: str
    def __init__(self, first_month: _Optional[str] = ..., last_month: _Optional[str] = ...) -> None: ...

class GetRevenueSeriesResponse(_message.Message):
    __slots__ = ("currency_code", "months", "unconverted_subscription_ids", "folded_customer_count")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    UNCONVERTED_SUBSCRIPTION_IDS_FIELD_NUMBER: _ClassVar[int]
    FOLDED_CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    months: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.RevenueMonth]
    unconverted_subscription_ids: _containers.RepeatedScalarFieldContainer[str]
    folded_customer_count: int
    def __init__(self, currency_code: _Optional[str] = ..., months: _Optional[_Iterable[_Union[_revenue_pb2.RevenueMonth, _Mapping]]] = ..., unconverted_subscription_ids: _Optional[_Iterable[str]] = ..., folded_customer_count: _Optional[int] = ...) -> None: ...

class QueryRevenueMetricsRequest(_message.Message):
    __slots__ = ("metrics", "product_key", "granularity", "first_month", "last_month")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    GRANULARITY_FIELD_NUMBER: _ClassVar[int]
    FIRST_MONTH_FIELD_NUMBER: _ClassVar[int]
    LAST_MONTH_FIELD_NUMBER: _ClassVar[int]
    metrics: _containers.RepeatedScalarFieldContainer[_revenue_pb2.RevenueMetric]
    product_key: str
    granularity: _revenue_pb2.RevenueGranularity
    first_month: str
    last_month: str
    def __init__(self, metrics: _Optional[_Iterable[_Union[_revenue_pb2.RevenueMetric, str]]] = ..., product_key: _Optional[str] = ..., granularity: _Optional[_Union[_revenue_pb2.RevenueGranularity, str]] = ..., first_month: _Optional[str] = ..., last_month: _Optional[str] = ...) -> None: ...

class QueryRevenueMetricsResponse(_message.Message):
    __slots__ = ("currency_code", "periods", "series", "unconverted_subscription_ids", "folded_customer_count")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    UNCONVERTED_SUBSCRIPTION_IDS_FIELD_NUMBER: _ClassVar[int]
    FOLDED_CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    periods: _containers.RepeatedScalarFieldContainer[str]
    series: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.RevenueMetricSeries]
    unconverted_subscription_ids: _containers.RepeatedScalarFieldContainer[str]
    folded_customer_count: int
    def __init__(self, currency_code: _Optional[str] = ..., periods: _Optional[_Iterable[str]] = ..., series: _Optional[_Iterable[_Union[_revenue_pb2.RevenueMetricSeries, _Mapping]]] = ..., unconverted_subscription_ids: _Optional[_Iterable[str]] = ..., folded_customer_count: _Optional[int] = ...) -> None: ...

class ExportRevenueMetricsRequest(_message.Message):
    __slots__ = ("metrics", "product_key", "granularity", "first_month", "last_month")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    GRANULARITY_FIELD_NUMBER: _ClassVar[int]
    FIRST_MONTH_FIELD_NUMBER: _ClassVar[int]
    LAST_MONTH_FIELD_NUMBER: _ClassVar[int]
    metrics: _containers.RepeatedScalarFieldContainer[_revenue_pb2.RevenueMetric]
    product_key: str
    granularity: _revenue_pb2.RevenueGranularity
    first_month: str
    last_month: str
    def __init__(self, metrics: _Optional[_Iterable[_Union[_revenue_pb2.RevenueMetric, str]]] = ..., product_key: _Optional[str] = ..., granularity: _Optional[_Union[_revenue_pb2.RevenueGranularity, str]] = ..., first_month: _Optional[str] = ..., last_month: _Optional[str] = ...) -> None: ...

class ExportRevenueMetricsResponse(_message.Message):
    __slots__ = ("csv",)
    CSV_FIELD_NUMBER: _ClassVar[int]
    csv: str
    def __init__(self, csv: _Optional[str] = ...) -> None: ...

class ListMovementsRequest(_message.Message):
    __slots__ = ("month", "kinds", "page_size", "page_token", "day", "product_key", "metric")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    month: str
    kinds: _containers.RepeatedScalarFieldContainer[_revenue_pb2.MovementKind]
    page_size: int
    page_token: str
    day: str
    product_key: str
    metric: _revenue_pb2.RevenueMetric
    def __init__(self, month: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_revenue_pb2.MovementKind, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., day: _Optional[str] = ..., product_key: _Optional[str] = ..., metric: _Optional[_Union[_revenue_pb2.RevenueMetric, str]] = ...) -> None: ...

class ListMovementsResponse(_message.Message):
    __slots__ = ("currency_code", "movements", "next_page_token")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    movements: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.Movement]
    next_page_token: str
    def __init__(self, currency_code: _Optional[str] = ..., movements: _Optional[_Iterable[_Union[_revenue_pb2.Movement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListRevenueChangesRequest(_message.Message):
    __slots__ = ("customer_id", "subscription_id", "page_size", "page_token")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    subscription_id: str
    page_size: int
    page_token: str
    def __init__(self, customer_id: _Optional[str] = ..., subscription_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRevenueChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.RevenueChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_revenue_pb2.RevenueChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BatchGetCustomerRevenueRequest(_message.Message):
    __slots__ = ("customer_ids",)
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, customer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetCustomerRevenueResponse(_message.Message):
    __slots__ = ("currency_code", "customers")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    customers: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.CustomerRevenue]
    def __init__(self, currency_code: _Optional[str] = ..., customers: _Optional[_Iterable[_Union[_revenue_pb2.CustomerRevenue, _Mapping]]] = ...) -> None: ...

class ListPayingProductsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPayingProductsResponse(_message.Message):
    __slots__ = ("currency_code", "products", "next_page_token")
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    currency_code: str
    products: _containers.RepeatedCompositeFieldContainer[PayingProduct]
    next_page_token: str
    def __init__(self, currency_code: _Optional[str] = ..., products: _Optional[_Iterable[_Union[PayingProduct, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class PayingProduct(_message.Message):
    __slots__ = ("product_key", "mrr", "customer_count")
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    MRR_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    product_key: str
    mrr: _decimal_pb2.Decimal
    customer_count: int
    def __init__(self, product_key: _Optional[str] = ..., mrr: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., customer_count: _Optional[int] = ...) -> None: ...

class ListUnconvertedSubscriptionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUnconvertedSubscriptionsResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_revenue_pb2.RevenueChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_revenue_pb2.RevenueChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
