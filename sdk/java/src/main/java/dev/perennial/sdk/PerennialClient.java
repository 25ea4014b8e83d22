package dev.perennial.sdk;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** A connection to a Perennial installation, made on the first call. Safe for use by many threads. */
public final class PerennialClient implements AutoCloseable {
  private static final int MAX_MESSAGE = 64 * 1024 * 1024;

  private final ManagedChannel connection;
  private final Channel channel;

  private PerennialClient(ManagedChannel connection, Calls calls) {
    this.connection = connection;
    this.channel = ClientInterceptors.intercept(connection, calls);
  }

  /** A connection to {@code host:port} or a URL, with an API key. {@code https://} means TLS. */
  public static Builder builder(String address, String key) {
    return new Builder(address, key);
  }

  /** The stub of one service, such as {@code client.stub(CustomerServiceGrpc::newBlockingStub)}. */
  public <S> S stub(Function<Channel, S> make) {
    return make.apply(channel);
  }

  /** Makes a call whose failure is a {@link PerennialException}. */
  public <A> A call(Supplier<A> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException error) {
      throw PerennialException.from(error);
    }
  }

  /** Ends the connection and every call on it. */
  @Override
  public void close() {
    connection.shutdownNow();
  }

  /** Settings of a connection. */
  public static final class Builder {
    private final String address;
    private final Metadata metadata = new Metadata();
    private Duration timeout = Duration.ofSeconds(30);
    private int attempts = 4;
    private InputStream roots;
    private InputStream chain;
    private InputStream key;

    private Builder(String address, String key) {
      this.address = address;
      put("authorization", "Bearer " + key);
    }

    private void put(String name, String value) {
      metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }

    /** Acts in this project (id or name); needs a key with the operator right. */
    public Builder project(String project) {
      put("x-perennial-project", project);
      return this;
    }

    /** Longest time that a call without a deadline may take, retries included. Default 30 seconds. Streams have none. */
    public Builder timeout(Duration timeout) {
      this.timeout = timeout;
      return this;
    }

    /** How often a call is tried at most, the first time included. Default 4. */
    public Builder attempts(int attempts) {
      this.attempts = attempts;
      return this;
    }

    /** PEM of the certificates that the server's is checked against, instead of the system's. */
    public Builder rootCertificates(InputStream roots) {
      this.roots = roots;
      return this;
    }

    /**
     * What is shown to a server that asks for a certificate: PEM of a certificate, with those that lead to its
     * authority behind it, and of its private key (PKCS #8).
     */
    public Builder clientCertificate(InputStream chain, InputStream key) {
      this.chain = chain;
      this.key = key;
      return this;
    }

    /** The connection. */
    public PerennialClient build() {
      int separator = address.indexOf("://");
      String scheme = separator < 0 ? "http" : address.substring(0, separator);
      String target = (separator < 0 ? address : address.substring(separator + 3)).replaceAll("/+$", "");
      if (target.isEmpty() || !List.of("http", "https").contains(scheme)) {
        throw new IllegalArgumentException("the address `" + address + "` cannot be used");
      }
      try {
        ManagedChannel connection =
            Grpc.newChannelBuilder(target, credentials(scheme))
                .defaultServiceConfig(serviceConfig())
                .enableRetry()
                .maxInboundMessageSize(MAX_MESSAGE)
                .build();
        return new PerennialClient(connection, new Calls(metadata, timeout));
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private ChannelCredentials credentials(String scheme) throws IOException {
      if (scheme.equals("http")) {
        return InsecureChannelCredentials.create();
      }
      TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
      if (roots != null) {
        tls.trustManager(roots);
      }
      if (chain != null) {
        tls.keyManager(chain, key);
      }
      return tls.build();
    }

    /** Which methods gRPC itself may try again, with the pauses in between. */
    @SuppressWarnings("unchecked")
    private Map<String, Object> serviceConfig() throws IOException {
      try (InputStream stream = PerennialClient.class.getResourceAsStream("service_config.json");
          Reader text = new InputStreamReader(stream, StandardCharsets.UTF_8)) {
        Map<String, Object> config = new Gson().fromJson(text, new TypeToken<Map<String, Object>>() {}.getType());
        for (Map<String, Object> method : (List<Map<String, Object>>) config.get("methodConfig")) {
          if (attempts > 1 && method.get("retryPolicy") instanceof Map<?, ?> policy) {
            ((Map<String, Object>) policy).put("maxAttempts", (double) attempts);
          } else {
            method.remove("retryPolicy");
          }
        }
        return config;
      }
    }
  }
}
