/** Errors by reason: what went wrong as data, so that nobody parses sentences. */
import { Code, ConnectError } from "@connectrpc/connect";

import { badRequest, errorInfo } from "./details.js";

/** One field that is wrong. */
export interface Violation {
  /** Path of the field in the request. */
  field: string;
  /** What is wrong with it. */
  description: string;
}

/** Why a call failed. */
export class PerennialError extends Error {
  override readonly name = "PerennialError";
  /** Stable reason in upper snake case; empty when the server gave none. */
  reason = "";
  /** Who says so, such as `perennial.customer`. */
  domain = "";
  /** Fields that are wrong. */
  violations: Violation[] = [];
  /** Facts about the error, by name. */
  metadata: Record<string, string> = {};

  constructor(
    /** Class of the error. */
    readonly code: Code,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }

  /** Reads whatever a call failed with. */
  static from(error: unknown): PerennialError {
    if (error instanceof PerennialError) {
      return error;
    }
    const failure = ConnectError.from(error);
    const result = new PerennialError(isUntrusted(failure) ? Code.Unavailable : failure.code, failure.rawMessage, failure);
    for (const detail of failure.details) {
      if (!("type" in detail) || !(detail.value instanceof Uint8Array)) {
        continue;
      }
      if (detail.type === "google.rpc.ErrorInfo") {
        Object.assign(result, errorInfo(detail.value));
      } else if (detail.type === "google.rpc.BadRequest") {
        result.violations = badRequest(detail.value);
      }
    }
    return result;
  }
}

/** Whether there is no connection because TLS could not be agreed on; for the transport that is an internal error. */
function isUntrusted({ cause }: ConnectError): boolean {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /CERT|^UNABLE_TO_|^ERR_(TLS|SSL)_|^EPROTO$/.test(reason);
}
