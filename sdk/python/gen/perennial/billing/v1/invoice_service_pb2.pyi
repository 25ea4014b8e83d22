import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import billing_profile_pb2 as _billing_profile_pb2
from perennial.billing.v1 import invoice_pb2 as _invoice_pb2
from perennial.billing.v1 import invoice_explanation_pb2 as _invoice_explanation_pb2
from perennial.billing.v1 import party_pb2 as _party_pb2
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

class LineInput(_message.Message):
    __slots__ = ("id", "name", "description", "metadata", "period", "invoice_time", "price", "feature_key", "tax_config", "discounts")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    INVOICE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    TAX_CONFIG_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    period: _period_pb2.Period
    invoice_time: _timestamp_pb2.Timestamp
    price: _rate_card_pb2.Price
    feature_key: str
    tax_config: _rate_card_pb2.TaxConfig
    discounts: _rate_card_pb2.Discounts
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., invoice_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price: _Optional[_Union[_rate_card_pb2.Price, _Mapping]] = ..., feature_key: _Optional[str] = ..., tax_config: _Optional[_Union[_rate_card_pb2.TaxConfig, _Mapping]] = ..., discounts: _Optional[_Union[_rate_card_pb2.Discounts, _Mapping]] = ...) -> None: ...

class CreatePendingLinesRequest(_message.Message):
    __slots__ = ("customer_id", "currency_code", "lines", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    currency_code: str
    lines: _containers.RepeatedCompositeFieldContainer[LineInput]
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., currency_code: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineInput, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePendingLinesResponse(_message.Message):
    __slots__ = ("lines", "invoice", "invoice_is_new")
    LINES_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    INVOICE_IS_NEW_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[_invoice_pb2.InvoiceLine]
    invoice: _invoice_pb2.Invoice
    invoice_is_new: bool
    def __init__(self, lines: _Optional[_Iterable[_Union[_invoice_pb2.InvoiceLine, _Mapping]]] = ..., invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ..., invoice_is_new: _Optional[bool] = ...) -> None: ...

class InvoicePendingLinesRequest(_message.Message):
    __slots__ = ("customer_id", "filter", "as_of_time", "progressive_billing", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    AS_OF_TIME_FIELD_NUMBER: _ClassVar[int]
    PROGRESSIVE_BILLING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    filter: LineFilter
    as_of_time: _timestamp_pb2.Timestamp
    progressive_billing: bool
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., filter: _Optional[_Union[LineFilter, _Mapping]] = ..., as_of_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., progressive_billing: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class LineFilter(_message.Message):
    __slots__ = ("line_ids",)
    LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    line_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, line_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class InvoicePendingLinesResponse(_message.Message):
    __slots__ = ("invoices",)
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoice_pb2.Invoice]
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoice_pb2.Invoice, _Mapping]]] = ...) -> None: ...

class GetInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "include_deleted_lines")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_LINES_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    include_deleted_lines: bool
    def __init__(self, invoice_id: _Optional[str] = ..., include_deleted_lines: _Optional[bool] = ...) -> None: ...

class GetInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class ListInvoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "page", "customer_ids", "statuses", "extended_statuses", "issued_after_time", "issued_before_time", "period_start_after_time", "period_start_before_time", "created_after_time", "created_before_time", "include_deleted", "include_lines", "order", "descending", "subscription_id")
    class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_UNSPECIFIED: _ClassVar[ListInvoicesRequest.Order]
        ORDER_CREATE_TIME: _ClassVar[ListInvoicesRequest.Order]
        ORDER_CUSTOMER_NAME: _ClassVar[ListInvoicesRequest.Order]
        ORDER_ISSUE_TIME: _ClassVar[ListInvoicesRequest.Order]
        ORDER_STATUS: _ClassVar[ListInvoicesRequest.Order]
        ORDER_UPDATE_TIME: _ClassVar[ListInvoicesRequest.Order]
        ORDER_PERIOD_START_TIME: _ClassVar[ListInvoicesRequest.Order]
    ORDER_UNSPECIFIED: ListInvoicesRequest.Order
    ORDER_CREATE_TIME: ListInvoicesRequest.Order
    ORDER_CUSTOMER_NAME: ListInvoicesRequest.Order
    ORDER_ISSUE_TIME: ListInvoicesRequest.Order
    ORDER_STATUS: ListInvoicesRequest.Order
    ORDER_UPDATE_TIME: ListInvoicesRequest.Order
    ORDER_PERIOD_START_TIME: ListInvoicesRequest.Order
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_IDS_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    EXTENDED_STATUSES_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AFTER_TIME_FIELD_NUMBER: _ClassVar[int]
    ISSUED_BEFORE_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_AFTER_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_BEFORE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_TIME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_LINES_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    page: int
    customer_ids: _containers.RepeatedScalarFieldContainer[str]
    statuses: _containers.RepeatedScalarFieldContainer[str]
    extended_statuses: _containers.RepeatedScalarFieldContainer[str]
    issued_after_time: _timestamp_pb2.Timestamp
    issued_before_time: _timestamp_pb2.Timestamp
    period_start_after_time: _timestamp_pb2.Timestamp
    period_start_before_time: _timestamp_pb2.Timestamp
    created_after_time: _timestamp_pb2.Timestamp
    created_before_time: _timestamp_pb2.Timestamp
    include_deleted: bool
    include_lines: bool
    order: ListInvoicesRequest.Order
    descending: bool
    subscription_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., customer_ids: _Optional[_Iterable[str]] = ..., statuses: _Optional[_Iterable[str]] = ..., extended_statuses: _Optional[_Iterable[str]] = ..., issued_after_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., issued_before_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_start_after_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_start_before_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_after_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., include_deleted: _Optional[bool] = ..., include_lines: _Optional[bool] = ..., order: _Optional[_Union[ListInvoicesRequest.Order, str]] = ..., descending: _Optional[bool] = ..., subscription_id: _Optional[str] = ...) -> None: ...

