from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RateCardKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RATE_CARD_KIND_UNSPECIFIED: _ClassVar[RateCardKind]
    RATE_CARD_KIND_FLAT_FEE: _ClassVar[RateCardKind]
    RATE_CARD_KIND_USAGE_BASED: _ClassVar[RateCardKind]

class PaymentTerm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_TERM_UNSPECIFIED: _ClassVar[PaymentTerm]
    PAYMENT_TERM_IN_ADVANCE: _ClassVar[PaymentTerm]
    PAYMENT_TERM_IN_ARREARS: _ClassVar[PaymentTerm]
RATE_CARD_KIND_UNSPECIFIED: RateCardKind
RATE_CARD_KIND_FLAT_FEE: RateCardKind
RATE_CARD_KIND_USAGE_BASED: RateCardKind
PAYMENT_TERM_UNSPECIFIED: PaymentTerm
PAYMENT_TERM_IN_ADVANCE: PaymentTerm
PAYMENT_TERM_IN_ARREARS: PaymentTerm

class RateCard(_message.Message):
    __slots__ = ("key", "name", "description", "kind", "feature_key", "feature_id", "billing_cadence", "price", "discounts", "entitlement_template", "tax_config", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_CADENCE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTS_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    TAX_CONFIG_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    description: str
    kind: RateCardKind
    feature_key: str
    feature_id: str
    billing_cadence: str
    price: Price
    discounts: Discounts
    entitlement_template: EntitlementTemplate
    tax_config: TaxConfig
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., kind: _Optional[_Union[RateCardKind, str]] = ..., feature_key: _Optional[str] = ..., feature_id: _Optional[str] = ..., billing_cadence: _Optional[str] = ..., price: _Optional[_Union[Price, _Mapping]] = ..., discounts: _Optional[_Union[Discounts, _Mapping]] = ..., entitlement_template: _Optional[_Union[EntitlementTemplate, _Mapping]] = ..., tax_config: _Optional[_Union[TaxConfig, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Price(_message.Message):
    __slots__ = ("flat", "unit", "tiered", "dynamic", "package", "minimum_amount", "maximum_amount")
    FLAT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TIERED_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    flat: FlatPrice
    unit: UnitPrice
    tiered: TieredPrice
    dynamic: DynamicPrice
    package: PackagePrice
    minimum_amount: _decimal_pb2.Decimal
    maximum_amount: _decimal_pb2.Decimal
    def __init__(self, flat: _Optional[_Union[FlatPrice, _Mapping]] = ..., unit: _Optional[_Union[UnitPrice, _Mapping]] = ..., tiered: _Optional[_Union[TieredPrice, _Mapping]] = ..., dynamic: _Optional[_Union[DynamicPrice, _Mapping]] = ..., package: _Optional[_Union[PackagePrice, _Mapping]] = ..., minimum_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., maximum_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class FlatPrice(_message.Message):
    __slots__ = ("amount", "payment_term")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_TERM_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    payment_term: PaymentTerm
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., payment_term: _Optional[_Union[PaymentTerm, str]] = ...) -> None: ...

class UnitPrice(_message.Message):
    __slots__ = ("amount",)
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class TieredPrice(_message.Message):
    __slots__ = ("mode", "tiers")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[TieredPrice.Mode]
        MODE_VOLUME: _ClassVar[TieredPrice.Mode]
        MODE_GRADUATED: _ClassVar[TieredPrice.Mode]
    MODE_UNSPECIFIED: TieredPrice.Mode
    MODE_VOLUME: TieredPrice.Mode
    MODE_GRADUATED: TieredPrice.Mode
    MODE_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    mode: TieredPrice.Mode
    tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    def __init__(self, mode: _Optional[_Union[TieredPrice.Mode, str]] = ..., tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping]]] = ...) -> None: ...

