import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import invoice_pb2 as _invoice_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import period_pb2 as _period_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InvoiceExplanation(_message.Message):
    __slots__ = ("invoice_id", "number", "currency_code", "state", "quantity_snapshot_time", "lines", "totals", "differences")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_SNAPSHOT_TIME_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    number: str
    currency_code: str
    state: _invoice_pb2.InvoiceState
    quantity_snapshot_time: _timestamp_pb2.Timestamp
    lines: _containers.RepeatedCompositeFieldContainer[LineExplanation]
    totals: _invoice_pb2.Totals
    differences: _containers.RepeatedCompositeFieldContainer[InvoiceDifference]
    def __init__(self, invoice_id: _Optional[str] = ..., number: _Optional[str] = ..., currency_code: _Optional[str] = ..., state: _Optional[_Union[_invoice_pb2.InvoiceState, str]] = ..., quantity_snapshot_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[LineExplanation, _Mapping]]] = ..., totals: _Optional[_Union[_invoice_pb2.Totals, _Mapping]] = ..., differences: _Optional[_Iterable[_Union[InvoiceDifference, _Mapping]]] = ...) -> None: ...

class LineExplanation(_message.Message):
    __slots__ = ("line_id", "name", "managed_by", "origin", "period", "price", "usage", "earlier_parts", "billed_before", "amounts", "totals")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MANAGED_BY_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    EARLIER_PARTS_FIELD_NUMBER: _ClassVar[int]
    BILLED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    AMOUNTS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    name: str
    managed_by: _invoice_pb2.ManagedBy
    origin: LineOrigin
    period: _period_pb2.Period
    price: _rate_card_pb2.Price
    usage: LineUsage
    earlier_parts: _containers.RepeatedCompositeFieldContainer[EarlierPart]
    billed_before: _decimal_pb2.Decimal
    amounts: _containers.RepeatedCompositeFieldContainer[RatedAmount]
    totals: _invoice_pb2.Totals
    def __init__(self, line_id: _Optional[str] = ..., name: _Optional[str] = ..., managed_by: _Optional[_Union[_invoice_pb2.ManagedBy, str]] = ..., origin: _Optional[_Union[LineOrigin, _Mapping]] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., price: _Optional[_Union[_rate_card_pb2.Price, _Mapping]] = ..., usage: _Optional[_Union[LineUsage, _Mapping]] = ..., earlier_parts: _Optional[_Iterable[_Union[EarlierPart, _Mapping]]] = ..., billed_before: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., amounts: _Optional[_Iterable[_Union[RatedAmount, _Mapping]]] = ..., totals: _Optional[_Union[_invoice_pb2.Totals, _Mapping]] = ...) -> None: ...

class LineOrigin(_message.Message):
    __slots__ = ("subscription_id", "subscription_revision", "plan_id", "plan_key", "plan_version", "phase_key", "item_key", "item_id", "item_version", "rate_card_name", "rate_card_price", "full_period", "billing_period", "reference")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_REVISION_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_KEY_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    ITEM_KEY_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_VERSION_FIELD_NUMBER: _ClassVar[int]
    RATE_CARD_NAME_FIELD_NUMBER: _ClassVar[int]
    RATE_CARD_PRICE_FIELD_NUMBER: _ClassVar[int]
    FULL_PERIOD_FIELD_NUMBER: _ClassVar[int]
    BILLING_PERIOD_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    subscription_revision: int
    plan_id: str
    plan_key: str
    plan_version: int
    phase_key: str
    item_key: str
    item_id: str
    item_version: int
    rate_card_name: str
    rate_card_price: _rate_card_pb2.Price
    full_period: _period_pb2.Period
    billing_period: _period_pb2.Period
    reference: str
    def __init__(self, subscription_id: _Optional[str] = ..., subscription_revision: _Optional[int] = ..., plan_id: _Optional[str] = ..., plan_key: _Optional[str] = ..., plan_version: _Optional[int] = ..., phase_key: _Optional[str] = ..., item_key: _Optional[str] = ..., item_id: _Optional[str] = ..., item_version: _Optional[int] = ..., rate_card_name: _Optional[str] = ..., rate_card_price: _Optional[_Union[_rate_card_pb2.Price, _Mapping]] = ..., full_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., billing_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., reference: _Optional[str] = ...) -> None: ...

