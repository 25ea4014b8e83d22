// From a new customer to an invoice, against the server at PERENNIAL_ADDRESS with the key in PERENNIAL_KEY.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/shopspring/decimal"
	perennial "perennial.dev/sdk/go"
	billingv1 "perennial.dev/sdk/go/gen/perennial/billing/v1"
	catalogv1 "perennial.dev/sdk/go/gen/perennial/catalog/v1"
	customerv1 "perennial.dev/sdk/go/gen/perennial/customer/v1"
	entitlementv1 "perennial.dev/sdk/go/gen/perennial/entitlement/v1"
	kernelv1 "perennial.dev/sdk/go/gen/perennial/kernel/v1"
	meteringv1 "perennial.dev/sdk/go/gen/perennial/metering/v1"
	subscriptionv1 "perennial.dev/sdk/go/gen/perennial/subscription/v1"
)

func main() {
	address := os.Getenv("PERENNIAL_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	client, err := perennial.New(address, os.Getenv("PERENNIAL_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := story(context.Background(), client); err != nil {
		log.Fatal(err)
	}
}

func story(ctx context.Context, client *perennial.Client) error {
	// So that the story can be told again on the same server.
	mark := strings.ToLower(rand.Text()[:10])
	key, tokens := "acme_"+mark, "tokens_"+mark

	customers := customerv1.NewCustomerServiceClient(client)
	newCustomer := &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{
		Key: key, DisplayName: "Acme", CurrencyCode: "USD",
		UsageAttribution: &customerv1.UsageAttribution{SubjectKeys: []string{key}},
	}}
	created, err := customers.CreateCustomer(ctx, newCustomer)
	if err != nil {
		return err
	}
	customer := created.Customer
	fmt.Printf("customer: %s, %s\n", customer.DisplayName, customer.CurrencyCode)
	// The same key again is another call, with another request id: an error with a reason.
	_, err = customers.CreateCustomer(ctx, newCustomer)
	var failure *perennial.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("the same key twice: %w", err)
	}
	fmt.Printf("the same key again: %s\n", failure.Reason)

	if _, err := meteringv1.NewMeterServiceClient(client).CreateMeter(ctx, &meteringv1.CreateMeterRequest{Meter: &meteringv1.Meter{
		Slug: tokens, Name: "Tokens", EventType: tokens,
		Aggregation: meteringv1.Meter_AGGREGATION_SUM, ValueProperty: "$.tokens",
	}}); err != nil {
		return err
	}
	if _, err := catalogv1.NewFeatureServiceClient(client).CreateFeature(ctx, &catalogv1.CreateFeatureRequest{
		Feature: &catalogv1.Feature{Key: tokens, Name: "Tokens", MeterSlug: tokens},
	}); err != nil {
		return err
	}
	fmt.Println("meter: sum of $.tokens")

	if err := publish(ctx, catalogv1.NewPlanServiceClient(client), tokens); err != nil {
		return err
	}
	started, err := subscriptionv1.NewSubscriptionServiceClient(client).CreateSubscription(ctx, &subscriptionv1.CreateSubscriptionRequest{
		Customer: &subscriptionv1.CreateSubscriptionRequest_CustomerId{CustomerId: customer.Id},
		Source: &subscriptionv1.SubscriptionSource{Source: &subscriptionv1.SubscriptionSource_Plan{
			Plan: &subscriptionv1.PlanSelector{Key: tokens},
		}},
	})
	if err != nil {
		return err
	}
	fmt.Printf("subscription: %s\n", strings.TrimPrefix(started.View.Subscription.Status.String(), "SUBSCRIPTION_STATUS_"))

	usage := meteringv1.NewUsageServiceClient(client)
	if err := report(ctx, usage, key, tokens); err != nil {
		return err
	}
	access, err := entitlementv1.NewEntitlementServiceClient(client).GetEntitlementValue(ctx, &entitlementv1.GetEntitlementValueRequest{
		Entitlement: &entitlementv1.EntitlementRef{
			Customer:    &customerv1.CustomerRef{Ref: &customerv1.CustomerRef_Id{Id: customer.Id}},
			Entitlement: &entitlementv1.EntitlementRef_FeatureKey{FeatureKey: tokens},
		},
	})
	if err != nil {
		return err
	}
	value := access.Value.GetMetered()
	fmt.Printf("access: %t, used %s of %s, %s over\n", access.Value.HasAccess,
		value.Usage.Value, value.TotalAvailableGrantAmount.Value, value.Overage.Value)

	// What was billed at the start, and what the next invoice stands at with the usage of now.
	for _, state := range []string{"paid", "gathering"} {
		answer, err := billingv1.NewInvoiceServiceClient(client).ListInvoices(ctx, &billingv1.ListInvoicesRequest{
			CustomerIds: []string{customer.Id}, Statuses: []string{state},
		})
		if err != nil {
			return err
		}
		for _, invoice := range answer.Invoices {
			total, err := perennial.FromWire(invoice.Totals.Total)
			if err != nil {
				return err
			}
			fmt.Printf("invoice: %s, %s %s\n", state, total.StringFixed(2), invoice.CurrencyCode)
		}
	}
	return nil
}

