package dev.perennial.sdk;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** What is added to each call: credential, deadline, request id. */
final class Calls implements ClientInterceptor {
  private final Metadata metadata;
  private final Duration timeout;

  Calls(Metadata metadata, Duration timeout) {
    this.metadata = metadata;
    this.timeout = timeout;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    boolean single = method.getType() == MethodDescriptor.MethodType.UNARY;
    CallOptions chosen =
        single && options.getDeadline() == null
            ? options.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
            : options;
    return new SimpleForwardingClientCall<>(next.newCall(method, chosen)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        headers.merge(metadata);
        super.start(listener, headers);
      }

      @Override
      public void sendMessage(Q message) {
        super.sendMessage(single ? withRequestId(message) : message);
      }
    };
  }

  /**
   * The request, with a fresh id if it can have one and has none. All attempts of gRPC send it as it is, so a change
   * that was made but not answered is not made twice.
   */
  @SuppressWarnings("unchecked")
  private static <Q> Q withRequestId(Q request) {
    if (!(request instanceof Message message)) {
      return request;
    }
    FieldDescriptor field = message.getDescriptorForType().findFieldByName("request_id");
    if (field == null || !"".equals(message.getField(field))) {
      return request;
    }
    return (Q) message.toBuilder().setField(field, UUID.randomUUID().toString()).build();
  }
}