class ListInvoicesResponse(_message.Message):
    __slots__ = ("invoices", "next_page_token", "total_size")
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoice_pb2.Invoice]
    next_page_token: str
    total_size: int
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoice_pb2.Invoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class UpdateInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "update_mask", "description", "metadata", "supplier", "customer", "workflow", "lines", "etag", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    update_mask: _field_mask_pb2.FieldMask
    description: str
    metadata: _containers.ScalarMap[str, str]
    supplier: _party_pb2.Supplier
    customer: _party_pb2.InvoiceCustomer
    workflow: _billing_profile_pb2.Workflow
    lines: _containers.RepeatedCompositeFieldContainer[LineInput]
    etag: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., supplier: _Optional[_Union[_party_pb2.Supplier, _Mapping]] = ..., customer: _Optional[_Union[_party_pb2.InvoiceCustomer, _Mapping]] = ..., workflow: _Optional[_Union[_billing_profile_pb2.Workflow, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[LineInput, _Mapping]]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class DeleteInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class AdvanceInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AdvanceInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class ApproveInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ApproveInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class RetryInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetryInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class SnapshotQuantitiesRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SnapshotQuantitiesResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class VoidInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id", "reason", "percentage", "action", "overrides", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    reason: str
    percentage: _decimal_pb2.Decimal
    action: VoidLineAction
    overrides: _containers.RepeatedCompositeFieldContainer[VoidLineOverride]
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., reason: _Optional[str] = ..., percentage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., action: _Optional[_Union[VoidLineAction, _Mapping]] = ..., overrides: _Optional[_Iterable[_Union[VoidLineOverride, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidLineAction(_message.Message):
    __slots__ = ("discard", "pending")
    DISCARD_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    discard: VoidLineDiscard
    pending: VoidLinePending
    def __init__(self, discard: _Optional[_Union[VoidLineDiscard, _Mapping]] = ..., pending: _Optional[_Union[VoidLinePending, _Mapping]] = ...) -> None: ...

class VoidLineDiscard(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VoidLinePending(_message.Message):
    __slots__ = ("next_invoice_time",)
    NEXT_INVOICE_TIME_FIELD_NUMBER: _ClassVar[int]
    next_invoice_time: _timestamp_pb2.Timestamp
    def __init__(self, next_invoice_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class VoidLineOverride(_message.Message):
    __slots__ = ("line_id", "action")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    action: VoidLineAction
    def __init__(self, line_id: _Optional[str] = ..., action: _Optional[_Union[VoidLineAction, _Mapping]] = ...) -> None: ...

class VoidInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class RecalculateTaxesRequest(_message.Message):
    __slots__ = ("invoice_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RecalculateTaxesResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class SimulateInvoiceRequest(_message.Message):
    __slots__ = ("customer_id", "currency_code", "lines", "number")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    currency_code: str
    lines: _containers.RepeatedCompositeFieldContainer[SimulatedLine]
    number: str
    def __init__(self, customer_id: _Optional[str] = ..., currency_code: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[SimulatedLine, _Mapping]]] = ..., number: _Optional[str] = ...) -> None: ...

class SimulatedLine(_message.Message):
    __slots__ = ("line", "quantity", "pre_line_period_quantity")
    LINE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRE_LINE_PERIOD_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    line: LineInput
    quantity: _decimal_pb2.Decimal
    pre_line_period_quantity: _decimal_pb2.Decimal
    def __init__(self, line: _Optional[_Union[LineInput, _Mapping]] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., pre_line_period_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class SimulateInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class ExplainInvoiceRequest(_message.Message):
    __slots__ = ("invoice_id",)
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    def __init__(self, invoice_id: _Optional[str] = ...) -> None: ...

class ExplainInvoiceResponse(_message.Message):
    __slots__ = ("explanation",)
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    explanation: _invoice_explanation_pb2.InvoiceExplanation
    def __init__(self, explanation: _Optional[_Union[_invoice_explanation_pb2.InvoiceExplanation, _Mapping]] = ...) -> None: ...

class ReconcileInvoicesRequest(_message.Message):
    __slots__ = ("invoice_ids", "page_size", "page_token")
    INVOICE_IDS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoice_ids: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, invoice_ids: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ReconcileInvoicesResponse(_message.Message):
    __slots__ = ("invoices", "subscriptions", "next_page_token")
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoice_explanation_pb2.InvoiceReconciliation]
    subscriptions: _containers.RepeatedCompositeFieldContainer[_invoice_explanation_pb2.SubscriptionReconciliation]
    next_page_token: str
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoice_explanation_pb2.InvoiceReconciliation, _Mapping]]] = ..., subscriptions: _Optional[_Iterable[_Union[_invoice_explanation_pb2.SubscriptionReconciliation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ConfirmDraftSyncRequest(_message.Message):
    __slots__ = ("invoice_id", "invoice_number", "external_id", "line_external_ids", "line_discount_external_ids", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    LINE_DISCOUNT_EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    invoice_number: str
    external_id: str
    line_external_ids: _containers.RepeatedCompositeFieldContainer[ExternalIdAssignment]
    line_discount_external_ids: _containers.RepeatedCompositeFieldContainer[ExternalIdAssignment]
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., invoice_number: _Optional[str] = ..., external_id: _Optional[str] = ..., line_external_ids: _Optional[_Iterable[_Union[ExternalIdAssignment, _Mapping]]] = ..., line_discount_external_ids: _Optional[_Iterable[_Union[ExternalIdAssignment, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExternalIdAssignment(_message.Message):
    __slots__ = ("id", "external_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    external_id: str
    def __init__(self, id: _Optional[str] = ..., external_id: _Optional[str] = ...) -> None: ...

class ConfirmDraftSyncResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class ConfirmIssuingSyncRequest(_message.Message):
    __slots__ = ("invoice_id", "invoice_number", "sent_to_customer_time", "payment_external_id", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SENT_TO_CUSTOMER_TIME_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    invoice_number: str
    sent_to_customer_time: _timestamp_pb2.Timestamp
    payment_external_id: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., invoice_number: _Optional[str] = ..., sent_to_customer_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., payment_external_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ConfirmIssuingSyncResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class ReportPaymentRequest(_message.Message):
    __slots__ = ("invoice_id", "trigger", "request_id")
    class Trigger(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TRIGGER_UNSPECIFIED: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_PAID: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_PAYMENT_FAILED: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_PAYMENT_UNCOLLECTIBLE: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_PAYMENT_OVERDUE: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_ACTION_REQUIRED: _ClassVar[ReportPaymentRequest.Trigger]
        TRIGGER_VOID: _ClassVar[ReportPaymentRequest.Trigger]
    TRIGGER_UNSPECIFIED: ReportPaymentRequest.Trigger
    TRIGGER_PAID: ReportPaymentRequest.Trigger
    TRIGGER_PAYMENT_FAILED: ReportPaymentRequest.Trigger
    TRIGGER_PAYMENT_UNCOLLECTIBLE: ReportPaymentRequest.Trigger
    TRIGGER_PAYMENT_OVERDUE: ReportPaymentRequest.Trigger
    TRIGGER_ACTION_REQUIRED: ReportPaymentRequest.Trigger
    TRIGGER_VOID: ReportPaymentRequest.Trigger
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    trigger: ReportPaymentRequest.Trigger
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., trigger: _Optional[_Union[ReportPaymentRequest.Trigger, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReportPaymentResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoice_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...
