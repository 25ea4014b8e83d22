import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { after, test } from "node:test";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import { Client, Code, Decimal, fromWire, pages, PerennialError, type Settings, toWire } from "../src/index.js";
import { CustomerSchema, CustomerService } from "../src/gen/customer.js";
import { MeterSchema, MeterService } from "../src/gen/metering.js";
import { SubscriptionService } from "../src/gen/subscription.js";

const address = process.env.PERENNIAL_ADDRESS;
const live = { skip: address === undefined && "PERENNIAL_ADDRESS names no server" };
const closing: (() => void)[] = [];
after(() => closing.forEach((close) => close()));

function connect(to: string, key: string, settings?: Settings): Client {
  const client = new Client(to, key, settings);
  closing.push(() => client.close());
  return client;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failure(call: Promise<unknown>, code: Code): Promise<PerennialError> {
  const error = await call.then(
    () => assert.fail("it succeeded"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof PerennialError, String(error));
  assert.equal(Code[error.code], Code[code], error.message);
  return error;
}

const list = (client: Client) => client.service(CustomerService).listCustomers({});

test("an unreachable server", async () => {
  const server = createTcpServer();
  const closed = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await failure(list(connect(closed, "key")), Code.Unavailable);
});

test("a deadline exceeded", async () => {
  // Takes connections and never answers.
  const silent = await listening(createTcpServer((socket) => closing.unshift(() => socket.destroy())));
  await failure(list(connect(silent, "key", { timeout: 300 })), Code.DeadlineExceeded);
});

test("a bad address", () => {
  for (const bad of ["", "ftp://host:1"]) {
    assert.throws(() => new Client(bad, "key"), TypeError);
  }
});

test("a wrong key", live, async () => {
  const error = await failure(list(connect(address!, "wrong")), Code.Unauthenticated);
  assert.notEqual(error.reason, "");
});

test("fields that are wrong", live, async () => {
  const customers = connect(address!, process.env.PERENNIAL_KEY ?? "").service(CustomerService);
  const call = customers.createCustomer({ customer: { key: "acme", displayName: "Acme", currencyCode: "dollars" } });
  const error = await failure(call, Code.InvalidArgument);
  assert.equal(error.reason, "INVALID_ARGUMENT");
  assert.deepEqual(error.violations.map(({ field }) => field), ["customer.currency_code"]);
});

test("an older server: it is sent what it does not know", live, async () => {
  const client = connect(address!, process.env.PERENNIAL_KEY ?? "");
  const data = new BinaryWriter().string("news").finish();
  await client.service(CustomerService).listCustomers({ pageSize: 1, $unknown: [{ no: 999, wireType: WireType.LengthDelimited, data }] });
  const newer = { ...CustomerService, method: { ...CustomerService.method, notYet: { ...CustomerService.method.listCustomers, name: "NotYet", localName: "notYet" } } };
  newer.methods = Object.values(newer.method);
  await failure(client.service(newer).notYet({}), Code.Unimplemented);
  // A value that is not passed over, but refused by name.
  const error = await failure(client.service(MeterService).createMeter({ meter: newerMeter }), Code.InvalidArgument);
  assert.deepEqual(error.violations.map(({ field }) => field), ["meter.aggregation"]);
});

const newerMeter = { slug: "newer", eventType: "newer", aggregation: 99 };

test("a newer server: it sends fields that are passed over, and values of enums that stay numbers", () => {
  const sent = new BinaryWriter();
  sent.tag(2, WireType.LengthDelimited).string("acme").tag(999, WireType.LengthDelimited).string("news");
  const bytes = sent.finish();
  const customer = fromBinary(CustomerSchema, bytes);
  assert.equal(customer.key, "acme");
  assert.deepEqual(toBinary(CustomerSchema, customer), bytes);
  const meter = fromBinary(MeterSchema, toBinary(MeterSchema, create(MeterSchema, newerMeter)));
  assert.equal(meter.aggregation, 99);
});

/** A server that refuses the first two attempts of each call, and what it was sent. */
async function flaky(makeServer: (handler: ReturnType<typeof connectNodeAdapter>) => Server = createServer) {
  const seen = { ids: [] as string[], keys: [] as (string | null)[], syncs: 0 };
  const routes = (router: ConnectRouter) =>
    router
      .service(CustomerService, {
        createCustomer(request, context) {
          seen.ids.push(request.requestId);
          seen.keys.push(context.requestHeader.get("authorization"));
          if (seen.ids.length % 3 !== 0) {
            throw new ConnectError("not now", Code.Unavailable);
          }
          return { customer: request.customer };
        },
      })
      .service(SubscriptionService, {
        syncCustomer() {
          seen.syncs += 1;
          throw new ConnectError("not now", Code.Unavailable);
        },
      });
  return { seen, address: await listening(makeServer(connectNodeAdapter({ routes }))) };
}

const pem = (name: string) => readFileSync(new URL(`../../../tls/${name}.pem`, import.meta.url));

test("TLS: only a known authority is trusted", async () => {
  const { seen, address } = await flaky((handler) =>
    createSecureServer({ key: pem("server.key"), cert: pem("server") }, handler),
  );
  const known = connect(`https://${address}`, "secret", { rootCertificates: pem("authority") });
  await known.service(CustomerService).createCustomer({ customer: { key: "acme" } });
  assert.equal(seen.ids.length, 3);
  await failure(list(connect(`https://${address}`, "secret")), Code.Unavailable);
});

test("TLS: a server that asks for a certificate gets the client's", async () => {
  const tls = { key: pem("server.key"), cert: pem("server"), ca: pem("authority"), requestCert: true };
  const { seen, address } = await flaky((handler) => createSecureServer(tls, handler));
  const settings = { rootCertificates: pem("authority") };
  const clientCertificate = { chain: pem("client"), key: pem("client.key") };
  const known = connect(`https://${address}`, "secret", { ...settings, clientCertificate });
  await known.service(CustomerService).createCustomer({ customer: { key: "acme" } });
  assert.equal(seen.ids.length, 3);
  await failure(list(connect(`https://${address}`, "secret", settings)), Code.Unavailable);
});

test("retries share one request id", async () => {
  const { seen, address } = await flaky();
  const customers = connect(address, "secret").service(CustomerService);
  const request = { customer: { key: "acme" } };
  await customers.createCustomer(request);
  await customers.createCustomer(request);
  const [first, , , second] = seen.ids;
  assert.ok(first && second && first !== second, String(seen.ids));
  assert.deepEqual(seen.ids, [first, first, first, second, second, second]);
  assert.deepEqual(new Set(seen.keys), new Set(["Bearer secret"]));
});

test("calls without a request id are sent once", async () => {
  const { seen, address } = await flaky();
  await failure(connect(address, "secret").service(SubscriptionService).syncCustomer({}), Code.Unavailable);
  assert.equal(seen.syncs, 1);
});

test("decimals keep their digits", () => {
  for (const text of ["0", "-0.000000000000000001", "123456789012345678.123456789", "1000000"]) {
    const wire = toWire(text);
    assert.equal(wire.value, text);
    assert.ok(fromWire(wire).equals(new Decimal(text)));
  }
  assert.throws(() => toWire("NaN"), RangeError);
});

test("pages are joined, and a repeated token is an error", async () => {
  const known: Record<string, { items: number[]; next: string }> = {
    "": { items: [1, 2], next: "a" },
    a: { items: [], next: "b" },
    b: { items: [3], next: "" },
  };
  const all: number[] = [];
  for await (const item of pages(async (token) => known[token]!)) {
    all.push(item);
  }
  assert.deepEqual(all, [1, 2, 3]);
  await assert.rejects(async () => {
    for await (const _ of pages(async () => ({ items: [1], next: "same" }))) {
      // Only the second fetch can tell.
    }
  });
});
