package dev.perennial.sdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.perennial.customer.v1.CreateCustomerRequest;
import dev.perennial.customer.v1.CreateCustomerResponse;
import dev.perennial.customer.v1.Customer;
import dev.perennial.customer.v1.CustomerServiceGrpc;
import dev.perennial.customer.v1.ListCustomersRequest;
import dev.perennial.metering.v1.CreateMeterRequest;
import dev.perennial.metering.v1.Meter;
import dev.perennial.metering.v1.MeterServiceGrpc;
import dev.perennial.subscription.v1.SubscriptionServiceGrpc;
import dev.perennial.subscription.v1.SyncCustomerRequest;
import dev.perennial.subscription.v1.SyncCustomerResponse;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collections;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ClientTest {
  private static PerennialClient live(String key) {
    String address = System.getenv("PERENNIAL_ADDRESS");
    assumeTrue(address != null, "PERENNIAL_ADDRESS names no server");
    return PerennialClient.builder(address, key == null ? System.getenv("PERENNIAL_KEY") : key).build();
  }

  private static PerennialException failure(Status.Code code, Runnable call) {
    PerennialException error = assertThrows(PerennialException.class, call::run);
    assertEquals(code, error.code(), error.getMessage());
    return error;
  }

  private static void list(PerennialClient client) {
    var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
    client.call(() -> customers.listCustomers(ListCustomersRequest.getDefaultInstance()));
  }

  private static ServerSocket listener() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @Test
  void unreachableServer() throws IOException {
    ServerSocket closed = listener();
    closed.close();
    try (var client = PerennialClient.builder("127.0.0.1:" + closed.getLocalPort(), "key").build()) {
      failure(Status.Code.UNAVAILABLE, () -> list(client));
    }
  }

  @Test
  void deadlineExceeded() throws IOException {
    // Takes connections and never answers.
    try (ServerSocket silent = listener();
        var client =
            PerennialClient.builder("127.0.0.1:" + silent.getLocalPort(), "key")
                .timeout(Duration.ofMillis(300))
                .build()) {
      failure(Status.Code.DEADLINE_EXCEEDED, () -> list(client));
    }
  }

  @Test
  void badAddress() {
    for (String bad : List.of("", "ftp://host:1")) {
      assertThrows(IllegalArgumentException.class, () -> PerennialClient.builder(bad, "key").build());
    }
  }

  @Test
  void wrongKey() {
    try (var client = live("wrong")) {
      assertNotEquals("", failure(Status.Code.UNAUTHENTICATED, () -> list(client)).reason());
    }
  }

  @Test
  void fieldViolations() {
    try (var client = live(null)) {
      var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
      var wrong = Customer.newBuilder().setKey("acme").setDisplayName("Acme").setCurrencyCode("dollars");
      var request = CreateCustomerRequest.newBuilder().setCustomer(wrong).build();
      var error = failure(Status.Code.INVALID_ARGUMENT, () -> client.call(() -> customers.createCustomer(request)));
      assertEquals("INVALID_ARGUMENT", error.reason());
      assertEquals(List.of("customer.currency_code"), error.violations().stream().map(Violation::field).toList());
    }
  }

  private static final UnknownFieldSet NEWS =
      UnknownFieldSet.newBuilder()
          .addField(
              999,
              UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("news")).build())
          .build();

  /** A newer SDK sends what the server does not know. */
  @Test
  void olderServer() {
    try (var client = live(null)) {
      var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
      var request = ListCustomersRequest.newBuilder().setPageSize(1).setUnknownFields(NEWS).build();
      client.call(() -> customers.listCustomers(request));
      var notYet =
          CustomerServiceGrpc.getListCustomersMethod().toBuilder()
              .setFullMethodName(MethodDescriptor.generateFullMethodName(CustomerServiceGrpc.SERVICE_NAME, "NotYet"))
              .build();
      var channel = client.stub(stub -> stub);
      failure(
          Status.Code.UNIMPLEMENTED,
          () -> client.call(() -> ClientCalls.blockingUnaryCall(channel, notYet, CallOptions.DEFAULT, request)));
      // A value that is not passed over, but refused by name.
      var meters = client.stub(MeterServiceGrpc::newBlockingStub);
      var newer = CreateMeterRequest.newBuilder().setMeter(NEWER_METER).build();
      var error = failure(Status.Code.INVALID_ARGUMENT, () -> client.call(() -> meters.createMeter(newer)));
      assertEquals(List.of("meter.aggregation"), error.violations().stream().map(Violation::field).toList());
    }
  }

  private static final Meter NEWER_METER =
      Meter.newBuilder().setSlug("newer").setEventType("newer").setAggregationValue(99).build();

  /** A newer server sends what the SDK does not know: fields are passed over, values of enums stay numbers. */
  @Test
  void newerServer() throws IOException {
    byte[] sent = Customer.newBuilder().setKey("acme").setUnknownFields(NEWS).build().toByteArray();
    Customer customer = Customer.parseFrom(sent);
    assertEquals("acme", customer.getKey());
    assertEquals(NEWS, customer.getUnknownFields());
    Meter meter = Meter.parseFrom(NEWER_METER.toByteArray());
    assertEquals(99, meter.getAggregationValue());
    assertEquals(Meter.Aggregation.UNRECOGNIZED, meter.getAggregation());
  }

  /** Refuses the first two attempts of each call, and remembers what it was sent. */
  private static final class Flaky implements AutoCloseable {
    static final Metadata.Key<String> KEY = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    final List<String> ids = Collections.synchronizedList(new ArrayList<>());
    final Set<String> keys = Collections.synchronizedSet(new TreeSet<>());
    final AtomicInteger syncs = new AtomicInteger();
    final Server server;

    Flaky() throws IOException {
      this(InsecureServerCredentials.create());
    }

    Flaky(ServerCredentials credentials) throws IOException {
      ServerInterceptor keyed =
          new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
              keys.add(headers.get(KEY));
              return Contexts.interceptCall(Context.current(), call, headers, next);
            }
          };
      server =
          Grpc.newServerBuilderForPort(0, credentials)
              .intercept(keyed)
              .addService(new Customers())
              .addService(new Subscriptions())
              .build()
              .start();
    }

    PerennialClient client() {
      return PerennialClient.builder("127.0.0.1:" + server.getPort(), "secret").build();
    }

    @Override
    public void close() {
      server.shutdownNow();
    }

    private final class Customers extends CustomerServiceGrpc.CustomerServiceImplBase {
      @Override
      public void createCustomer(CreateCustomerRequest request, StreamObserver<CreateCustomerResponse> observer) {
        ids.add(request.getRequestId());
        if (ids.size() % 3 != 0) {
          observer.onError(Status.UNAVAILABLE.withDescription("not now").asRuntimeException());
          return;
        }
        observer.onNext(CreateCustomerResponse.newBuilder().setCustomer(request.getCustomer()).build());
        observer.onCompleted();
      }
    }

    private final class Subscriptions extends SubscriptionServiceGrpc.SubscriptionServiceImplBase {
      @Override
      public void syncCustomer(SyncCustomerRequest request, StreamObserver<SyncCustomerResponse> observer) {
        syncs.incrementAndGet();
        observer.onError(Status.UNAVAILABLE.withDescription("not now").asRuntimeException());
      }
    }
  }

  @Test
  void retriesShareOneRequestId() throws IOException {
    try (var flaky = new Flaky();
        var client = flaky.client()) {
      var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
      var request =
          CreateCustomerRequest.newBuilder().setCustomer(Customer.newBuilder().setKey("acme")).build();
      client.call(() -> customers.createCustomer(request));
      client.call(() -> customers.createCustomer(request));
      assertEquals(6, flaky.ids.size());
      assertFalse(flaky.ids.get(0).isEmpty());
      assertEquals(1, Set.copyOf(flaky.ids.subList(0, 3)).size());
      assertEquals(1, Set.copyOf(flaky.ids.subList(3, 6)).size());
      assertNotEquals(flaky.ids.get(0), flaky.ids.get(3));
      assertEquals(Set.of("Bearer secret"), flaky.keys);
    }
  }

  @Test
  void callsWithoutRequestIdAreSentOnce() throws IOException {
    try (var flaky = new Flaky();
        var client = flaky.client()) {
      var subscriptions = client.stub(SubscriptionServiceGrpc::newBlockingStub);
      failure(
          Status.Code.UNAVAILABLE,
          () -> client.call(() -> subscriptions.syncCustomer(SyncCustomerRequest.getDefaultInstance())));
      assertEquals(1, flaky.syncs.get());
    }
  }

  private static File pem(String name) {
    return new File("../tls/" + name + ".pem");
  }

  @Test
  void onlyKnownAuthorityIsTrusted() throws IOException {
    try (var flaky = new Flaky(TlsServerCredentials.create(pem("server"), pem("server.key")));
        var authority = new FileInputStream(pem("authority"))) {
      String address = "https://127.0.0.1:" + flaky.server.getPort();
      try (var client = PerennialClient.builder(address, "secret").rootCertificates(authority).build()) {
        var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
        client.call(() -> customers.createCustomer(CreateCustomerRequest.getDefaultInstance()));
      }
      try (var client = PerennialClient.builder(address, "secret").build()) {
        failure(Status.Code.UNAVAILABLE, () -> list(client));
      }
    }
  }

  @Test
  void clientCertificate() throws IOException {
    var asking =
        TlsServerCredentials.newBuilder()
            .keyManager(pem("server"), pem("server.key"))
            .trustManager(pem("authority"))
            .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    try (var flaky = new Flaky(asking);
        var authority = new FileInputStream(pem("authority"));
        var again = new FileInputStream(pem("authority"));
        var chain = new FileInputStream(pem("client"));
        var key = new FileInputStream(pem("client.key"))) {
      String address = "https://127.0.0.1:" + flaky.server.getPort();
      var known = PerennialClient.builder(address, "secret").rootCertificates(authority).clientCertificate(chain, key);
      try (var client = known.build()) {
        var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
        client.call(() -> customers.createCustomer(CreateCustomerRequest.getDefaultInstance()));
      }
      try (var client = PerennialClient.builder(address, "secret").rootCertificates(again).build()) {
        failure(Status.Code.UNAVAILABLE, () -> list(client));
      }
    }
  }

  @Test
  void decimalsKeepTheirDigits() {
    for (String text : List.of("0", "-0.000000000000000001", "123456789012345678.123456789", "1000000")) {
      assertEquals(text, Decimals.toWire(text).getValue());
      assertEquals(new BigDecimal(text), Decimals.fromWire(Decimals.toWire(text)));
    }
    assertEquals("1000000", Decimals.toWire(new BigDecimal("1E6")).getValue());
  }

  @Test
  void pages() {
    var known =
        Map.of(
            "", new Pages.Page<>(List.of(1, 2), "a"),
            "a", new Pages.Page<>(List.<Integer>of(), "b"),
            "b", new Pages.Page<>(List.of(3), ""));
    assertEquals(List.of(1, 2, 3), Pages.stream(known::get).toList());
    assertThrows(
        IllegalStateException.class, () -> Pages.stream(token -> new Pages.Page<>(List.of(1), "same")).toList());
  }
}
