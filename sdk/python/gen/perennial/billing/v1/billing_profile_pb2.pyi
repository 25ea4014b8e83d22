import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import app_pb2 as _app_pb2
from perennial.billing.v1 import party_pb2 as _party_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BillingProfile(_message.Message):
    __slots__ = ("id", "name", "description", "metadata", "supplier", "default", "workflow", "apps", "etag", "create_time", "update_time", "delete_time")
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
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    APPS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    supplier: _party_pb2.Supplier
    default: bool
    workflow: Workflow
    apps: ProfileApps
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., supplier: _Optional[_Union[_party_pb2.Supplier, _Mapping]] = ..., default: _Optional[bool] = ..., workflow: _Optional[_Union[Workflow, _Mapping]] = ..., apps: _Optional[_Union[ProfileApps, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProfileApps(_message.Message):
    __slots__ = ("tax_app_id", "invoicing_app_id", "payment_app_id", "app")
    TAX_APP_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICING_APP_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_APP_ID_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    tax_app_id: str
    invoicing_app_id: str
    payment_app_id: str
    app: _app_pb2.App
    def __init__(self, tax_app_id: _Optional[str] = ..., invoicing_app_id: _Optional[str] = ..., payment_app_id: _Optional[str] = ..., app: _Optional[_Union[_app_pb2.App, _Mapping]] = ...) -> None: ...

class Workflow(_message.Message):
    __slots__ = ("collection", "invoicing", "payment", "tax")
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    INVOICING_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    TAX_FIELD_NUMBER: _ClassVar[int]
    collection: CollectionSettings
    invoicing: InvoicingSettings
    payment: PaymentSettings
    tax: TaxSettings
    def __init__(self, collection: _Optional[_Union[CollectionSettings, _Mapping]] = ..., invoicing: _Optional[_Union[InvoicingSettings, _Mapping]] = ..., payment: _Optional[_Union[PaymentSettings, _Mapping]] = ..., tax: _Optional[_Union[TaxSettings, _Mapping]] = ...) -> None: ...

class CollectionSettings(_message.Message):
    __slots__ = ("anchored_alignment", "interval_duration")
    ANCHORED_ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    anchored_alignment: AnchoredAlignment
    interval_duration: str
    def __init__(self, anchored_alignment: _Optional[_Union[AnchoredAlignment, _Mapping]] = ..., interval_duration: _Optional[str] = ...) -> None: ...

class AnchoredAlignment(_message.Message):
    __slots__ = ("interval_duration", "anchor_time")
    INTERVAL_DURATION_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    interval_duration: str
    anchor_time: _timestamp_pb2.Timestamp
    def __init__(self, interval_duration: _Optional[str] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InvoicingSettings(_message.Message):
    __slots__ = ("auto_advance", "draft_period_duration", "due_after_duration", "progressive_billing", "default_tax_config")
    AUTO_ADVANCE_FIELD_NUMBER: _ClassVar[int]
    DRAFT_PERIOD_DURATION_FIELD_NUMBER: _ClassVar[int]
    DUE_AFTER_DURATION_FIELD_NUMBER: _ClassVar[int]
    PROGRESSIVE_BILLING_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_TAX_CONFIG_FIELD_NUMBER: _ClassVar[int]
    auto_advance: bool
    draft_period_duration: str
    due_after_duration: str
    progressive_billing: bool
    default_tax_config: _rate_card_pb2.TaxConfig
    def __init__(self, auto_advance: _Optional[bool] = ..., draft_period_duration: _Optional[str] = ..., due_after_duration: _Optional[str] = ..., progressive_billing: _Optional[bool] = ..., default_tax_config: _Optional[_Union[_rate_card_pb2.TaxConfig, _Mapping]] = ...) -> None: ...

class PaymentSettings(_message.Message):
    __slots__ = ("collection_method",)
    class CollectionMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COLLECTION_METHOD_UNSPECIFIED: _ClassVar[PaymentSettings.CollectionMethod]
        COLLECTION_METHOD_CHARGE_AUTOMATICALLY: _ClassVar[PaymentSettings.CollectionMethod]
        COLLECTION_METHOD_SEND_INVOICE: _ClassVar[PaymentSettings.CollectionMethod]
    COLLECTION_METHOD_UNSPECIFIED: PaymentSettings.CollectionMethod
    COLLECTION_METHOD_CHARGE_AUTOMATICALLY: PaymentSettings.CollectionMethod
    COLLECTION_METHOD_SEND_INVOICE: PaymentSettings.CollectionMethod
    COLLECTION_METHOD_FIELD_NUMBER: _ClassVar[int]
    collection_method: PaymentSettings.CollectionMethod
    def __init__(self, collection_method: _Optional[_Union[PaymentSettings.CollectionMethod, str]] = ...) -> None: ...

class TaxSettings(_message.Message):
    __slots__ = ("enabled", "enforced", "manual_rates")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    ENFORCED_FIELD_NUMBER: _ClassVar[int]
    MANUAL_RATES_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    enforced: bool
    manual_rates: ManualTaxRates
    def __init__(self, enabled: _Optional[bool] = ..., enforced: _Optional[bool] = ..., manual_rates: _Optional[_Union[ManualTaxRates, _Mapping]] = ...) -> None: ...

class ManualTaxRates(_message.Message):
    __slots__ = ("rates",)
    RATES_FIELD_NUMBER: _ClassVar[int]
    rates: _containers.RepeatedCompositeFieldContainer[ManualTaxRate]
    def __init__(self, rates: _Optional[_Iterable[_Union[ManualTaxRate, _Mapping]]] = ...) -> None: ...

class ManualTaxRate(_message.Message):
    __slots__ = ("display_name", "percentage", "behavior", "tax_code")
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    TAX_CODE_FIELD_NUMBER: _ClassVar[int]
    display_name: str
    percentage: _decimal_pb2.Decimal
    behavior: _rate_card_pb2.TaxConfig.Behavior
    tax_code: str
    def __init__(self, display_name: _Optional[str] = ..., percentage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., behavior: _Optional[_Union[_rate_card_pb2.TaxConfig.Behavior, str]] = ..., tax_code: _Optional[str] = ...) -> None: ...
