import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from perennial.catalog.v1 import plan_pb2 as _plan_pb2
from perennial.catalog.v1 import rate_card_pb2 as _rate_card_pb2
from perennial.subscription.v1 import subscription_pb2 as _subscription_pb2
from perennial.subscription.v1 import subscription_change_pb2 as _subscription_change_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TimingPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMING_POLICY_UNSPECIFIED: _ClassVar[TimingPolicy]
    TIMING_POLICY_IMMEDIATE: _ClassVar[TimingPolicy]
    TIMING_POLICY_NEXT_BILLING_CYCLE: _ClassVar[TimingPolicy]
TIMING_POLICY_UNSPECIFIED: TimingPolicy
TIMING_POLICY_IMMEDIATE: TimingPolicy
TIMING_POLICY_NEXT_BILLING_CYCLE: TimingPolicy

class Timing(_message.Message):
    __slots__ = ("policy", "time")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    policy: TimingPolicy
    time: _timestamp_pb2.Timestamp
    def __init__(self, policy: _Optional[_Union[TimingPolicy, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PlanSelector(_message.Message):
    __slots__ = ("key", "version")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    key: str
    version: int
    def __init__(self, key: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class SubscriptionSource(_message.Message):
    __slots__ = ("plan", "custom_plan")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: PlanSelector
    custom_plan: _plan_pb2.Plan
    def __init__(self, plan: _Optional[_Union[PlanSelector, _Mapping]] = ..., custom_plan: _Optional[_Union[_plan_pb2.Plan, _Mapping]] = ...) -> None: ...

class CreateSubscriptionRequest(_message.Message):
    __slots__ = ("customer_id", "customer_key", "source", "timing", "billing_anchor_time", "starting_phase_key", "name", "description", "metadata", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_KEY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    BILLING_ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTING_PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    customer_key: str
    source: SubscriptionSource
    timing: Timing
    billing_anchor_time: _timestamp_pb2.Timestamp
    starting_phase_key: str
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., customer_key: _Optional[str] = ..., source: _Optional[_Union[SubscriptionSource, _Mapping]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., billing_anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., starting_phase_key: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateSubscriptionResponse(_message.Message):
    __slots__ = ("view",)
    VIEW_FIELD_NUMBER: _ClassVar[int]
    view: _subscription_pb2.SubscriptionView
    def __init__(self, view: _Optional[_Union[_subscription_pb2.SubscriptionView, _Mapping]] = ...) -> None: ...

class GetSubscriptionRequest(_message.Message):
    __slots__ = ("id", "time")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetSubscriptionResponse(_message.Message):
    __slots__ = ("view",)
    VIEW_FIELD_NUMBER: _ClassVar[int]
    view: _subscription_pb2.SubscriptionView
    def __init__(self, view: _Optional[_Union[_subscription_pb2.SubscriptionView, _Mapping]] = ...) -> None: ...

class ListSubscriptionsRequest(_message.Message):
    __slots__ = ("customer_id", "statuses", "order_by", "ascending", "page_size", "page_token", "page", "plan_keys", "ids")
    class OrderBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ORDER_BY_UNSPECIFIED: _ClassVar[ListSubscriptionsRequest.OrderBy]
        ORDER_BY_ACTIVE_FROM: _ClassVar[ListSubscriptionsRequest.OrderBy]
        ORDER_BY_ACTIVE_TO: _ClassVar[ListSubscriptionsRequest.OrderBy]
    ORDER_BY_UNSPECIFIED: ListSubscriptionsRequest.OrderBy
    ORDER_BY_ACTIVE_FROM: ListSubscriptionsRequest.OrderBy
    ORDER_BY_ACTIVE_TO: ListSubscriptionsRequest.OrderBy
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    ASCENDING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PLAN_KEYS_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    statuses: _containers.RepeatedScalarFieldContainer[_subscription_pb2.SubscriptionStatus]
    order_by: ListSubscriptionsRequest.OrderBy
    ascending: bool
    page_size: int
    page_token: str
    page: int
    plan_keys: _containers.RepeatedScalarFieldContainer[str]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, customer_id: _Optional[str] = ..., statuses: _Optional[_Iterable[_Union[_subscription_pb2.SubscriptionStatus, str]]] = ..., order_by: _Optional[_Union[ListSubscriptionsRequest.OrderBy, str]] = ..., ascending: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., page: _Optional[int] = ..., plan_keys: _Optional[_Iterable[str]] = ..., ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListSubscriptionsResponse(_message.Message):
    __slots__ = ("subscriptions", "next_page_token", "total_size")
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    subscriptions: _containers.RepeatedCompositeFieldContainer[_subscription_pb2.Subscription]
    next_page_token: str
    total_size: int
    def __init__(self, subscriptions: _Optional[_Iterable[_Union[_subscription_pb2.Subscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class EditOperation(_message.Message):
    __slots__ = ("add_item", "remove_item", "add_phase", "remove_phase", "stretch_phase", "unschedule_edit")
    ADD_ITEM_FIELD_NUMBER: _ClassVar[int]
    REMOVE_ITEM_FIELD_NUMBER: _ClassVar[int]
    ADD_PHASE_FIELD_NUMBER: _ClassVar[int]
    REMOVE_PHASE_FIELD_NUMBER: _ClassVar[int]
    STRETCH_PHASE_FIELD_NUMBER: _ClassVar[int]
    UNSCHEDULE_EDIT_FIELD_NUMBER: _ClassVar[int]
    add_item: AddItemOperation
    remove_item: RemoveItemOperation
    add_phase: AddPhaseOperation
    remove_phase: RemovePhaseOperation
    stretch_phase: StretchPhaseOperation
    unschedule_edit: UnscheduleEditOperation
    def __init__(self, add_item: _Optional[_Union[AddItemOperation, _Mapping]] = ..., remove_item: _Optional[_Union[RemoveItemOperation, _Mapping]] = ..., add_phase: _Optional[_Union[AddPhaseOperation, _Mapping]] = ..., remove_phase: _Optional[_Union[RemovePhaseOperation, _Mapping]] = ..., stretch_phase: _Optional[_Union[StretchPhaseOperation, _Mapping]] = ..., unschedule_edit: _Optional[_Union[UnscheduleEditOperation, _Mapping]] = ...) -> None: ...

class AddItemOperation(_message.Message):
    __slots__ = ("phase_key", "rate_card")
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    RATE_CARD_FIELD_NUMBER: _ClassVar[int]
    phase_key: str
    rate_card: _rate_card_pb2.RateCard
    def __init__(self, phase_key: _Optional[str] = ..., rate_card: _Optional[_Union[_rate_card_pb2.RateCard, _Mapping]] = ...) -> None: ...

class RemoveItemOperation(_message.Message):
    __slots__ = ("phase_key", "item_key")
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    ITEM_KEY_FIELD_NUMBER: _ClassVar[int]
    phase_key: str
    item_key: str
    def __init__(self, phase_key: _Optional[str] = ..., item_key: _Optional[str] = ...) -> None: ...

class AddPhaseOperation(_message.Message):
    __slots__ = ("key", "name", "description", "start_after_duration", "duration")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    START_AFTER_DURATION_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    description: str
    start_after_duration: str
    duration: str
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., start_after_duration: _Optional[str] = ..., duration: _Optional[str] = ...) -> None: ...

class RemovePhaseOperation(_message.Message):
    __slots__ = ("phase_key", "shift")
    class Shift(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SHIFT_UNSPECIFIED: _ClassVar[RemovePhaseOperation.Shift]
        SHIFT_NEXT: _ClassVar[RemovePhaseOperation.Shift]
        SHIFT_PREVIOUS: _ClassVar[RemovePhaseOperation.Shift]
    SHIFT_UNSPECIFIED: RemovePhaseOperation.Shift
    SHIFT_NEXT: RemovePhaseOperation.Shift
    SHIFT_PREVIOUS: RemovePhaseOperation.Shift
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    phase_key: str
    shift: RemovePhaseOperation.Shift
    def __init__(self, phase_key: _Optional[str] = ..., shift: _Optional[_Union[RemovePhaseOperation.Shift, str]] = ...) -> None: ...

class StretchPhaseOperation(_message.Message):
    __slots__ = ("phase_key", "extend_by_duration")
    PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    EXTEND_BY_DURATION_FIELD_NUMBER: _ClassVar[int]
    phase_key: str
    extend_by_duration: str
    def __init__(self, phase_key: _Optional[str] = ..., extend_by_duration: _Optional[str] = ...) -> None: ...

class UnscheduleEditOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EditSubscriptionRequest(_message.Message):
    __slots__ = ("id", "operations", "timing", "etag", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    operations: _containers.RepeatedCompositeFieldContainer[EditOperation]
    timing: Timing
    etag: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., operations: _Optional[_Iterable[_Union[EditOperation, _Mapping]]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EditSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscription_pb2.Subscription
    def __init__(self, subscription: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ...) -> None: ...

class CancelSubscriptionRequest(_message.Message):
    __slots__ = ("id", "timing", "etag", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    timing: Timing
    etag: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscription_pb2.Subscription
    def __init__(self, subscription: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ...) -> None: ...

class UnscheduleCancellationRequest(_message.Message):
    __slots__ = ("id", "etag", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    etag: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UnscheduleCancellationResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscription_pb2.Subscription
    def __init__(self, subscription: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ...) -> None: ...

class RestoreSubscriptionRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RestoreSubscriptionResponse(_message.Message):
    __slots__ = ("subscription",)
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscription_pb2.Subscription
    def __init__(self, subscription: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ...) -> None: ...

class ChangeSubscriptionRequest(_message.Message):
    __slots__ = ("id", "source", "timing", "billing_anchor_time", "starting_phase_key", "name", "description", "metadata", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    BILLING_ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTING_PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    source: SubscriptionSource
    timing: Timing
    billing_anchor_time: _timestamp_pb2.Timestamp
    starting_phase_key: str
    name: str
    description: str
    metadata: _containers.ScalarMap[str, str]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., source: _Optional[_Union[SubscriptionSource, _Mapping]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., billing_anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., starting_phase_key: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ChangeSubscriptionResponse(_message.Message):
    __slots__ = ("current", "next")
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    current: _subscription_pb2.Subscription
    next: _subscription_pb2.SubscriptionView
    def __init__(self, current: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ..., next: _Optional[_Union[_subscription_pb2.SubscriptionView, _Mapping]] = ...) -> None: ...

class MigrateSubscriptionRequest(_message.Message):
    __slots__ = ("id", "target_version", "timing", "billing_anchor_time", "starting_phase_key", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    BILLING_ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTING_PHASE_KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    target_version: int
    timing: Timing
    billing_anchor_time: _timestamp_pb2.Timestamp
    starting_phase_key: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., target_version: _Optional[int] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., billing_anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., starting_phase_key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class MigrateSubscriptionResponse(_message.Message):
    __slots__ = ("current", "next")
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    current: _subscription_pb2.Subscription
    next: _subscription_pb2.SubscriptionView
    def __init__(self, current: _Optional[_Union[_subscription_pb2.Subscription, _Mapping]] = ..., next: _Optional[_Union[_subscription_pb2.SubscriptionView, _Mapping]] = ...) -> None: ...

class DeleteSubscriptionRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteSubscriptionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SyncCustomerRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class SyncCustomerResponse(_message.Message):
    __slots__ = ("applied_count",)
    APPLIED_COUNT_FIELD_NUMBER: _ClassVar[int]
    applied_count: int
    def __init__(self, applied_count: _Optional[int] = ...) -> None: ...

class EraseCustomerRequest(_message.Message):
    __slots__ = ("customer_id", "handle", "request_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    handle: str
    request_id: str
    def __init__(self, customer_id: _Optional[str] = ..., handle: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EraseCustomerResponse(_message.Message):
    __slots__ = ("subscription_count", "customer_key", "erase_time", "customer_id")
    SUBSCRIPTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_KEY_FIELD_NUMBER: _ClassVar[int]
    ERASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_count: int
    customer_key: str
    erase_time: _timestamp_pb2.Timestamp
    customer_id: str
    def __init__(self, subscription_count: _Optional[int] = ..., customer_key: _Optional[str] = ..., erase_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., customer_id: _Optional[str] = ...) -> None: ...

class ListSubscriptionChangesRequest(_message.Message):
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

class ListSubscriptionChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_subscription_change_pb2.SubscriptionChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_subscription_change_pb2.SubscriptionChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
