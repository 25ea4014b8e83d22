import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.billing.v1 import invoice_pb2 as _invoice_pb2
from perennial.catalog.v1 import feature_pb2 as _feature_pb2
from perennial.customer.v1 import customer_pb2 as _customer_pb2
from perennial.customer.v1 import subject_pb2 as _subject_pb2
from perennial.entitlement.v1 import balance_pb2 as _balance_pb2
from perennial.entitlement.v1 import entitlement_pb2 as _entitlement_pb2
from perennial.notification.v1 import rule_pb2 as _rule_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeliveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_STATE_UNSPECIFIED: _ClassVar[DeliveryState]
    DELIVERY_STATE_PENDING: _ClassVar[DeliveryState]
    DELIVERY_STATE_SENDING: _ClassVar[DeliveryState]
    DELIVERY_STATE_SUCCESS: _ClassVar[DeliveryState]
    DELIVERY_STATE_FAILED: _ClassVar[DeliveryState]
    DELIVERY_STATE_RESENDING: _ClassVar[DeliveryState]
DELIVERY_STATE_UNSPECIFIED: DeliveryState
DELIVERY_STATE_PENDING: DeliveryState
DELIVERY_STATE_SENDING: DeliveryState
DELIVERY_STATE_SUCCESS: DeliveryState
DELIVERY_STATE_FAILED: DeliveryState
DELIVERY_STATE_RESENDING: DeliveryState

class Event(_message.Message):
    __slots__ = ("id", "event_type", "rule", "create_time", "sequence", "object", "object_sequence", "deliveries", "body_json", "threshold", "entitlement_id", "customer_id", "customer_key", "subject_id", "subject_key", "feature_id", "feature_key", "invoice_id", "invoice_number", "dedupe_hash", "test")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OBJECT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_KEY_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    FEATURE_ID_FIELD_NUMBER: _ClassVar[int]
    FEATURE_KEY_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEDUPE_HASH_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    id: str
    event_type: _rule_pb2.EventType
    rule: _rule_pb2.Rule
    create_time: _timestamp_pb2.Timestamp
    sequence: int
    object: str
    object_sequence: int
    deliveries: _containers.RepeatedCompositeFieldContainer[Delivery]
    body_json: str
    threshold: _rule_pb2.Threshold
    entitlement_id: str
    customer_id: str
    customer_key: str
    subject_id: str
    subject_key: str
    feature_id: str
    feature_key: str
    invoice_id: str
    invoice_number: str
    dedupe_hash: str
    test: bool
    def __init__(self, id: _Optional[str] = ..., event_type: _Optional[_Union[_rule_pb2.EventType, str]] = ..., rule: _Optional[_Union[_rule_pb2.Rule, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sequence: _Optional[int] = ..., object: _Optional[str] = ..., object_sequence: _Optional[int] = ..., deliveries: _Optional[_Iterable[_Union[Delivery, _Mapping]]] = ..., body_json: _Optional[str] = ..., threshold: _Optional[_Union[_rule_pb2.Threshold, _Mapping]] = ..., entitlement_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., customer_key: _Optional[str] = ..., subject_id: _Optional[str] = ..., subject_key: _Optional[str] = ..., feature_id: _Optional[str] = ..., feature_key: _Optional[str] = ..., invoice_id: _Optional[str] = ..., invoice_number: _Optional[str] = ..., dedupe_hash: _Optional[str] = ..., test: _Optional[bool] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("channel_id", "state", "reason", "update_time", "next_attempt_time", "attempts", "resend_time")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RESEND_TIME_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    state: DeliveryState
    reason: str
    update_time: _timestamp_pb2.Timestamp
    next_attempt_time: _timestamp_pb2.Timestamp
    attempts: _containers.RepeatedCompositeFieldContainer[DeliveryAttempt]
    resend_time: _timestamp_pb2.Timestamp
    def __init__(self, channel_id: _Optional[str] = ..., state: _Optional[_Union[DeliveryState, str]] = ..., reason: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts: _Optional[_Iterable[_Union[DeliveryAttempt, _Mapping]]] = ..., resend_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeliveryAttempt(_message.Message):
    __slots__ = ("state", "attempt_time", "status_code", "response_body", "duration_ms", "url")
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BODY_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    state: DeliveryState
    attempt_time: _timestamp_pb2.Timestamp
    status_code: int
    response_body: str
    duration_ms: int
    url: str
    def __init__(self, state: _Optional[_Union[DeliveryState, str]] = ..., attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status_code: _Optional[int] = ..., response_body: _Optional[str] = ..., duration_ms: _Optional[int] = ..., url: _Optional[str] = ...) -> None: ...

class EventPayload(_message.Message):
    __slots__ = ("event_id", "event_type", "create_time", "entitlement", "invoice")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_type: _rule_pb2.EventType
    create_time: _timestamp_pb2.Timestamp
    entitlement: EntitlementFacts
    invoice: _invoice_pb2.Invoice
    def __init__(self, event_id: _Optional[str] = ..., event_type: _Optional[_Union[_rule_pb2.EventType, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entitlement: _Optional[_Union[EntitlementFacts, _Mapping]] = ..., invoice: _Optional[_Union[_invoice_pb2.Invoice, _Mapping]] = ...) -> None: ...

class EntitlementFacts(_message.Message):
    __slots__ = ("entitlement", "value", "feature", "customer", "subject", "threshold")
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    entitlement: _entitlement_pb2.Entitlement
    value: _balance_pb2.EntitlementValue
    feature: _feature_pb2.Feature
    customer: _customer_pb2.Customer
    subject: _subject_pb2.Subject
    threshold: _rule_pb2.Threshold
    def __init__(self, entitlement: _Optional[_Union[_entitlement_pb2.Entitlement, _Mapping]] = ..., value: _Optional[_Union[_balance_pb2.EntitlementValue, _Mapping]] = ..., feature: _Optional[_Union[_feature_pb2.Feature, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., threshold: _Optional[_Union[_rule_pb2.Threshold, _Mapping]] = ...) -> None: ...
