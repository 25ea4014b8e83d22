import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import billing_profile_pb2 as _billing_profile_pb2
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

class InvoiceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INVOICE_STATE_UNSPECIFIED: _ClassVar[InvoiceState]
    INVOICE_STATE_GATHERING: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_CREATED: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_WAITING_FOR_COLLECTION: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_COLLECTING: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_UPDATING: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_VALIDATING: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_INVALID: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_SYNCING: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_SYNC_FAILED: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_MANUAL_APPROVAL_NEEDED: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_WAITING_AUTO_APPROVAL: _ClassVar[InvoiceState]
    INVOICE_STATE_DRAFT_READY_TO_ISSUE: _ClassVar[InvoiceState]
    INVOICE_STATE_ISSUING_SYNCING: _ClassVar[InvoiceState]
    INVOICE_STATE_ISSUING_FAILED: _ClassVar[InvoiceState]
    INVOICE_STATE_ISSUED: _ClassVar[InvoiceState]
    INVOICE_STATE_PAYMENT_PROCESSING_PENDING: _ClassVar[InvoiceState]
    INVOICE_STATE_PAYMENT_PROCESSING_FAILED: _ClassVar[InvoiceState]
    INVOICE_STATE_PAYMENT_PROCESSING_ACTION_REQUIRED: _ClassVar[InvoiceState]
    INVOICE_STATE_OVERDUE: _ClassVar[InvoiceState]
    INVOICE_STATE_PAID: _ClassVar[InvoiceState]
    INVOICE_STATE_UNCOLLECTIBLE: _ClassVar[InvoiceState]
    INVOICE_STATE_VOIDED: _ClassVar[InvoiceState]
    INVOICE_STATE_DELETE_IN_PROGRESS: _ClassVar[InvoiceState]
    INVOICE_STATE_DELETE_SYNCING: _ClassVar[InvoiceState]
    INVOICE_STATE_DELETE_FAILED: _ClassVar[InvoiceState]
    INVOICE_STATE_DELETED: _ClassVar[InvoiceState]

class ManagedBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MANAGED_BY_UNSPECIFIED: _ClassVar[ManagedBy]
    MANAGED_BY_MANUAL: _ClassVar[ManagedBy]
    MANAGED_BY_SUBSCRIPTION: _ClassVar[ManagedBy]
    MANAGED_BY_SYSTEM: _ClassVar[ManagedBy]
INVOICE_STATE_UNSPECIFIED: InvoiceState
INVOICE_STATE_GATHERING: InvoiceState
INVOICE_STATE_DRAFT_CREATED: InvoiceState
INVOICE_STATE_DRAFT_WAITING_FOR_COLLECTION: InvoiceState
INVOICE_STATE_DRAFT_COLLECTING: InvoiceState
INVOICE_STATE_DRAFT_UPDATING: InvoiceState
INVOICE_STATE_DRAFT_VALIDATING: InvoiceState
INVOICE_STATE_DRAFT_INVALID: InvoiceState
INVOICE_STATE_DRAFT_SYNCING: InvoiceState
INVOICE_STATE_DRAFT_SYNC_FAILED: InvoiceState
INVOICE_STATE_DRAFT_MANUAL_APPROVAL_NEEDED: InvoiceState
INVOICE_STATE_DRAFT_WAITING_AUTO_APPROVAL: InvoiceState
INVOICE_STATE_DRAFT_READY_TO_ISSUE: InvoiceState
INVOICE_STATE_ISSUING_SYNCING: InvoiceState
INVOICE_STATE_ISSUING_FAILED: InvoiceState
INVOICE_STATE_ISSUED: InvoiceState
INVOICE_STATE_PAYMENT_PROCESSING_PENDING: InvoiceState
INVOICE_STATE_PAYMENT_PROCESSING_FAILED: InvoiceState
INVOICE_STATE_PAYMENT_PROCESSING_ACTION_REQUIRED: InvoiceState
INVOICE_STATE_OVERDUE: InvoiceState
INVOICE_STATE_PAID: InvoiceState
INVOICE_STATE_UNCOLLECTIBLE: InvoiceState
INVOICE_STATE_VOIDED: InvoiceState
INVOICE_STATE_DELETE_IN_PROGRESS: InvoiceState
INVOICE_STATE_DELETE_SYNCING: InvoiceState
INVOICE_STATE_DELETE_FAILED: InvoiceState
INVOICE_STATE_DELETED: InvoiceState
MANAGED_BY_UNSPECIFIED: ManagedBy
MANAGED_BY_MANUAL: ManagedBy
MANAGED_BY_SUBSCRIPTION: ManagedBy
MANAGED_BY_SYSTEM: ManagedBy

