package dev.perennial.sdk.examples;

import dev.perennial.billing.v1.InvoiceServiceGrpc;
import dev.perennial.billing.v1.ListInvoicesRequest;
import dev.perennial.catalog.v1.CreateFeatureRequest;
import dev.perennial.catalog.v1.CreatePlanRequest;
import dev.perennial.catalog.v1.EntitlementTemplate;
import dev.perennial.catalog.v1.Feature;
import dev.perennial.catalog.v1.FeatureServiceGrpc;
import dev.perennial.catalog.v1.FlatPrice;
import dev.perennial.catalog.v1.MeteredEntitlementTemplate;
import dev.perennial.catalog.v1.PaymentTerm;
import dev.perennial.catalog.v1.Plan;
import dev.perennial.catalog.v1.PlanPhase;
import dev.perennial.catalog.v1.PlanServiceGrpc;
import dev.perennial.catalog.v1.Price;
import dev.perennial.catalog.v1.PriceTier;
import dev.perennial.catalog.v1.PublishPlanRequest;
import dev.perennial.catalog.v1.RateCard;
import dev.perennial.catalog.v1.RateCardKind;
import dev.perennial.catalog.v1.TieredPrice;
import dev.perennial.customer.v1.CreateCustomerRequest;
import dev.perennial.customer.v1.Customer;
import dev.perennial.customer.v1.CustomerRef;
import dev.perennial.customer.v1.CustomerServiceGrpc;
import dev.perennial.customer.v1.UsageAttribution;
import dev.perennial.entitlement.v1.EntitlementRef;
import dev.perennial.entitlement.v1.EntitlementServiceGrpc;
import dev.perennial.entitlement.v1.GetEntitlementValueRequest;
import dev.perennial.metering.v1.CreateMeterRequest;
import dev.perennial.metering.v1.FilterString;
import dev.perennial.metering.v1.IngestEventsRequest;
import dev.perennial.metering.v1.ListEventsRequest;
import dev.perennial.metering.v1.Meter;
import dev.perennial.metering.v1.MeterRef;
import dev.perennial.metering.v1.MeterServiceGrpc;
import dev.perennial.metering.v1.QueryMeterRequest;
import dev.perennial.metering.v1.UsageEvent;
import dev.perennial.metering.v1.UsageServiceGrpc;
import dev.perennial.sdk.Decimals;
import dev.perennial.sdk.Pages;
import dev.perennial.sdk.PerennialClient;
import dev.perennial.sdk.PerennialException;
import dev.perennial.subscription.v1.CreateSubscriptionRequest;
import dev.perennial.subscription.v1.PlanSelector;
import dev.perennial.subscription.v1.SubscriptionServiceGrpc;
import dev.perennial.subscription.v1.SubscriptionSource;
import java.math.RoundingMode;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** From a new customer to an invoice, against the server at PERENNIAL_ADDRESS with the key in PERENNIAL_KEY. */
public final class Story {
  private final PerennialClient client;
  // So that the story can be told again on the same server.
  private final String mark = UUID.randomUUID().toString().substring(24);
  private final String key = "acme_" + mark;
  private final String tokens = "tokens_" + mark;

  private Story(PerennialClient client) {
    this.client = client;
  }

  public static void main(String[] arguments) {
    String address = System.getenv().getOrDefault("PERENNIAL_ADDRESS", "127.0.0.1:50051");
    try (var client = PerennialClient.builder(address, System.getenv("PERENNIAL_KEY")).build()) {
      new Story(client).tell();
    }
  }

  private void tell() {
    var customers = client.stub(CustomerServiceGrpc::newBlockingStub);
    var newCustomer =
        CreateCustomerRequest.newBuilder()
            .setCustomer(
                Customer.newBuilder()
                    .setKey(key)
                    .setDisplayName("Acme")
                    .setCurrencyCode("USD")
                    .setUsageAttribution(UsageAttribution.newBuilder().addSubjectKeys(key)))
            .build();
    Customer customer = client.call(() -> customers.createCustomer(newCustomer)).getCustomer();
    say("customer: %s, %s", customer.getDisplayName(), customer.getCurrencyCode());
    // The same key again is another call, with another request id: an error with a reason.
    try {
      client.call(() -> customers.createCustomer(newCustomer));
    } catch (PerennialException error) {
      say("the same key again: %s", error.reason());
    }

    var meter =
        Meter.newBuilder()
            .setSlug(tokens)
            .setName("Tokens")
            .setEventType(tokens)
            .setAggregation(Meter.Aggregation.AGGREGATION_SUM)
            .setValueProperty("$.tokens");
    var meters = client.stub(MeterServiceGrpc::newBlockingStub);
    client.call(() -> meters.createMeter(CreateMeterRequest.newBuilder().setMeter(meter).build()));
    var feature = Feature.newBuilder().setKey(tokens).setName("Tokens").setMeterSlug(tokens);
    var features = client.stub(FeatureServiceGrpc::newBlockingStub);
    client.call(() -> features.createFeature(CreateFeatureRequest.newBuilder().setFeature(feature).build()));
    say("meter: sum of $.tokens");

    publish();
    var subscriptions = client.stub(SubscriptionServiceGrpc::newBlockingStub);
    var started =
        client.call(
            () ->
                subscriptions.createSubscription(
                    CreateSubscriptionRequest.newBuilder()
                        .setCustomerId(customer.getId())
                        .setSource(
                            SubscriptionSource.newBuilder().setPlan(PlanSelector.newBuilder().setKey(tokens)))
                        .build()));
    say("subscription: %s", bare(started.getView().getSubscription().getStatus(), "SUBSCRIPTION_STATUS_"));

    report();
    var entitlements = client.stub(EntitlementServiceGrpc::newBlockingStub);
    var question =
        EntitlementRef.newBuilder()
            .setCustomer(CustomerRef.newBuilder().setId(customer.getId()))
            .setFeatureKey(tokens);
    var value =
        client
            .call(
                () ->
                    entitlements.getEntitlementValue(
                        GetEntitlementValueRequest.newBuilder().setEntitlement(question).build()))
            .getValue();
    var metered = value.getMetered();
    say(
        "access: %s, used %s of %s, %s over",
        value.getHasAccess(),
        metered.getUsage().getValue(),
        metered.getTotalAvailableGrantAmount().getValue(),
        metered.getOverage().getValue());

    // What was billed at the start, and what the next invoice stands at with the usage of now.
    var invoices = client.stub(InvoiceServiceGrpc::newBlockingStub);
    for (String state : List.of("paid", "gathering")) {
      var request =
          ListInvoicesRequest.newBuilder().addCustomerIds(customer.getId()).addStatuses(state).build();
      for (var invoice : client.call(() -> invoices.listInvoices(request)).getInvoicesList()) {
        var total = Decimals.fromWire(invoice.getTotals().getTotal()).setScale(2, RoundingMode.UNNECESSARY);
        say("invoice: %s, %s %s", state, total, invoice.getCurrencyCode());
      }
    }
  }

