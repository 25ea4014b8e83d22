import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.kernel.v1 import decimal_pb2 as _decimal_pb2
from perennial.kernel.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TermOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TERM_ORIGIN_UNSPECIFIED: _ClassVar[TermOrigin]
    TERM_ORIGIN_PLAN: _ClassVar[TermOrigin]
    TERM_ORIGIN_PROFITWELL: _ClassVar[TermOrigin]
    TERM_ORIGIN_PROBE: _ClassVar[TermOrigin]
    TERM_ORIGIN_STORE: _ClassVar[TermOrigin]
    TERM_ORIGIN_PROMOTIONAL: _ClassVar[TermOrigin]

class Store(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORE_UNSPECIFIED: _ClassVar[Store]
    STORE_AMAZON: _ClassVar[Store]
    STORE_APP_STORE: _ClassVar[Store]
    STORE_MAC_APP_STORE: _ClassVar[Store]
    STORE_PLAY_STORE: _ClassVar[Store]
    STORE_PROMOTIONAL: _ClassVar[Store]
    STORE_STRIPE: _ClassVar[Store]
    STORE_BUILT_IN: _ClassVar[Store]

class StoreEnvironment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORE_ENVIRONMENT_UNSPECIFIED: _ClassVar[StoreEnvironment]
    STORE_ENVIRONMENT_PRODUCTION: _ClassVar[StoreEnvironment]
    STORE_ENVIRONMENT_SANDBOX: _ClassVar[StoreEnvironment]

class Ownership(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OWNERSHIP_UNSPECIFIED: _ClassVar[Ownership]
    OWNERSHIP_PURCHASED: _ClassVar[Ownership]
    OWNERSHIP_FAMILY_SHARED: _ClassVar[Ownership]

class TermStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TERM_STATUS_UNSPECIFIED: _ClassVar[TermStatus]
    TERM_STATUS_TRIALING: _ClassVar[TermStatus]
    TERM_STATUS_ACTIVE: _ClassVar[TermStatus]
    TERM_STATUS_EXPIRED: _ClassVar[TermStatus]
    TERM_STATUS_IN_GRACE_PERIOD: _ClassVar[TermStatus]
    TERM_STATUS_IN_BILLING_RETRY: _ClassVar[TermStatus]
    TERM_STATUS_PAUSED: _ClassVar[TermStatus]
    TERM_STATUS_UNKNOWN: _ClassVar[TermStatus]
    TERM_STATUS_INCOMPLETE: _ClassVar[TermStatus]

class AutoRenewalStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUTO_RENEWAL_STATUS_UNSPECIFIED: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_WILL_RENEW: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_WILL_NOT_RENEW: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_WILL_CHANGE_PRODUCT: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_WILL_PAUSE: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_REQUIRES_PRICE_INCREASE_CONSENT: _ClassVar[AutoRenewalStatus]
    AUTO_RENEWAL_STATUS_HAS_ALREADY_RENEWED: _ClassVar[AutoRenewalStatus]
TERM_ORIGIN_UNSPECIFIED: TermOrigin
TERM_ORIGIN_PLAN: TermOrigin
TERM_ORIGIN_PROFITWELL: TermOrigin
TERM_ORIGIN_PROBE: TermOrigin
TERM_ORIGIN_STORE: TermOrigin
TERM_ORIGIN_PROMOTIONAL: TermOrigin
STORE_UNSPECIFIED: Store
STORE_AMAZON: Store
STORE_APP_STORE: Store
STORE_MAC_APP_STORE: Store
STORE_PLAY_STORE: Store
STORE_PROMOTIONAL: Store
STORE_STRIPE: Store
STORE_BUILT_IN: Store
STORE_ENVIRONMENT_UNSPECIFIED: StoreEnvironment
STORE_ENVIRONMENT_PRODUCTION: StoreEnvironment
STORE_ENVIRONMENT_SANDBOX: StoreEnvironment
OWNERSHIP_UNSPECIFIED: Ownership
OWNERSHIP_PURCHASED: Ownership
OWNERSHIP_FAMILY_SHARED: Ownership
TERM_STATUS_UNSPECIFIED: TermStatus
TERM_STATUS_TRIALING: TermStatus
TERM_STATUS_ACTIVE: TermStatus
TERM_STATUS_EXPIRED: TermStatus
TERM_STATUS_IN_GRACE_PERIOD: TermStatus
TERM_STATUS_IN_BILLING_RETRY: TermStatus
TERM_STATUS_PAUSED: TermStatus
TERM_STATUS_UNKNOWN: TermStatus
TERM_STATUS_INCOMPLETE: TermStatus
AUTO_RENEWAL_STATUS_UNSPECIFIED: AutoRenewalStatus
AUTO_RENEWAL_STATUS_WILL_RENEW: AutoRenewalStatus
AUTO_RENEWAL_STATUS_WILL_NOT_RENEW: AutoRenewalStatus
AUTO_RENEWAL_STATUS_WILL_CHANGE_PRODUCT: AutoRenewalStatus
AUTO_RENEWAL_STATUS_WILL_PAUSE: AutoRenewalStatus
AUTO_RENEWAL_STATUS_REQUIRES_PRICE_INCREASE_CONSENT: AutoRenewalStatus
AUTO_RENEWAL_STATUS_HAS_ALREADY_RENEWED: AutoRenewalStatus

class Term(_message.Message):
    __slots__ = ("id", "short_id", "customer_id", "original_customer_id", "origin", "source_id", "product_key", "product_id", "product_short_id", "store", "environment", "ownership", "country_code", "management_url", "store_subscription_identifier", "start_time", "current_period_start_time", "current_period_end_time", "end_time", "access_end_time", "gives_access", "pending_payment", "status", "auto_renewal_status", "pending_product_id", "revenue", "presented_offering_id", "monthly_value", "entitlement_key", "create_time", "period_duration")
    ID_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_KEY_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    MANAGEMENT_URL_FIELD_NUMBER: _ClassVar[int]
    STORE_SUBSCRIPTION_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PERIOD_START_TIME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PERIOD_END_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ACCESS_END_TIME_FIELD_NUMBER: _ClassVar[int]
    GIVES_ACCESS_FIELD_NUMBER: _ClassVar[int]
    PENDING_PAYMENT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AUTO_RENEWAL_STATUS_FIELD_NUMBER: _ClassVar[int]
    PENDING_PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    PRESENTED_OFFERING_ID_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_VALUE_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_KEY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_DURATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    short_id: str
    customer_id: str
    original_customer_id: str
    origin: TermOrigin
    source_id: str
    product_key: str
    product_id: str
    product_short_id: str
    store: Store
    environment: StoreEnvironment
    ownership: Ownership
    country_code: str
    management_url: str
    store_subscription_identifier: str
    start_time: _timestamp_pb2.Timestamp
    current_period_start_time: _timestamp_pb2.Timestamp
    current_period_end_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    access_end_time: _timestamp_pb2.Timestamp
    gives_access: bool
    pending_payment: bool
    status: TermStatus
    auto_renewal_status: AutoRenewalStatus
    pending_product_id: str
    revenue: UsdRevenue
    presented_offering_id: str
    monthly_value: _money_pb2.Money
    entitlement_key: str
    create_time: _timestamp_pb2.Timestamp
    period_duration: str
    def __init__(self, id: _Optional[str] = ..., short_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., original_customer_id: _Optional[str] = ..., origin: _Optional[_Union[TermOrigin, str]] = ..., source_id: _Optional[str] = ..., product_key: _Optional[str] = ..., product_id: _Optional[str] = ..., product_short_id: _Optional[str] = ..., store: _Optional[_Union[Store, str]] = ..., environment: _Optional[_Union[StoreEnvironment, str]] = ..., ownership: _Optional[_Union[Ownership, str]] = ..., country_code: _Optional[str] = ..., management_url: _Optional[str] = ..., store_subscription_identifier: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., current_period_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., current_period_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., access_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., gives_access: _Optional[bool] = ..., pending_payment: _Optional[bool] = ..., status: _Optional[_Union[TermStatus, str]] = ..., auto_renewal_status: _Optional[_Union[AutoRenewalStatus, str]] = ..., pending_product_id: _Optional[str] = ..., revenue: _Optional[_Union[UsdRevenue, _Mapping]] = ..., presented_offering_id: _Optional[str] = ..., monthly_value: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., entitlement_key: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_duration: _Optional[str] = ...) -> None: ...

class UsdRevenue(_message.Message):
    __slots__ = ("gross", "tax", "commission", "proceeds")
    GROSS_FIELD_NUMBER: _ClassVar[int]
    TAX_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_FIELD_NUMBER: _ClassVar[int]
    PROCEEDS_FIELD_NUMBER: _ClassVar[int]
    gross: _decimal_pb2.Decimal
    tax: _decimal_pb2.Decimal
    commission: _decimal_pb2.Decimal
    proceeds: _decimal_pb2.Decimal
    def __init__(self, gross: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., tax: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., commission: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., proceeds: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ...) -> None: ...

class Payment(_message.Message):
    __slots__ = ("id", "time", "amount", "tax_share", "commission_share", "imputed")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TAX_SHARE_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_SHARE_FIELD_NUMBER: _ClassVar[int]
    IMPUTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    time: _timestamp_pb2.Timestamp
    amount: _money_pb2.Money
    tax_share: _decimal_pb2.Decimal
    commission_share: _decimal_pb2.Decimal
    imputed: bool
    def __init__(self, id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tax_share: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., commission_share: _Optional[_Union[_decimal_pb2.Decimal, _Mapping]] = ..., imputed: _Optional[bool] = ...) -> None: ...
