package dev.perennial.sdk;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;

/** Why a call failed, as data, so that nobody parses sentences. The error of gRPC is its cause. */
public final class PerennialException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final String reason;
  private final String domain;
  private final transient List<Violation> violations;
  private final transient Map<String, String> metadata;

  private PerennialException(
      StatusRuntimeException cause, ErrorInfo info, List<Violation> violations) {
    super(cause.getStatus().getDescription(), cause);
    this.code = cause.getStatus().getCode();
    this.reason = info.getReason();
    this.domain = info.getDomain();
    this.violations = violations;
    this.metadata = info.getMetadataMap();
  }

  /** Reads the error of a call. */
  public static PerennialException from(StatusRuntimeException error) {
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    List<Violation> violations = List.of();
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    try {
      for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          info = detail.unpack(ErrorInfo.class);
        } else if (detail.is(BadRequest.class)) {
          violations =
              detail.unpack(BadRequest.class).getFieldViolationsList().stream()
                  .map(wrong -> new Violation(wrong.getField(), wrong.getDescription()))
                  .toList();
        }
      }
    } catch (InvalidProtocolBufferException unreadable) {
      error.addSuppressed(unreadable);
    }
    return new PerennialException(error, info, violations);
  }

  /** Class of the error. */
  public Status.Code code() {
    return code;
  }

  /** Stable reason in upper snake case; empty when the server gave none. */
  public String reason() {
    return reason;
  }

  /** Who says so, such as {@code perennial.customer}. */
  public String domain() {
    return domain;
  }

  /** Fields that are wrong. */
  public List<Violation> violations() {
    return violations;
  }

  /** Facts about the error, by name. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