  /** A plan of 49 a month, with 1000 tokens included and a cent for each further one. */
  private void publish() {
    var fee =
        RateCard.newBuilder()
            .setKey("base")
            .setName("Base fee")
            .setKind(RateCardKind.RATE_CARD_KIND_FLAT_FEE)
            .setBillingCadence("P1M")
            .setPrice(
                Price.newBuilder()
                    .setFlat(
                        FlatPrice.newBuilder()
                            .setAmount(Decimals.toWire("49"))
                            .setPaymentTerm(PaymentTerm.PAYMENT_TERM_IN_ADVANCE)));
    var tiers =
        TieredPrice.newBuilder()
            .setMode(TieredPrice.Mode.MODE_GRADUATED)
            .addTiers(
                PriceTier.newBuilder()
                    .setUpToAmount(Decimals.toWire("1000"))
                    .setUnitAmount(Decimals.toWire("0")))
            .addTiers(PriceTier.newBuilder().setUnitAmount(Decimals.toWire("0.01")));
    var allowance =
        MeteredEntitlementTemplate.newBuilder()
            .setIssueAfterReset(Decimals.toWire("1000"))
            .setUsagePeriodDuration("P1M");
    var metered =
        RateCard.newBuilder()
            .setKey(tokens)
            .setName("Tokens")
            .setKind(RateCardKind.RATE_CARD_KIND_USAGE_BASED)
            .setFeatureKey(tokens)
            .setBillingCadence("P1M")
            .setPrice(Price.newBuilder().setTiered(tiers))
            .setEntitlementTemplate(EntitlementTemplate.newBuilder().setMetered(allowance));
    var offered =
        Plan.newBuilder()
            .setKey(tokens)
            .setName("Pro")
            .setCurrencyCode("USD")
            .setBillingCadence("P1M")
            .addPhases(
                PlanPhase.newBuilder()
                    .setKey("default")
                    .setName("Default")
                    .addRateCards(fee)
                    .addRateCards(metered));
    var plans = client.stub(PlanServiceGrpc::newBlockingStub);
    String id =
        client
            .call(() -> plans.createPlan(CreatePlanRequest.newBuilder().setPlan(offered).build()))
            .getPlan()
            .getId();
    Plan plan =
        client
            .call(() -> plans.publishPlan(PublishPlanRequest.newBuilder().setId(id).build()))
            .getPlan();
    say("plan: version %d, %s", plan.getVersion(), bare(plan.getState(), "STATE_"));
  }

  /** Three events, one of them sent twice, read back page by page. */
  private void report() {
    var usage = client.stub(UsageServiceGrpc::newBlockingStub);
    var events =
        IngestEventsRequest.newBuilder()
            .addEvents(event(1, "700.5"))
            .addEvents(event(2, "299.75"))
            .addEvents(event(3, "500"))
            .addEvents(event(1, "700.5"))
            .build();
    var sent = client.call(() -> usage.ingestEvents(events));
    say("usage: %d accepted, %d new", sent.getAcceptedCount(), sent.getNewCount());
    var query = QueryMeterRequest.newBuilder().setMeter(MeterRef.newBuilder().setSlug(tokens)).build();
    var rows = client.call(() -> usage.queryMeter(query)).getRowsList();
    say("usage: %s tokens", rows.get(0).getValue().getValue());
    var fetched = new AtomicInteger();
    long count =
        Pages.stream(
                token -> {
                  fetched.incrementAndGet();
                  var request =
                      ListEventsRequest.newBuilder()
                          .setPageSize(2)
                          .setPageToken(token)
                          .setSubject(FilterString.newBuilder().setEquals(key))
                          .build();
                  var answer = client.call(() -> usage.listEvents(request));
                  return new Pages.Page<>(answer.getEventsList(), answer.getNextPageToken());
                })
            .count();
    say("usage: %d events on %d pages", count, fetched.get());
  }

  private UsageEvent event(int number, String amount) {
    return UsageEvent.newBuilder()
        .setId(key + "-" + number)
        .setSource("story")
        .setType(tokens)
        .setSubject(key)
        .setData("{\"tokens\": " + amount + "}")
        .build();
  }

  private static String bare(Enum<?> value, String prefix) {
    return value.name().substring(prefix.length());
  }

  private static void say(String form, Object... values) {
    System.out.println(String.format(form, values));
  }
}
