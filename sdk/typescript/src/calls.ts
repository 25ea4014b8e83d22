/** What is added to each call: credential, deadline, request id, retries, typed errors. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { DescMethod, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code, type Transport } from "@connectrpc/connect";

import { PerennialError } from "./error.js";
import { unrepeatable } from "./gen/unrepeatable.js";

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2000;

/** A transport whose calls carry the headers, have a deadline, are tried again where that is safe, and fail with our errors. */
export function careful(inner: Transport, headers: Record<string, string>, timeout: number, attempts: number): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const end = performance.now() + (timeoutMs ?? timeout);
      // The id is made once, before the first attempt: a change that was made but not answered is not made twice.
      const named = withRequestId(method, input);
      let wait = FIRST_PAUSE;
      for (let attempt = 1; ; attempt += 1) {
        try {
          const left = Math.max(1, Math.round(end - performance.now()));
          return await inner.unary(method, signal, left, credentialed(header, headers), named, contextValues);
        } catch (error) {
          const failure = PerennialError.from(error);
          if (attempt >= attempts || failure.code !== Code.Unavailable || !isRepeatable(method)) {
            throw failure;
          }
          const rest = wait * (0.8 + 0.4 * Math.random());
          if (performance.now() + rest >= end) {
            throw failure;
          }
          await pause(rest, undefined, signal && { signal });
          wait = Math.min(wait * 2, LONGEST_PAUSE);
        }
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      try {
        const answer = await inner.stream(method, signal, timeoutMs, credentialed(header, headers), input, contextValues);
        return { ...answer, message: typed(answer.message) };
      } catch (error) {
        throw PerennialError.from(error);
      }
    },
  };
}

function isRepeatable(method: DescMethod): boolean {
  return !unrepeatable.has(`${method.parent.typeName}/${method.name}`);
}

function withRequestId<Method extends DescMethodUnary>(
  method: Method,
  input: MessageInitShape<Method["input"]>,
): MessageInitShape<Method["input"]> {
  const has = "requestId" in input && input.requestId !== "" && input.requestId !== undefined;
  return method.input.field.requestId === undefined || has ? input : { ...input, requestId: randomUUID() };
}

function credentialed(header: HeadersInit | undefined, headers: Record<string, string>): Headers {
  const all = new Headers(header);
  for (const [name, value] of Object.entries(headers)) {
    all.set(name, value);
  }
  return all;
}

async function* typed<Message>(messages: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw PerennialError.from(error);
  }
}
