import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import billing_profile_pb2 as _billing_profile_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CustomerOverride(_message.Message):
    __slots__ = ("customer_id", "billing_profile_id", "create_time", "update_time", "tax_rates")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TAX_RATES_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    billing_profile_id: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    tax_rates: _billing_profile_pb2.ManualTaxRates
    def __init__(self, customer_id: _Optional[str] = ..., billing_profile_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tax_rates: _Optional[_Union[_billing_profile_pb2.ManualTaxRates, _Mapping]] = ...) -> None: ...

class CustomerBilling(_message.Message):
    __slots__ = ("customer_id", "customer_override", "profile")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    customer_override: CustomerOverride
    profile: _billing_profile_pb2.BillingProfile
    def __init__(self, customer_id: _Optional[str] = ..., customer_override: _Optional[_Union[CustomerOverride, _Mapping]] = ..., profile: _Optional[_Union[_billing_profile_pb2.BillingProfile, _Mapping]] = ...) -> None: ...
