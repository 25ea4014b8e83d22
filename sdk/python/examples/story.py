"""From a new customer to an invoice, against the server at PERENNIAL_ADDRESS with the key in PERENNIAL_KEY."""

import os
import secrets
from decimal import Decimal

from perennial.api import billing, catalog, customer, entitlement, metering, subscription
from perennial_sdk import Client, PerennialError, decimals, pages


def story(client: Client) -> None:
    # So that the story can be told again on the same server.
    mark = secrets.token_hex(5)
    key, tokens = f"acme_{mark}", f"tokens_{mark}"

    customers = client.service(customer.CustomerServiceStub)
    new_customer = customer.CreateCustomerRequest(
        customer=customer.Customer(
            key=key,
            display_name="Acme",
            currency_code="USD",
            usage_attribution=customer.UsageAttribution(subject_keys=[key]),
        )
    )
    acme = customers.CreateCustomer(new_customer).customer
    print(f"customer: {acme.display_name}, {acme.currency_code}")
    # The same key again is another call, with another request id: an error with a reason.
    try:
        customers.CreateCustomer(new_customer)
    except PerennialError as error:
        print(f"the same key again: {error.reason}")

    client.service(metering.MeterServiceStub).CreateMeter(
        metering.CreateMeterRequest(
            meter=metering.Meter(
                slug=tokens,
                name="Tokens",
                event_type=tokens,
                aggregation=metering.Meter.AGGREGATION_SUM,
                value_property="$.tokens",
            )
        )
    )
    client.service(catalog.FeatureServiceStub).CreateFeature(
        catalog.CreateFeatureRequest(feature=catalog.Feature(key=tokens, name="Tokens", meter_slug=tokens))
    )
    print("meter: sum of $.tokens")

    publish(client, tokens)
    started = client.service(subscription.SubscriptionServiceStub).CreateSubscription(
        subscription.CreateSubscriptionRequest(
            customer_id=acme.id,
            source=subscription.SubscriptionSource(plan=subscription.PlanSelector(key=tokens)),
        )
    )
    status = subscription.SubscriptionStatus.Name(started.view.subscription.status)
    print(f"subscription: {status.removeprefix('SUBSCRIPTION_STATUS_')}")

    report(client, key, tokens)
    value = (
        client.service(entitlement.EntitlementServiceStub)
        .GetEntitlementValue(
            entitlement.GetEntitlementValueRequest(
                entitlement=entitlement.EntitlementRef(
                    customer=customer.CustomerRef(id=acme.id), feature_key=tokens
                )
            )
        )
        .value
    )
    metered = value.metered
    print(
        f"access: {str(value.has_access).lower()}, used {metered.usage.value} of "
        f"{metered.total_available_grant_amount.value}, {metered.overage.value} over"
    )

    # What was billed at the start, and what the next invoice stands at with the usage of now.
    for state in ("paid", "gathering"):
        answer = client.service(billing.InvoiceServiceStub).ListInvoices(
            billing.ListInvoicesRequest(customer_ids=[acme.id], statuses=[state])
        )
        for invoice in answer.invoices:
            print(f"invoice: {state}, {decimals.from_wire(invoice.totals.total):.2f} {invoice.currency_code}")


def publish(client: Client, tokens: str) -> None:
    """A plan of 49 a month, with 1000 tokens included and a cent for each further one."""
    fee = catalog.RateCard(
        key="base",
        name="Base fee",
        kind=catalog.RateCardKind.RATE_CARD_KIND_FLAT_FEE,
        billing_cadence="P1M",
        price=catalog.Price(
            flat=catalog.FlatPrice(
                amount=decimals.to_wire(49), payment_term=catalog.PaymentTerm.PAYMENT_TERM_IN_ADVANCE
            )
        ),
    )
    metered = catalog.RateCard(
        key=tokens,
        name="Tokens",
        kind=catalog.RateCardKind.RATE_CARD_KIND_USAGE_BASED,
        feature_key=tokens,
        billing_cadence="P1M",
        price=catalog.Price(
            tiered=catalog.TieredPrice(
                mode=catalog.TieredPrice.MODE_GRADUATED,
                tiers=[
                    catalog.PriceTier(up_to_amount=decimals.to_wire(1000), unit_amount=decimals.to_wire(0)),
                    catalog.PriceTier(unit_amount=decimals.to_wire(Decimal("0.01"))),
                ],
            )
        ),
        entitlement_template=catalog.EntitlementTemplate(
            metered=catalog.MeteredEntitlementTemplate(
                issue_after_reset=decimals.to_wire(1000), usage_period_duration="P1M"
            )
        ),
    )
    plans = client.service(catalog.PlanServiceStub)
    draft = plans.CreatePlan(
        catalog.CreatePlanRequest(
            plan=catalog.Plan(
                key=tokens,
                name="Pro",
                currency_code="USD",
                billing_cadence="P1M",
                phases=[catalog.PlanPhase(key="default", name="Default", rate_cards=[fee, metered])],
            )
        )
    ).plan
    plan = plans.PublishPlan(catalog.PublishPlanRequest(id=draft.id)).plan
    print(f"plan: version {plan.version}, {catalog.Plan.State.Name(plan.state).removeprefix('STATE_')}")


def report(client: Client, subject: str, kind: str) -> None:
    """Three events, one of them sent twice, read back page by page."""

    def event(number: int, tokens: str) -> metering.UsageEvent:
        return metering.UsageEvent(
            id=f"{subject}-{number}", source="story", type=kind, subject=subject, data=f'{{"tokens": {tokens}}}'
        )

    usage = client.service(metering.UsageServiceStub)
    sent = usage.IngestEvents(
        metering.IngestEventsRequest(
            events=[event(1, "700.5"), event(2, "299.75"), event(3, "500"), event(1, "700.5")]
        )
    )
    print(f"usage: {sent.accepted_count} accepted, {sent.new_count} new")
    queried = usage.QueryMeter(metering.QueryMeterRequest(meter=metering.MeterRef(slug=kind)))
    print(f"usage: {queried.rows[0].value.value} tokens")

    fetched = 0

    def page(token: str) -> tuple[list[metering.IngestedEvent], str]:
        nonlocal fetched
        fetched += 1
        answer = usage.ListEvents(
            metering.ListEventsRequest(
                page_size=2, page_token=token, subject=metering.FilterString(equals=subject)
            )
        )
        return list(answer.events), answer.next_page_token

    events = list(pages(page))
    print(f"usage: {len(events)} events on {fetched} pages")


if __name__ == "__main__":
    with Client(os.environ.get("PERENNIAL_ADDRESS", "127.0.0.1:50051"), os.environ["PERENNIAL_KEY"]) as connection:
        story(connection)