class PriceTier(_message.Message):
    __slots__ = ("up_to_amount", "flat_amount", "unit_amount")
    UP_TO_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FLAT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    UNIT_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    up_to_amount: _decimal_pb2.Decimal
    flat_amount: _decimal_pb2.Decimal
    unit_amount: _decimal_pb2.Decimal
    def __init__(self, up_to_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., flat_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., unit_amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class DynamicPrice(_message.Message):
    __slots__ = ("multiplier",)
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    multiplier: _decimal_pb2.Decimal
    def __init__(self, multiplier: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class PackagePrice(_message.Message):
    __slots__ = ("amount", "quantity_per_package")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_PER_PACKAGE_FIELD_NUMBER: _ClassVar[int]
    amount: _decimal_pb2.Decimal
    quantity_per_package: _decimal_pb2.Decimal
    def __init__(self, amount: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., quantity_per_package: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class Discounts(_message.Message):
    __slots__ = ("percentage", "usage")
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    percentage: PercentageDiscount
    usage: UsageDiscount
    def __init__(self, percentage: _Optional[_Union[PercentageDiscount, _Mapping]] = ..., usage: _Optional[_Union[UsageDiscount, _Mapping]] = ...) -> None: ...

class PercentageDiscount(_message.Message):
    __slots__ = ("percentage", "correlation_id")
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    percentage: _decimal_pb2.Decimal
    correlation_id: str
    def __init__(self, percentage: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class UsageDiscount(_message.Message):
    __slots__ = ("quantity", "correlation_id")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    quantity: _decimal_pb2.Decimal
    correlation_id: str
    def __init__(self, quantity: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class EntitlementTemplate(_message.Message):
    __slots__ = ("metered", "static", "boolean")
    METERED_FIELD_NUMBER: _ClassVar[int]
    STATIC_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    metered: MeteredEntitlementTemplate
    static: StaticEntitlementTemplate
    boolean: BooleanEntitlementTemplate
    def __init__(self, metered: _Optional[_Union[MeteredEntitlementTemplate, _Mapping]] = ..., static: _Optional[_Union[StaticEntitlementTemplate, _Mapping]] = ..., boolean: _Optional[_Union[BooleanEntitlementTemplate, _Mapping]] = ...) -> None: ...

class MeteredEntitlementTemplate(_message.Message):
    __slots__ = ("soft_limit", "issue_after_reset", "issue_after_reset_priority", "preserve_overage_at_reset", "usage_period_duration", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SOFT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    ISSUE_AFTER_RESET_FIELD_NUMBER: _ClassVar[int]
    ISSUE_AFTER_RESET_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PRESERVE_OVERAGE_AT_RESET_FIELD_NUMBER: _ClassVar[int]
    USAGE_PERIOD_DURATION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    soft_limit: bool
    issue_after_reset: _decimal_pb2.Decimal
    issue_after_reset_priority: int
    preserve_overage_at_reset: bool
    usage_period_duration: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, soft_limit: _Optional[bool] = ..., issue_after_reset: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., issue_after_reset_priority: _Optional[int] = ..., preserve_overage_at_reset: _Optional[bool] = ..., usage_period_duration: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class StaticEntitlementTemplate(_message.Message):
    __slots__ = ("config", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    config: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, config: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class BooleanEntitlementTemplate(_message.Message):
    __slots__ = ("metadata",)
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TaxConfig(_message.Message):
    __slots__ = ("behavior", "stripe_code", "custom_invoicing_code")
    class Behavior(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        BEHAVIOR_UNSPECIFIED: _ClassVar[TaxConfig.Behavior]
        BEHAVIOR_INCLUSIVE: _ClassVar[TaxConfig.Behavior]
        BEHAVIOR_EXCLUSIVE: _ClassVar[TaxConfig.Behavior]
    BEHAVIOR_UNSPECIFIED: TaxConfig.Behavior
    BEHAVIOR_INCLUSIVE: TaxConfig.Behavior
    BEHAVIOR_EXCLUSIVE: TaxConfig.Behavior
    BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    STRIPE_CODE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_INVOICING_CODE_FIELD_NUMBER: _ClassVar[int]
    behavior: TaxConfig.Behavior
    stripe_code: str
    custom_invoicing_code: str
    def __init__(self, behavior: _Optional[_Union[TaxConfig.Behavior, str]] = ..., stripe_code: _Optional[str] = ..., custom_invoicing_code: _Optional[str] = ...) -> None: ...