// publish makes a plan of 49 a month, with 1000 tokens included and a cent for each further one.
func publish(ctx context.Context, plans catalogv1.PlanServiceClient, tokens string) error {
	amount := func(text string) *kernelv1.Decimal { return perennial.ToWire(decimal.RequireFromString(text)) }
	fee := &catalogv1.RateCard{
		Key: "base", Name: "Base fee", Kind: catalogv1.RateCardKind_RATE_CARD_KIND_FLAT_FEE, BillingCadence: "P1M",
		Price: &catalogv1.Price{Model: &catalogv1.Price_Flat{Flat: &catalogv1.FlatPrice{
			Amount: amount("49"), PaymentTerm: catalogv1.PaymentTerm_PAYMENT_TERM_IN_ADVANCE,
		}}},
	}
	metered := &catalogv1.RateCard{
		Key: tokens, Name: "Tokens", Kind: catalogv1.RateCardKind_RATE_CARD_KIND_USAGE_BASED, FeatureKey: tokens, BillingCadence: "P1M",
		Price: &catalogv1.Price{Model: &catalogv1.Price_Tiered{Tiered: &catalogv1.TieredPrice{
			Mode: catalogv1.TieredPrice_MODE_GRADUATED,
			Tiers: []*catalogv1.PriceTier{
				{UpToAmount: amount("1000"), UnitAmount: amount("0")},
				{UnitAmount: amount("0.01")},
			},
		}}},
		EntitlementTemplate: &catalogv1.EntitlementTemplate{Template: &catalogv1.EntitlementTemplate_Metered{
			Metered: &catalogv1.MeteredEntitlementTemplate{IssueAfterReset: amount("1000"), UsagePeriodDuration: "P1M"},
		}},
	}
	made, err := plans.CreatePlan(ctx, &catalogv1.CreatePlanRequest{Plan: &catalogv1.Plan{
		Key: tokens, Name: "Pro", CurrencyCode: "USD", BillingCadence: "P1M",
		Phases: []*catalogv1.PlanPhase{{Key: "default", Name: "Default", RateCards: []*catalogv1.RateCard{fee, metered}}},
	}})
	if err != nil {
		return err
	}
	published, err := plans.PublishPlan(ctx, &catalogv1.PublishPlanRequest{Id: made.Plan.Id})
	if err != nil {
		return err
	}
	fmt.Printf("plan: version %d, %s\n", published.Plan.Version, strings.TrimPrefix(published.Plan.State.String(), "STATE_"))
	return nil
}

// report sends three events, one of them twice, and reads them back page by page.
func report(ctx context.Context, usage meteringv1.UsageServiceClient, subject, kind string) error {
	event := func(id, tokens string) *meteringv1.UsageEvent {
		return &meteringv1.UsageEvent{Id: id, Source: "story", Type: kind, Subject: subject, Data: `{"tokens": ` + tokens + `}`}
	}
	mark := subject + "-"
	sent, err := usage.IngestEvents(ctx, &meteringv1.IngestEventsRequest{Events: []*meteringv1.UsageEvent{
		event(mark+"1", "700.5"), event(mark+"2", "299.75"), event(mark+"3", "500"), event(mark+"1", "700.5"),
	}})
	if err != nil {
		return err
	}
	fmt.Printf("usage: %d accepted, %d new\n", sent.AcceptedCount, sent.NewCount)
	queried, err := usage.QueryMeter(ctx, &meteringv1.QueryMeterRequest{
		Meter: &meteringv1.MeterRef{Ref: &meteringv1.MeterRef_Slug{Slug: kind}},
	})
	if err != nil {
		return err
	}
	fmt.Printf("usage: %s tokens\n", queried.Rows[0].Value.Value)
	pages, ids := 0, []string{}
	for event, err := range perennial.Pages(func(token string) ([]*meteringv1.IngestedEvent, string, error) {
		pages++
		answer, err := usage.ListEvents(ctx, &meteringv1.ListEventsRequest{
			PageSize: 2, PageToken: token,
			Subject: &meteringv1.FilterString{Operator: &meteringv1.FilterString_Equals{Equals: subject}},
		})
		return answer.GetEvents(), answer.GetNextPageToken(), err
	}) {
		if err != nil {
			return err
		}
		ids = append(ids, event.Event.Id)
	}
	fmt.Printf("usage: %d events on %d pages\n", len(ids), pages)
	return nil
}