class Invoice(_message.Message):
    __slots__ = ("id", "description", "metadata", "supplier", "customer", "number", "currency_code", "totals", "state", "status_details", "issue_time", "draft_until_time", "quantity_snapshot_time", "collection_time", "due_time", "period", "void_time", "sent_to_customer_time", "workflow", "lines", "validation_issues", "external_ids", "revision", "etag", "create_time", "update_time", "delete_time", "payment_time", "passed")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAILS_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TIME_FIELD_NUMBER: _ClassVar[int]
    DRAFT_UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_SNAPSHOT_TIME_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_TIME_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    VOID_TIME_FIELD_NUMBER: _ClassVar[int]
    SENT_TO_CUSTOMER_TIME_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ISSUES_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_TIME_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    id: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    supplier: _party_pb2.Supplier
    customer: _party_pb2.InvoiceCustomer
    number: str
    currency_code: str
    totals: Totals
    state: InvoiceState
    status_details: StatusDetails
    issue_time: _timestamp_pb2.Timestamp
    draft_until_time: _timestamp_pb2.Timestamp
    quantity_snapshot_time: _timestamp_pb2.Timestamp
    collection_time: _timestamp_pb2.Timestamp
    due_time: _timestamp_pb2.Timestamp
    period: _period_pb2.Period
    void_time: _timestamp_pb2.Timestamp
    sent_to_customer_time: _timestamp_pb2.Timestamp
    workflow: InvoiceWorkflow
    lines: _containers.RepeatedCompositeFieldContainer[InvoiceLine]
    validation_issues: _containers.RepeatedCompositeFieldContainer[InvoiceIssue]
    external_ids: InvoiceExternalIds
    revision: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    payment_time: _timestamp_pb2.Timestamp
    passed: _containers.RepeatedCompositeFieldContainer[Invoice]
    def __init__(self, id: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., supplier: _Optional[_Union[_party_pb2.Supplier, _Mapping]] = ..., customer: _Optional[_Union[_party_pb2.InvoiceCustomer, _Mapping]] = ..., number: _Optional[str] = ..., currency_code: _Optional[str] = ..., totals: _Optional[_Union[Totals, _Mapping]] = ..., state: _Optional[_Union[InvoiceState, str]] = ..., status_details: _Optional[_Union[StatusDetails, _Mapping]] = ..., issue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., draft_until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quantity_snapshot_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., collection_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., void_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sent_to_customer_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., workflow: _Optional[_Union[InvoiceWorkflow, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[InvoiceLine, _Mapping]]] = ..., validation_issues: _Optional[_Iterable[_Union[InvoiceIssue, _Mapping]]] = ..., external_ids: _Optional[_Union[InvoiceExternalIds, _Mapping]] = ..., revision: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., payment_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., passed: _Optional[_Iterable[_Union[Invoice, _Mapping]]] = ...) -> None: ...

class StatusDetails(_message.Message):
    __slots__ = ("extended_status", "status", "immutable", "failed", "available_actions")
    EXTENDED_STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    extended_status: str
    status: str
    immutable: bool
    failed: bool
    available_actions: AvailableActions
    def __init__(self, extended_status: _Optional[str] = ..., status: _Optional[str] = ..., immutable: _Optional[bool] = ..., failed: _Optional[bool] = ..., available_actions: _Optional[_Union[AvailableActions, _Mapping]] = ...) -> None: ...

class AvailableActions(_message.Message):
    __slots__ = ("advance", "approve", "retry", "delete", "snapshot_quantities", "void", "invoice")
    ADVANCE_FIELD_NUMBER: _ClassVar[int]
    APPROVE_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_QUANTITIES_FIELD_NUMBER: _ClassVar[int]
    VOID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    advance: str
    approve: str
    retry: str
    delete: str
    snapshot_quantities: str
    void: str
    invoice: bool
    def __init__(self, advance: _Optional[str] = ..., approve: _Optional[str] = ..., retry: _Optional[str] = ..., delete: _Optional[str] = ..., snapshot_quantities: _Optional[str] = ..., void: _Optional[str] = ..., invoice: _Optional[bool] = ...) -> None: ...

