// From a new customer to an invoice, against the server at PERENNIAL_ADDRESS with the key in PERENNIAL_KEY.
import { randomBytes } from "node:crypto";

import { Client, fromWire, pages, PerennialError, toWire } from "../src/index.js";
import { InvoiceService } from "../src/gen/billing.js";
import { FeatureService, PaymentTerm, Plan_State, PlanService, RateCardKind, TieredPrice_Mode } from "../src/gen/catalog.js";
import { CustomerService } from "../src/gen/customer.js";
import { EntitlementService } from "../src/gen/entitlement.js";
import { Meter_Aggregation, MeterService, UsageService } from "../src/gen/metering.js";
import { SubscriptionService, SubscriptionStatus } from "../src/gen/subscription.js";

async function story(client: Client): Promise<void> {
  // So that the story can be told again on the same server.
  const mark = randomBytes(5).toString("hex");
  const [key, tokens] = [`acme_${mark}`, `tokens_${mark}`];

  const customers = client.service(CustomerService);
  const newCustomer = {
    customer: { key, displayName: "Acme", currencyCode: "USD", usageAttribution: { subjectKeys: [key] } },
  };
  const { customer } = await customers.createCustomer(newCustomer);
  console.log(`customer: ${customer?.displayName}, ${customer?.currencyCode}`);
  // The same key again is another call, with another request id: an error with a reason.
  try {
    await customers.createCustomer(newCustomer);
  } catch (error) {
    if (!(error instanceof PerennialError)) {
      throw error;
    }
    console.log(`the same key again: ${error.reason}`);
  }

  await client.service(MeterService).createMeter({
    meter: { slug: tokens, name: "Tokens", eventType: tokens, aggregation: Meter_Aggregation.SUM, valueProperty: "$.tokens" },
  });
  await client.service(FeatureService).createFeature({ feature: { key: tokens, name: "Tokens", meterSlug: tokens } });
  console.log("meter: sum of $.tokens");

  await publish(client, tokens);
  const started = await client.service(SubscriptionService).createSubscription({
    customer: { case: "customerId", value: customer!.id },
    source: { source: { case: "plan", value: { key: tokens } } },
  });
  console.log(`subscription: ${SubscriptionStatus[started.view!.subscription!.status]}`);

  await report(client, key, tokens);
  const { value } = await client.service(EntitlementService).getEntitlementValue({
    entitlement: {
      customer: { ref: { case: "id", value: customer!.id } },
      entitlement: { case: "featureKey", value: tokens },
    },
  });
  if (value?.kind.case === "metered") {
    const { usage, totalAvailableGrantAmount, overage } = value.kind.value;
    console.log(
      `access: ${value.hasAccess}, used ${usage?.value} of ${totalAvailableGrantAmount?.value}, ${overage?.value} over`,
    );
  }

  // What was billed at the start, and what the next invoice stands at with the usage of now.
  for (const state of ["paid", "gathering"]) {
    const { invoices } = await client.service(InvoiceService).listInvoices({ customerIds: [customer!.id], statuses: [state] });
    for (const invoice of invoices) {
      console.log(`invoice: ${state}, ${fromWire(invoice.totals?.total).toFixed(2)} ${invoice.currencyCode}`);
    }
  }
}

/** A plan of 49 a month, with 1000 tokens included and a cent for each further one. */
async function publish(client: Client, tokens: string): Promise<void> {
  const plans = client.service(PlanService);
  const fee = {
    key: "base",
    name: "Base fee",
    kind: RateCardKind.FLAT_FEE,
    billingCadence: "P1M",
    price: { model: { case: "flat" as const, value: { amount: toWire("49"), paymentTerm: PaymentTerm.IN_ADVANCE } } },
  };
  const metered = {
    key: tokens,
    name: "Tokens",
    kind: RateCardKind.USAGE_BASED,
    featureKey: tokens,
    billingCadence: "P1M",
    price: {
      model: {
        case: "tiered" as const,
        value: {
          mode: TieredPrice_Mode.GRADUATED,
          tiers: [{ upToAmount: toWire("1000"), unitAmount: toWire("0") }, { unitAmount: toWire("0.01") }],
        },
      },
    },
    entitlementTemplate: {
      template: { case: "metered" as const, value: { issueAfterReset: toWire("1000"), usagePeriodDuration: "P1M" } },
    },
  };
  const draft = await plans.createPlan({
    plan: {
      key: tokens,
      name: "Pro",
      currencyCode: "USD",
      billingCadence: "P1M",
      phases: [{ key: "default", name: "Default", rateCards: [fee, metered] }],
    },
  });
  const { plan } = await plans.publishPlan({ id: draft.plan!.id });
  console.log(`plan: version ${plan?.version}, ${Plan_State[plan!.state]}`);
}

/** Three events, one of them sent twice, read back page by page. */
async function report(client: Client, subject: string, type: string): Promise<void> {
  const usage = client.service(UsageService);
  const event = (number: number, tokens: string) => ({
    id: `${subject}-${number}`,
    source: "story",
    type,
    subject,
    data: `{"tokens": ${tokens}}`,
  });
  const sent = await usage.ingestEvents({
    events: [event(1, "700.5"), event(2, "299.75"), event(3, "500"), event(1, "700.5")],
  });
  console.log(`usage: ${sent.acceptedCount} accepted, ${sent.newCount} new`);
  const queried = await usage.queryMeter({ meter: { ref: { case: "slug", value: type } } });
  console.log(`usage: ${queried.rows[0]?.value?.value} tokens`);
  let [fetched, count] = [0, 0];
  const events = pages(async (pageToken) => {
    fetched += 1;
    const page = await usage.listEvents({ pageSize: 2, pageToken, subject: { operator: { case: "equals", value: subject } } });
    return { items: page.events, next: page.nextPageToken };
  });
  for await (const _ of events) {
    count += 1;
  }
  console.log(`usage: ${count} events on ${fetched} pages`);
}

const client = new Client(process.env.PERENNIAL_ADDRESS ?? "127.0.0.1:50051", process.env.PERENNIAL_KEY ?? "");
try {
  await story(client);
} finally {
  client.close();
}
