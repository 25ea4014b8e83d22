from perennial.subscription.v1 import subscription_addon_pb2 as _subscription_addon_pb2
from perennial.subscription.v1 import subscription_service_pb2 as _subscription_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateSubscriptionAddonRequest(_message.Message):
    __slots__ = ("subscription_id", "addon_id", "quantity", "timing", "metadata", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    addon_id: str
    quantity: int
    timing: _subscription_service_pb2.Timing
    metadata: _containers.ScalarMap[str, str]
    request_id: str
    def __init__(self, subscription_id: _Optional[str] = ..., addon_id: _Optional[str] = ..., quantity: _Optional[int] = ..., timing: _Optional[_Union[_subscription_service_pb2.Timing, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateSubscriptionAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _subscription_addon_pb2.SubscriptionAddon
    def __init__(self, addon: _Optional[_Union[_subscription_addon_pb2.SubscriptionAddon, _Mapping]] = ...) -> None: ...

class GetSubscriptionAddonRequest(_message.Message):
    __slots__ = ("subscription_id", "id")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    id: str
    def __init__(self, subscription_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetSubscriptionAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _subscription_addon_pb2.SubscriptionAddon
    def __init__(self, addon: _Optional[_Union[_subscription_addon_pb2.SubscriptionAddon, _Mapping]] = ...) -> None: ...

class ListSubscriptionAddonsRequest(_message.Message):
    __slots__ = ("subscription_id",)
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    def __init__(self, subscription_id: _Optional[str] = ...) -> None: ...

class ListSubscriptionAddonsResponse(_message.Message):
    __slots__ = ("addons",)
    ADDONS_FIELD_NUMBER: _ClassVar[int]
    addons: _containers.RepeatedCompositeFieldContainer[_subscription_addon_pb2.SubscriptionAddon]
    def __init__(self, addons: _Optional[_Iterable[_Union[_subscription_addon_pb2.SubscriptionAddon, _Mapping]]] = ...) -> None: ...

class UpdateSubscriptionAddonRequest(_message.Message):
    __slots__ = ("subscription_id", "id", "quantity", "timing", "request_id")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    id: str
    quantity: int
    timing: _subscription_service_pb2.Timing
    request_id: str
    def __init__(self, subscription_id: _Optional[str] = ..., id: _Optional[str] = ..., quantity: _Optional[int] = ..., timing: _Optional[_Union[_subscription_service_pb2.Timing, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateSubscriptionAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _subscription_addon_pb2.SubscriptionAddon
    def __init__(self, addon: _Optional[_Union[_subscription_addon_pb2.SubscriptionAddon, _Mapping]] = ...) -> None: ...