class Totals(_message.Message):
    __slots__ = ("amount", "charges_total", "discounts_total", "taxes_inclusive_total", "taxes_exclusive_total", "taxes_total", "total")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CHARGES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAXES_INCLUSIVE_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAXES_EXCLUSIVE_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAXES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    charges_total: _decimal_pb2.Decimal
    discounts_total: _decimal_pb2.Decimal
    taxes_inclusive_total: _decimal_pb2.Decimal
    taxes_exclusive_total: _decimal_pb2.Decimal
    taxes_total: _decimal_pb2.Decimal
    total: _decimal_pb2.Decimal
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., charges_total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., discounts_total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., taxes_inclusive_total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., taxes_exclusive_total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., taxes_total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., total: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class InvoiceWorkflow(_message.Message):
    __slots__ = ("source_billing_profile_id", "workflow", "apps")
    SOURCE_BILLING_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    APPS_FIELD_NUMBER: _ClassVar[int]
    source_billing_profile_id: str
    workflow: _billing_profile_pb2.Workflow
    apps: _billing_profile_pb2.ProfileApps
    def __init__(self, source_billing_profile_id: _Optional[str] = ..., workflow: _Optional[_Union[_billing_profile_pb2.Workflow, _Mapping]] = ..., apps: _Optional[_Union[_billing_profile_pb2.ProfileApps, _Mapping]] = ...) -> None: ...

class InvoiceExternalIds(_message.Message):
    __slots__ = ("invoicing", "tax", "payment")
    INVOICING_FIELD_NUMBER: _ClassVar[int]
    TAX_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    invoicing: str
    tax: str
    payment: str
    def __init__(self, invoicing: _Optional[str] = ..., tax: _Optional[str] = ..., payment: _Optional[str] = ...) -> None: ...

class LineExternalIds(_message.Message):
    __slots__ = ("invoicing", "tax")
    INVOICING_FIELD_NUMBER: _ClassVar[int]
    TAX_FIELD_NUMBER: _ClassVar[int]
    invoicing: str
    tax: str
    def __init__(self, invoicing: _Optional[str] = ..., tax: _Optional[str] = ...) -> None: ...

class InvoiceIssue(_message.Message):
    __slots__ = ("id", "severity", "message", "code", "component", "path", "create_time", "update_time")
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEVERITY_UNSPECIFIED: _ClassVar[InvoiceIssue.Severity]
        SEVERITY_CRITICAL: _ClassVar[InvoiceIssue.Severity]
        SEVERITY_WARNING: _ClassVar[InvoiceIssue.Severity]
    SEVERITY_UNSPECIFIED: InvoiceIssue.Severity
    SEVERITY_CRITICAL: InvoiceIssue.Severity
    SEVERITY_WARNING: InvoiceIssue.Severity
    ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    severity: InvoiceIssue.Severity
    message: str
    code: str
    component: str
    path: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., severity: _Optional[_Union[InvoiceIssue.Severity, str]] = ..., message: _Optional[str] = ..., code: _Optional[str] = ..., component: _Optional[str] = ..., path: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InvoiceLine(_message.Message):
    __slots__ = ("id", "name", "description", "metadata", "managed_by", "invoice_id", "currency_code", "period", "invoice_time", "price", "feature_key", "tax_config", "discounts", "quantity", "metered_quantity", "pre_line_period_quantity", "metered_pre_line_period_quantity", "usage_discounts", "children", "totals", "subscription", "external_ids", "split_group_id", "create_time", "update_time", "delete_time")
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
    MANAGED_BY_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    INVOICE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    TAX_CONFIG_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    METERED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRE_LINE_PERIOD_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    METERED_PRE_LINE_PERIOD_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    USAGE_DISCOUNTS_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    managed_by: ManagedBy
    invoice_id: str
    currency_code: str
    period: _period_pb2.Period
    invoice_time: _timestamp_pb2.Timestamp
    price: _rate_card_pb2.Price
    feature_key: str
    tax_config: _rate_card_pb2.TaxConfig
    discounts: _rate_card_pb2.Discounts
    quantity: _decimal_pb2.Decimal
    metered_quantity: _decimal_pb2.Decimal
    pre_line_period_quantity: _decimal_pb2.Decimal
    metered_pre_line_period_quantity: _decimal_pb2.Decimal
    usage_discounts: _containers.RepeatedCompositeFieldContainer[AppliedUsageDiscount]
    children: _containers.RepeatedCompositeFieldContainer[DetailedLine]
    totals: Totals
    subscription: LineSubscription
    external_ids: LineExternalIds
    split_group_id: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., managed_by: _Optional[_Union[ManagedBy, str]] = ..., invoice_id: _Optional[str] = ..., currency_code: _Optional[str] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., invoice_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price: _Optional[_Union[_rate_card_pb2.Price, _Mapping]] = ..., feature_key: _Optional[str] = ..., tax_config: _Optional[_Union[_rate_card_pb2.TaxConfig, _Mapping]] = ..., discounts: _Optional[_Union[_rate_card_pb2.Discounts, _Mapping]] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., metered_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., pre_line_period_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., metered_pre_line_period_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., usage_discounts: _Optional[_Iterable[_Union[AppliedUsageDiscount, _Mapping]]] = ..., children: _Optional[_Iterable[_Union[DetailedLine, _Mapping]]] = ..., totals: _Optional[_Union[Totals, _Mapping]] = ..., subscription: _Optional[_Union[LineSubscription, _Mapping]] = ..., external_ids: _Optional[_Union[LineExternalIds, _Mapping]] = ..., split_group_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LineSubscription(_message.Message):
    __slots__ = ("subscription_id", "phase_id", "item_id", "billing_period")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_PERIOD_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    phase_id: str
    item_id: str
    billing_period: _period_pb2.Period
    def __init__(self, subscription_id: _Optional[str] = ..., phase_id: _Optional[str] = ..., item_id: _Optional[str] = ..., billing_period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ...) -> None: ...