class LineUsage(_message.Message):
    __slots__ = ("feature_key", "feature_id", "meter_id", "meter_slug", "subject_keys", "counted_period", "prior_period", "metered_quantity", "prior_quantity", "billed_quantity", "discounted_quantity", "current_quantity", "current_prior_quantity", "problem", "days")
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    METER_ID_FIELD_NUMBER: _ClassVar[int]
    METER_SLUG_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KEYS_FIELD_NUMBER: _ClassVar[int]
    COUNTED_PERIOD_FIELD_NUMBER: _ClassVar[int]
    PRIOR_PERIOD_FIELD_NUMBER: _ClassVar[int]
    METERED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRIOR_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    BILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CURRENT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PRIOR_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    feature_key: str
    feature_id: str
    meter_id: str
    meter_slug: str
    subject_keys: _containers.RepeatedScalarFieldContainer[str]
    counted_period: _period_pb2.Period
    prior_period: _period_pb2.Period
    metered_quantity: _decimal_pb2.Decimal
    prior_quantity: _decimal_pb2.Decimal
    billed_quantity: _decimal_pb2.Decimal
    discounted_quantity: _decimal_pb2.Decimal
    current_quantity: _decimal_pb2.Decimal
    current_prior_quantity: _decimal_pb2.Decimal
    problem: str
    days: _containers.RepeatedCompositeFieldContainer[UsageDay]
    def __init__(self, feature_key: _Optional[str] = ..., feature_id: _Optional[str] = ..., meter_id: _Optional[str] = ..., meter_slug: _Optional[str] = ..., subject_keys: _Optional[_Iterable[str]] = ..., counted_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., prior_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., metered_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., prior_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., billed_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., discounted_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., current_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., current_prior_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., problem: _Optional[str] = ..., days: _Optional[_Iterable[_Union[UsageDay, _Mapping]]] = ...) -> None: ...

class UsageDay(_message.Message):
    __slots__ = ("start_time", "quantity")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    quantity: _decimal_pb2.Decimal
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class EarlierPart(_message.Message):
    __slots__ = ("line_id", "invoice_id", "period", "amount", "discounted_quantity")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    invoice_id: str
    period: _period_pb2.Period
    amount: _decimal_pb2.Decimal
    discounted_quantity: _decimal_pb2.Decimal
    def __init__(self, line_id: _Optional[str] = ..., invoice_id: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., discounted_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class RatedAmount(_message.Message):
    __slots__ = ("detailed_line_id", "name", "quantity", "per_unit_amount", "tier", "tier_above_quantity", "tier_up_to_quantity", "statement", "totals")
    DETAILED_LINE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PER_UNIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    TIER_ABOVE_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TIER_UP_TO_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    detailed_line_id: str
    name: str
    quantity: _decimal_pb2.Decimal
    per_unit_amount: _decimal_pb2.Decimal
    tier: int
    tier_above_quantity: _decimal_pb2.Decimal
    tier_up_to_quantity: _decimal_pb2.Decimal
    statement: str
    totals: _invoice_pb2.Totals
    def __init__(self, detailed_line_id: _Optional[str] = ..., name: _Optional[str] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., per_unit_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., tier: _Optional[int] = ..., tier_above_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., tier_up_to_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., statement: _Optional[str] = ..., totals: _Optional[_Union[_invoice_pb2.Totals, _Mapping]] = ...) -> None: ...

class InvoiceDifference(_message.Message):
    __slots__ = ("kind", "line_id", "field", "recorded", "recomputed")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[InvoiceDifference.Kind]
        KIND_QUANTITY: _ClassVar[InvoiceDifference.Kind]
        KIND_RATING: _ClassVar[InvoiceDifference.Kind]
        KIND_TOTALS: _ClassVar[InvoiceDifference.Kind]
        KIND_SUBSCRIPTION: _ClassVar[InvoiceDifference.Kind]
    KIND_UNSPECIFIED: InvoiceDifference.Kind
    KIND_QUANTITY: InvoiceDifference.Kind
    KIND_RATING: InvoiceDifference.Kind
    KIND_TOTALS: InvoiceDifference.Kind
    KIND_SUBSCRIPTION: InvoiceDifference.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    RECOMPUTED_FIELD_NUMBER: _ClassVar[int]
    kind: InvoiceDifference.Kind
    line_id: str
    field: str
    recorded: str
    recomputed: str
    def __init__(self, kind: _Optional[_Union[InvoiceDifference.Kind, str]] = ..., line_id: _Optional[str] = ..., field: _Optional[str] = ..., recorded: _Optional[str] = ..., recomputed: _Optional[str] = ...) -> None: ...

class InvoiceReconciliation(_message.Message):
    __slots__ = ("invoice_id", "number", "customer_id", "extended_status", "currency_code", "total", "line_count", "differences")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    EXTENDED_STATUS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    number: str
    customer_id: str
    extended_status: str
    currency_code: str
    total: _decimal_pb2.Decimal
    line_count: int
    differences: _containers.RepeatedCompositeFieldContainer[InvoiceDifference]
    def __init__(self, invoice_id: _Optional[str] = ..., number: _Optional[str] = ..., customer_id: _Optional[str] = ..., extended_status: _Optional[str] = ..., currency_code: _Optional[str] = ..., total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., line_count: _Optional[int] = ..., differences: _Optional[_Iterable[_Union[InvoiceDifference, _Mapping]]] = ...) -> None: ...

class SubscriptionReconciliation(_message.Message):
    __slots__ = ("subscription_id", "customer_id", "missing_lines")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    MISSING_LINES_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    customer_id: str
    missing_lines: _containers.RepeatedCompositeFieldContainer[InvoiceDifference]
    def __init__(self, subscription_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., missing_lines: _Optional[_Iterable[_Union[InvoiceDifference, _Mapping]]] = ...) -> None: ...
