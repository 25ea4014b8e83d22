"""What every SDK is tested for: errors, retries, pages, decimals; with one server and without."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import unittest
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc

from perennial.api import customer, metering, subscription
from perennial_sdk import AsyncClient, Client, PerennialError, Violation, decimals, pages, pages_async

ADDRESS = os.environ.get("PERENNIAL_ADDRESS")
KEY = os.environ.get("PERENNIAL_KEY", "")
live = unittest.skipIf(ADDRESS is None, "PERENNIAL_ADDRESS names no server")


def list_customers(client: Client) -> customer.ListCustomersResponse:
    return client.service(customer.CustomerServiceStub).ListCustomers(customer.ListCustomersRequest(page_size=1))


@contextmanager
def listener() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def unknown_field() -> bytes:
    """Field 999, a text."""
    return b"\xba\x3e\x04news"


def newer_meter() -> metering.Meter:
    """A meter with a value of an enum that is not known."""
    return metering.Meter.FromString(metering.Meter(slug="newer", event_type="newer").SerializeToString() + b"\x38\x63")


def pem(name: str) -> bytes:
    """The certificates and the key that the SDKs' tests share."""
    return Path(__file__).parents[2].joinpath("tls", f"{name}.pem").read_bytes()


class Flaky(customer.CustomerServiceServicer, subscription.SubscriptionServiceServicer):
    """Refuses the first two attempts of each call, and remembers what it was sent."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.keys: set[Any] = set()
        self.syncs = 0

    def CreateCustomer(self, request: Any, context: Any) -> Any:
        self.ids.append(request.request_id)
        self.keys.add(dict(context.invocation_metadata()).get("authorization"))
        if len(self.ids) % 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return customer.CreateCustomerResponse(customer=request.customer)

    def SyncCustomer(self, request: Any, context: Any) -> Any:
        self.syncs += 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


@contextmanager
def flaky(credentials: grpc.ServerCredentials | None = None) -> Iterator[tuple[Flaky, str]]:
    service = Flaky()  # type: ignore[abstract]
    server = grpc.server(futures.ThreadPoolExecutor(2))
    customer.add_CustomerServiceServicer_to_server(service, server)
    subscription.add_SubscriptionServiceServicer_to_server(service, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield service, f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


class ClientTest(unittest.TestCase):
    def failure(self, code: grpc.StatusCode, call: Any, *arguments: Any) -> PerennialError:
        with self.assertRaises(PerennialError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def test_unreachable_server(self) -> None:
        with listener() as address:
            pass
        with Client(address, "key") as client:
            self.failure(grpc.StatusCode.UNAVAILABLE, list_customers, client)

    def test_deadline_exceeded(self) -> None:
        with listener() as address, Client(address, "key", timeout=0.3) as client:
            self.failure(grpc.StatusCode.DEADLINE_EXCEEDED, list_customers, client)

    def test_bad_address(self) -> None:
        for bad in ("", "ftp://host:1"):
            with self.assertRaises(ValueError):
                Client(bad, "key")

    def test_errors_can_be_pickled_copied_and_hashed(self) -> None:
        error = PerennialError(
            grpc.StatusCode.ALREADY_EXISTS,
            "the key is taken",
            reason="KEY_TAKEN",
            domain="perennial.customer",
            violations=[Violation("customer.key", "is taken")],
            metadata={"key": "acme"},
        )
        for same in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            self.assertIsInstance(same, PerennialError)
            self.assertEqual(vars(same), vars(error))
            self.assertEqual(str(same), "the key is taken (KEY_TAKEN)")
        self.assertEqual(len({error, error, copy.copy(error)}), 2)

    @live
    def test_wrong_key(self) -> None:
        with Client(str(ADDRESS), "wrong") as client:
            error = self.failure(grpc.StatusCode.UNAUTHENTICATED, list_customers, client)
        self.assertTrue(error.reason)

    @live
    def test_field_violations(self) -> None:
        wrong = customer.Customer(key="acme", display_name="Acme", currency_code="dollars")
        with Client(str(ADDRESS), KEY) as client:
            customers = client.service(customer.CustomerServiceStub)
            request = customer.CreateCustomerRequest(customer=wrong)
            error = self.failure(grpc.StatusCode.INVALID_ARGUMENT, customers.CreateCustomer, request)
        self.assertEqual(error.reason, "INVALID_ARGUMENT")
        self.assertEqual([violation.field for violation in error.violations], ["customer.currency_code"])

    @live
    def test_older_server(self) -> None:
        """A newer SDK sends what the server does not know."""
        request = customer.ListCustomersRequest.FromString(unknown_field())
        with Client(str(ADDRESS), KEY) as client:
            client.service(customer.CustomerServiceStub).ListCustomers(request)
            not_yet = client.channel.unary_unary(
                "/perennial.customer.v1.CustomerService/NotYet",
                request_serializer=customer.ListCustomersRequest.SerializeToString,
                response_deserializer=customer.ListCustomersResponse.FromString,
            )
            self.failure(grpc.StatusCode.UNIMPLEMENTED, not_yet, request)
            # A value that is not passed over, but refused by name.
            meters = client.service(metering.MeterServiceStub)
            newer = metering.CreateMeterRequest(meter=newer_meter())
            error = self.failure(grpc.StatusCode.INVALID_ARGUMENT, meters.CreateMeter, newer)
        self.assertEqual([violation.field for violation in error.violations], ["meter.aggregation"])

    def test_newer_server(self) -> None:
        """A newer server sends what the SDK does not know: fields are passed over, values of enums stay numbers."""
        self.assertEqual(int(newer_meter().aggregation), 99)
        sent = customer.Customer(key="acme").SerializeToString() + unknown_field()
        received = customer.Customer.FromString(sent)
        self.assertEqual(received.key, "acme")
        self.assertEqual(received.SerializeToString(), sent)

    def test_retries_share_one_request_id(self) -> None:
        request = customer.CreateCustomerRequest(customer=customer.Customer(key="acme"))
        with flaky() as (service, address), Client(address, "secret") as client:
            customers = client.service(customer.CustomerServiceStub)
            customers.CreateCustomer(request)
            customers.CreateCustomer(request)
        self.assertEqual(len(service.ids), 6)
        self.assertTrue(service.ids[0])
        self.assertEqual((len(set(service.ids[:3])), len(set(service.ids[3:])), len(set(service.ids))), (1, 1, 2))
        self.assertEqual(service.keys, {"Bearer secret"})
        self.assertEqual(request.request_id, "")

    def test_calls_without_request_id_are_sent_once(self) -> None:
        with flaky() as (service, address), Client(address, "secret") as client:
            subscriptions = client.service(subscription.SubscriptionServiceStub)
            self.failure(grpc.StatusCode.UNAVAILABLE, subscriptions.SyncCustomer, subscription.SyncCustomerRequest())
        self.assertEqual(service.syncs, 1)

    def test_tls(self) -> None:
        request = customer.CreateCustomerRequest(customer=customer.Customer(key="acme"))
        credentials = grpc.ssl_server_credentials([(pem("server.key"), pem("server"))])
        with flaky(credentials) as (service, address):
            with Client(f"https://{address}", "secret", root_certificates=pem("authority")) as client:
                client.service(customer.CustomerServiceStub).CreateCustomer(request)
            with Client(f"https://{address}", "secret") as client:
                self.failure(grpc.StatusCode.UNAVAILABLE, list_customers, client)
        self.assertEqual(service.keys, {"Bearer secret"})

    def test_client_certificate(self) -> None:
        request = customer.CreateCustomerRequest(customer=customer.Customer(key="acme"))
        credentials = grpc.ssl_server_credentials([(pem("server.key"), pem("server"))], pem("authority"), True)
        with flaky(credentials) as (service, address):
            url, authority, shown = f"https://{address}", pem("authority"), (pem("client"), pem("client.key"))
            with Client(url, "secret", root_certificates=authority, client_certificate=shown) as client:
                client.service(customer.CustomerServiceStub).CreateCustomer(request)
            with Client(url, "secret", root_certificates=authority) as client:
                self.failure(grpc.StatusCode.UNAVAILABLE, list_customers, client)
        self.assertEqual(service.keys, {"Bearer secret"})

    def test_decimals_keep_their_digits(self) -> None:
        for text in ("0", "-0.000000000000000001", "123456789012345678.123456789", "1000000"):
            self.assertEqual(decimals.to_wire(text).value, text)
            self.assertEqual(decimals.from_wire(decimals.to_wire(text)), Decimal(text))
        self.assertEqual(decimals.to_wire(Decimal("1E+6")).value, "1000000")
        with self.assertRaises(TypeError):
            decimals.to_wire(0.1)  # type: ignore[arg-type]
        with self.assertRaises(ValueError):
            decimals.to_wire("NaN")

    def test_pages(self) -> None:
        known: dict[str, tuple[list[int], str]] = {"": ([1, 2], "a"), "a": ([], "b"), "b": ([3], "")}
        self.assertEqual(list(pages(known.__getitem__)), [1, 2, 3])
        with self.assertRaises(RuntimeError):
            list(pages(lambda token: ([1], "same")))


class AsyncClientTest(unittest.IsolatedAsyncioTestCase):
    async def failure(self, code: grpc.StatusCode, call: Any) -> PerennialError:
        with self.assertRaises(PerennialError) as caught:
            await call
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    async def test_unreachable_server_and_deadline(self) -> None:
        with listener() as silent:
            async with AsyncClient(silent, "key", timeout=0.3) as client:
                customers = client.service(customer.CustomerServiceStub)
                await self.failure(
                    grpc.StatusCode.DEADLINE_EXCEEDED, customers.ListCustomers(customer.ListCustomersRequest())
                )
        async with AsyncClient(silent, "key") as client:
            customers = client.service(customer.CustomerServiceStub)
            await self.failure(grpc.StatusCode.UNAVAILABLE, customers.ListCustomers(customer.ListCustomersRequest()))

    async def test_retries_share_one_request_id(self) -> None:
        with flaky() as (service, address):
            async with AsyncClient(address, "secret") as client:
                customers = client.service(customer.CustomerServiceStub)
                request = customer.CreateCustomerRequest(customer=customer.Customer(key="acme"))
                await customers.CreateCustomer(request)
        self.assertEqual((len(service.ids), len(set(service.ids))), (3, 1))

    @live
    async def test_wrong_key_and_pages(self) -> None:
        async with AsyncClient(str(ADDRESS), "wrong") as client:
            customers = client.service(customer.CustomerServiceStub)
            await self.failure(
                grpc.StatusCode.UNAUTHENTICATED, customers.ListCustomers(customer.ListCustomersRequest())
            )
        async with AsyncClient(str(ADDRESS), KEY) as client:
            customers = client.service(customer.CustomerServiceStub)

            async def page(token: str) -> tuple[list[customer.Customer], str]:
                answer = await customers.ListCustomers(customer.ListCustomersRequest(page_size=1, page_token=token))
                return list(answer.customers), answer.next_page_token

            ids = [item.id async for item in pages_async(page)]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    unittest.main()