class AppliedUsageDiscount(_message.Message):
    __slots__ = ("id", "quantity", "pre_line_period_quantity", "discount_quantity", "correlation_id", "create_time", "update_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRE_LINE_PERIOD_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    quantity: _decimal_pb2.Decimal
    pre_line_period_quantity: _decimal_pb2.Decimal
    discount_quantity: _decimal_pb2.Decimal
    correlation_id: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., pre_line_period_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., discount_quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., correlation_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DetailedLine(_message.Message):
    __slots__ = ("id", "name", "quantity", "per_unit_amount", "category", "payment_term", "period", "amount_discounts", "totals", "external_ids", "create_time", "update_time", "taxes")
    class Category(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CATEGORY_UNSPECIFIED: _ClassVar[DetailedLine.Category]
        CATEGORY_REGULAR: _ClassVar[DetailedLine.Category]
        CATEGORY_COMMITMENT: _ClassVar[DetailedLine.Category]
    CATEGORY_UNSPECIFIED: DetailedLine.Category
    CATEGORY_REGULAR: DetailedLine.Category
    CATEGORY_COMMITMENT: DetailedLine.Category
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PER_UNIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_TERM_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_DISCOUNTS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TAXES_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    quantity: _decimal_pb2.Decimal
    per_unit_amount: _decimal_pb2.Decimal
    category: DetailedLine.Category
    payment_term: _rate_card_pb2.PaymentTerm
    period: _period_pb2.Period
    amount_discounts: _containers.RepeatedCompositeFieldContainer[AmountDiscount]
    totals: Totals
    external_ids: LineExternalIds
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    taxes: _containers.RepeatedCompositeFieldContainer[LineTax]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., per_unit_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., category: _Optional[_Union[DetailedLine.Category, str]] = ..., payment_term: _Optional[_Union[_rate_card_pb2.PaymentTerm, str]] = ..., period: _Optional[_Union[_period_pb2.Period, _Mapping]] = ..., amount_discounts: _Optional[_Iterable[_Union[AmountDiscount, _Mapping]]] = ..., totals: _Optional[_Union[Totals, _Mapping]] = ..., external_ids: _Optional[_Union[LineExternalIds, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., taxes: _Optional[_Iterable[_Union[LineTax, _Mapping]]] = ...) -> None: ...

class LineTax(_message.Message):
    __slots__ = ("display_name", "percentage", "behavior", "amount")
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    display_name: str
    percentage: _decimal_pb2.Decimal
    behavior: _rate_card_pb2.TaxConfig.Behavior
    amount: _decimal_pb2.Decimal
    def __init__(self, display_name: _Optional[str] = ..., percentage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., behavior: _Optional[_Union[_rate_card_pb2.TaxConfig.Behavior, str]] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class AmountDiscount(_message.Message):
    __slots__ = ("id", "amount", "reason", "percentage", "correlation_id", "description", "external_ids", "create_time", "update_time")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[AmountDiscount.Reason]
        REASON_RATECARD_PERCENTAGE: _ClassVar[AmountDiscount.Reason]
        REASON_MAXIMUM_SPEND: _ClassVar[AmountDiscount.Reason]
    REASON_UNSPECIFIED: AmountDiscount.Reason
    REASON_RATECARD_PERCENTAGE: AmountDiscount.Reason
    REASON_MAXIMUM_SPEND: AmountDiscount.Reason
    ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    amount: _decimal_pb2.Decimal
    reason: AmountDiscount.Reason
    percentage: _decimal_pb2.Decimal
    correlation_id: str
    description: str
    external_ids: LineExternalIds
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., reason: _Optional[_Union[AmountDiscount.Reason, str]] = ..., percentage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., correlation_id: _Optional[str] = ..., description: _Optional[str] = ..., external_ids: _Optional[_Union[LineExternalIds, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
