//! Terms of subscriptions made from plans, and of what is given away, through the handlers.

use contract::billing::v1 as billing;
use contract::subscription::v1::{
    grant_promotional_term_request::Span, term_service_server::TermService as _,
};
use prost::Message as _;

use super::sold::{by_id, day, usd};
use super::world::CUSTOMER;
use super::*;

const ENDLESS: &str = "";

/// An invoice as billing's feed carries it, for one subscription.
fn invoice(subscription: &str, state: billing::InvoiceState, revision: i64) -> billing::Invoice {
    let total = usd("10").unwrap().amount;
    billing::Invoice {
        id: "01ARZ3NDEKTSV4RRFFQ69G5FAX".to_owned(),
        customer: Some(billing::InvoiceCustomer {
            id: CUSTOMER.to_owned(),
            ..Default::default()
        }),
        currency_code: "USD".to_owned(),
        state: state.into(),
        payment_time: super::world::wire("2024-02-02T00:00:00Z"),
        lines: vec![billing::InvoiceLine {
            totals: Some(billing::Totals {
                total,
                ..Default::default()
            }),
            subscription: Some(billing::LineSubscription {
                subscription_id: subscription.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }],
        revision,
        ..Default::default()
    }
}

async fn hear(world: &World, invoice: &billing::Invoice) {
    let spec = crate::consume::invoices();
    let context = world.context(LATER);
    let mut write = world.engine.db.system_write(&context).await.unwrap();
    let event = chassis::feed::Event {
        cursor: invoice.revision,
        project: context.project,
        kind: "invoice.updated".to_owned(),
        id: invoice.id.clone(),
        revision: invoice.revision,
        payload: invoice.encode_to_vec(),
        create_time: context.now,
        actor: "system".to_owned(),
    };
    spec.handler.apply(&mut write, &event).await.unwrap();
    write.commit().await.unwrap();
}

#[tokio::test]
async fn a_subscription_from_a_plan_is_a_term() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    let view = world.subscribe(START).await;
    let id = id(&view);
    let terms = world.list(START, CUSTOMER).await;
    assert_eq!(terms.len(), 1);
    let term = &terms[0];
    assert_eq!(term.origin(), pb::TermOrigin::Plan);
    assert_eq!(
        (term.status(), term.gives_access),
        (pb::TermStatus::Trialing, true)
    );
    assert_eq!(term.auto_renewal_status(), pb::AutoRenewalStatus::WillRenew);
    assert_eq!(term.store(), pb::Store::BuiltIn);
    assert_eq!(term.store_subscription_identifier, id);
    assert_eq!(term.product_short_id, "prod-pro");
    assert_eq!(day(term.current_period_end_time), "2024-02-01");
    let trial = ("ID-pro".into(), "2024-01-01".into(), "2024-02-01".into());
    let open = ("ID-pro".into(), "2024-02-01".into(), ENDLESS.into());
    assert_eq!(world.rights(CUSTOMER), [trial, open]);
    let monthly = |start: &str| (start.into(), "P1M".into(), "2024-01-01".into());
    let renewals = [monthly("2024-01-01"), monthly("2024-02-01")];
    assert_eq!(world.renewals(CUSTOMER), renewals);
    let paid = &world.list(LATER, CUSTOMER).await[0];
    assert_eq!(
        (paid.status(), paid.id.as_str()),
        (pb::TermStatus::Active, term.id.as_str())
    );
    assert_eq!(paid.monthly_value.clone().unwrap(), usd("10").unwrap());
    assert_eq!(day(paid.current_period_start_time), "2024-02-01");
    cancel(&world, &id, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    let ending = &world.list(LATER, CUSTOMER).await[0];
    assert_eq!(
        ending.auto_renewal_status(),
        pb::AutoRenewalStatus::WillNotRenew
    );
    assert_eq!(day(ending.end_time), "2024-03-01");
    assert_eq!(world.rights(CUSTOMER)[1].2, "2024-03-01");
    let over = &world.list("2024-03-01T00:00:00Z", CUSTOMER).await[0];
    assert_eq!(
        (over.status(), over.gives_access),
        (pb::TermStatus::Expired, false)
    );
}

#[tokio::test]
async fn another_plan_is_another_term_and_another_version_is_not() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    world.sells("team", "P1M");
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    world.plan("pro", 2, "12");
    let migrate = pb::MigrateSubscriptionRequest {
        id: first.clone(),
        ..Default::default()
    };
    let migrated = world
        .subscriptions
        .migrate_subscription(world.at(LATER, migrate))
        .await
        .unwrap();
    let second = id(&migrated.into_inner().next.unwrap());
    let terms = world.list(LATER, CUSTOMER).await;
    assert_eq!(terms.len(), 1, "{terms:#?}");
    assert_eq!(terms[0].source_id, second);
    assert_eq!(day(terms[0].start_time), "2024-01-01");
    change(&world, &second, LATER, pb::TimingPolicy::NextBillingCycle).await;
    let terms = world.list(LATER, CUSTOMER).await;
    assert_eq!(terms.len(), 2);
    let changing = &terms[0];
    assert_eq!(
        changing.auto_renewal_status(),
        pb::AutoRenewalStatus::WillChangeProduct
    );
    assert_eq!(changing.pending_product_id, "ID-team");
    assert_eq!(
        (terms[1].status(), terms[1].gives_access),
        (pb::TermStatus::Incomplete, false)
    );
    // Pages go on behind a term by its token or its id.
    let list = |after: &str, token: &str| pb::ListTermsRequest {
        customer_id: CUSTOMER.to_owned(),
        page_size: 1,
        page_token: token.to_owned(),
        after_id: after.to_owned(),
        ..Default::default()
    };
    let page = world
        .terms()
        .list_terms(world.at(LATER, list("", "")))
        .await;
    let page = page.unwrap().into_inner();
    assert_eq!(page.terms, terms[..1]);
    let by_token = list("", &page.next_page_token);
    let by_id = list(&terms[0].short_id, "");
    for next in [by_token, by_id] {
        let page = world.terms().list_terms(world.at(LATER, next)).await;
        let page = page.unwrap().into_inner();
        assert_eq!(
            (page.terms, page.next_page_token),
            (terms[1..].to_vec(), String::new())
        );
    }
    let none = world
        .terms()
        .list_terms(world.at(LATER, list("sub0000000000", "")))
        .await;
    assert_eq!(none.unwrap_err().code(), tonic::Code::InvalidArgument);
    let elsewhere = pb::ListTermsRequest {
        environment: pb::StoreEnvironment::Sandbox.into(),
        ..list(&terms[0].short_id, "")
    };
    let elsewhere = world.terms().list_terms(world.at(LATER, elsewhere)).await;
    let elsewhere = elsewhere.unwrap_err();
    assert_eq!(elsewhere.code(), tonic::Code::InvalidArgument);
    let details = chassis::error::details(&elsewhere);
    assert_eq!(details.violations[0].field, "after_id");
    let giving = pb::ListTermsRequest {
        giving_access: true,
        ..list("", "")
    };
    let giving = world.terms().list_terms(world.at(LATER, giving)).await;
    let giving = giving.unwrap().into_inner();
    assert_eq!(
        (giving.terms, giving.next_page_token),
        (terms[..1].to_vec(), String::new())
    );
}

#[tokio::test]
async fn an_open_invoice_is_a_pending_payment_and_a_paid_one_is_money() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    let id = id(&world.subscribe(START).await);
    hear(&world, &invoice(&id, billing::InvoiceState::Overdue, 3)).await;
    let term = &world.list(LATER, CUSTOMER).await[0];
    assert!(term.pending_payment && term.gives_access);
    hear(&world, &invoice(&id, billing::InvoiceState::Paid, 5)).await;
    // What is older changes nothing.
    hear(&world, &invoice(&id, billing::InvoiceState::Overdue, 4)).await;
    let term = &world.list(LATER, CUSTOMER).await[0];
    assert!(!term.pending_payment);
    let gross = term.revenue.clone().unwrap().gross.unwrap();
    assert_eq!(gross.value, "10");
    let refund = |request_id: &str| pb::RefundTermRequest {
        id: term.short_id.clone(),
        request_id: request_id.to_owned(),
    };
    for _ in 0..2 {
        let refunded = world
            .terms()
            .refund_term(world.at(LATER, refund("R")))
            .await;
        let refunded = refunded.unwrap().into_inner().term.unwrap();
        assert_eq!(refunded.status(), pb::TermStatus::Expired);
        assert_eq!(refunded.revenue.unwrap().gross.unwrap().value, "0");
    }
    let again = world.terms().refund_term(world.at(LATER, refund(""))).await;
    assert_eq!(reason(&again.unwrap_err()), "NOTHING_TO_REFUND");
    let payments = pb::ListTermPaymentsRequest {
        id: term.id.clone(),
    };
    let payments = world
        .terms()
        .list_term_payments(world.at(LATER, payments))
        .await;
    assert_eq!(payments.unwrap().into_inner().payments.len(), 2);
    assert_eq!(world.rights(CUSTOMER)[1].2, "2024-02-10");
}

/// A refund of the only term that the customer had at an instant.
async fn refunded(world: &World, now: &str) -> pb::Term {
    let term = world.list(now, CUSTOMER).await.remove(0);
    let request = || pb::RefundTermRequest {
        id: term.id.clone(),
        ..Default::default()
    };
    let refunded = world.terms().refund_term(world.at(now, request())).await;
    let refunded = refunded.unwrap().into_inner().term.unwrap();
    assert_eq!(
        (refunded.status(), refunded.gives_access),
        (pb::TermStatus::Expired, false)
    );
    assert_eq!(refunded.end_time, super::world::wire(now));
    let gross = refunded.revenue.clone().unwrap().gross.unwrap();
    assert_eq!(gross.value, "0");
    let again = world.terms().refund_term(world.at(now, request())).await;
    assert_eq!(reason(&again.unwrap_err()), "NOTHING_TO_REFUND");
    assert_eq!(
        world.list(now, CUSTOMER).await,
        std::slice::from_ref(&refunded)
    );
    refunded
}

#[tokio::test]
async fn a_term_that_was_canceled_before_is_refunded_and_ends_at_once() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    let id = id(&world.subscribe(START).await);
    hear(&world, &invoice(&id, billing::InvoiceState::Paid, 3)).await;
    cancel(&world, &id, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    let next_day = "2024-02-11T00:00:00Z";
    refunded(&world, next_day).await;
    let ended = get(&world, &id, next_day).await.unwrap();
    assert_eq!(
        ended.subscription.unwrap().status(),
        pb::SubscriptionStatus::Inactive
    );
    assert_eq!(world.rights(CUSTOMER)[1].2, "2024-02-11");
}

#[tokio::test]
async fn a_term_that_is_refunded_at_its_start_stays_with_no_length() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    let id = id(&world.subscribe(START).await);
    let paid = billing::Invoice {
        payment_time: super::world::wire(START),
        ..invoice(&id, billing::InvoiceState::Paid, 3)
    };
    hear(&world, &paid).await;
    let term = refunded(&world, START).await;
    assert_eq!(term.start_time, term.end_time);
    assert!(world.rights(CUSTOMER).is_empty());
}

/// A subscription to `pro` whose next version is to follow at the end of the period: the ids of both.
async fn followed(world: &World) -> (String, String) {
    world.sells("pro", "P1M");
    let held = id(&world.subscribe(START).await);
    world.plan("pro", 2, "12");
    let migrate = pb::MigrateSubscriptionRequest {
        id: held.clone(),
        timing: policy(pb::TimingPolicy::NextBillingCycle),
        ..Default::default()
    };
    let migrated = world
        .subscriptions
        .migrate_subscription(world.at(LATER, migrate));
    let next = migrated.await.unwrap().into_inner().next.unwrap();
    (held, id(&next))
}

/// That only the first is left of them, and its end.
async fn assert_left(world: &World, (held, next): &(String, String), now: &str, end: &str) {
    assert_eq!(
        get(world, next, now).await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    let left = get(world, held, now).await.unwrap().subscription.unwrap();
    assert_eq!(day(left.active_to_time), end);
    assert_eq!(left.revision, 3, "one change more");
    assert!(left.annotations.is_empty(), "{:?}", left.annotations);
    assert_eq!(world.list(now, CUSTOMER).await.len(), 1);
    let last = world.rights(CUSTOMER).pop().unwrap();
    assert_eq!(last.2, end);
}

#[tokio::test]
async fn canceling_a_term_whose_next_version_is_scheduled_cancels_what_holds() {
    let world = World::new().await;
    let both = followed(&world).await;
    let term = world.list(LATER, CUSTOMER).await.remove(0);
    assert_eq!(term.auto_renewal_status(), pb::AutoRenewalStatus::WillRenew);
    let cancel = pb::CancelTermRequest {
        id: term.id.clone(),
        request_id: String::new(),
    };
    let canceled = world.terms().cancel_term(world.at(LATER, cancel)).await;
    let canceled = canceled.unwrap().into_inner().term.unwrap();
    assert_eq!(
        (canceled.id, day(canceled.end_time)),
        (term.id, "2024-03-01".to_owned())
    );
    assert_left(&world, &both, LATER, "2024-03-01").await;
}

#[tokio::test]
async fn refunding_a_term_whose_next_version_is_scheduled_ends_what_holds() {
    let world = World::new().await;
    let both = followed(&world).await;
    hear(&world, &invoice(&both.0, billing::InvoiceState::Paid, 3)).await;
    let next_day = "2024-02-11T00:00:00Z";
    refunded(&world, next_day).await;
    assert_left(&world, &both, next_day, "2024-02-11").await;
}

#[tokio::test]
async fn canceling_a_term_drops_the_plan_that_was_to_follow() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    world.sells("team", "P1M");
    world.plan("team", 1, "30");
    let held = id(&world.subscribe(START).await);
    change(&world, &held, LATER, pb::TimingPolicy::NextBillingCycle).await;
    let terms = world.list(LATER, CUSTOMER).await;
    let both = (held, terms[1].source_id.clone());
    let cancel = async |term: &pb::Term| {
        let request = pb::CancelTermRequest {
            id: term.id.clone(),
            request_id: String::new(),
        };
        world.terms().cancel_term(world.at(LATER, request)).await
    };
    // What has not begun is not what holds.
    let early = cancel(&terms[1]).await.unwrap_err();
    assert_eq!(early.code(), tonic::Code::FailedPrecondition);
    assert_eq!(world.list(LATER, CUSTOMER).await, terms);
    let canceled = cancel(&terms[0]).await;
    let canceled = canceled.unwrap().into_inner().term.unwrap();
    assert_eq!(
        canceled.auto_renewal_status(),
        pb::AutoRenewalStatus::WillNotRenew
    );
    assert_left(&world, &both, LATER, "2024-03-01").await;
}

#[tokio::test]
async fn canceling_a_term_cancels_the_subscription_at_its_next_cycle() {
    let world = World::new().await;
    world.sells("pro", "P1M");
    let id = id(&world.subscribe(START).await);
    let term = world.list(LATER, CUSTOMER).await.remove(0);
    let request = || pb::CancelTermRequest {
        id: term.id.clone(),
        request_id: "C".to_owned(),
    };
    for _ in 0..2 {
        let canceled = world.terms().cancel_term(world.at(LATER, request())).await;
        let canceled = canceled.unwrap().into_inner().term.unwrap();
        assert_eq!(day(canceled.end_time), "2024-03-01");
    }
    let view = get(&world, &id, LATER).await.unwrap();
    assert_eq!(
        view.subscription.unwrap().status(),
        pb::SubscriptionStatus::Canceled
    );
    let again = pb::CancelTermRequest {
        request_id: String::new(),
        ..request()
    };
    let again = world.terms().cancel_term(world.at(LATER, again)).await;
    assert_eq!(reason(&again.unwrap_err()), "TERM_NOT_CANCELABLE");
}

#[tokio::test]
async fn what_is_given_away_is_a_term_without_a_product() {
    let world = World::new().await;
    let grant = |span: Option<Span>| pb::GrantPromotionalTermRequest {
        customer: by_id(CUSTOMER),
        entitlement_key: "vip".to_owned(),
        span,
        request_id: String::new(),
    };
    let week = Some(Span::Duration("P7D".to_owned()));
    let granted = world
        .terms()
        .grant_promotional_term(world.at(START, grant(week)))
        .await;
    let term = granted.unwrap().into_inner().term.unwrap();
    assert_eq!(term.store(), pb::Store::Promotional);
    assert_eq!(
        (term.product_id.as_str(), term.entitlement_key.as_str()),
        ("", "vip")
    );
    assert_eq!(
        (term.status(), term.gives_access),
        (pb::TermStatus::Active, true)
    );
    assert_eq!(
        term.auto_renewal_status(),
        pb::AutoRenewalStatus::WillNotRenew
    );
    let right = ("key vip".into(), "2024-01-01".into(), "2024-01-08".into());
    assert_eq!(world.rights(CUSTOMER), [right]);
    let forever = world
        .terms()
        .grant_promotional_term(world.at(START, grant(None)))
        .await;
    assert_eq!(forever.unwrap().into_inner().term.unwrap().end_time, None);
    for wrong in [
        Span::Duration("-P1D".to_owned()),
        Span::Duration("soon".to_owned()),
        Span::EndTime(super::world::wire(START).unwrap()),
    ] {
        let request = world.at(START, grant(Some(wrong)));
        let refused = world.terms().grant_promotional_term(request).await;
        assert_eq!(refused.unwrap_err().code(), tonic::Code::InvalidArgument);
    }
    let revoke = || pb::RevokePromotionalTermsRequest {
        customer: by_id(CUSTOMER),
        entitlement_key: "vip".to_owned(),
        request_id: String::new(),
    };
    let day_two = "2024-01-02T00:00:00Z";
    let revoked = world
        .terms()
        .revoke_promotional_terms(world.at(day_two, revoke()))
        .await;
    let revoked = revoked.unwrap().into_inner().terms;
    assert_eq!(revoked.len(), 2);
    assert!(
        revoked
            .iter()
            .all(|term| term.status() == pb::TermStatus::Expired)
    );
    assert!(
        world
            .rights(CUSTOMER)
            .iter()
            .all(|right| right.2 == "2024-01-02")
    );
    let again = world
        .terms()
        .revoke_promotional_terms(world.at(day_two, revoke()))
        .await;
    let again = again.unwrap_err();
    assert_eq!(
        (again.code(), reason(&again).as_str()),
        (tonic::Code::NotFound, "PROMOTION_NOT_FOUND")
    );
}

/// Tells of a definition that is deleted, as catalog's feed does.
async fn hear_deleted(world: &World, definition: &str, now: &str) {
    let spec = crate::withdraw::definitions();
    let context = world.context(now);
    let event = chassis::feed::Event {
        cursor: 1,
        project: context.project,
        kind: "entitlement_definition.deleted".to_owned(),
        id: definition.to_owned(),
        revision: 2,
        payload: Vec::new(),
        create_time: context.now,
        actor: "key:test".to_owned(),
    };
    assert!(spec.handler.concerns(&event));
    let reader = world.engine.db.reader();
    if spec.handler.wants(reader, &event).await.unwrap() {
        let mut write = world.engine.db.system_write(&context).await.unwrap();
        spec.handler.apply(&mut write, &event).await.unwrap();
        write.commit().await.unwrap();
        let worker = crate::rights::RightsTimer::new(world.engine.clone());
        assert_eq!(
            chassis::timer::Timer::run(&worker, &context).await.unwrap(),
            1
        );
    }
}

#[tokio::test]
async fn what_is_given_away_ends_with_the_definition_that_it_was_given_by() {
    let world = World::new().await;
    let defined = |id: &str| {
        let mut neighbors = world.neighbors.lock().unwrap();
        neighbors
            .definitions
            .insert("vip".to_owned(), id.to_owned());
    };
    let grant = async |key: &str| {
        let request = pb::GrantPromotionalTermRequest {
            customer: by_id(CUSTOMER),
            entitlement_key: key.to_owned(),
            span: None,
            request_id: String::new(),
        };
        let terms = world.terms();
        let granted = terms.grant_promotional_term(world.at(START, request));
        granted.await.unwrap();
    };
    defined("D1");
    grant("vip").await;
    grant("undefined").await;
    // The new one of the same key is there, and gives, before the feed tells that the old one is gone.
    defined("D2");
    grant("vip").await;
    let day_two = "2024-01-02T00:00:00Z";
    hear_deleted(&world, "D1", day_two).await;
    let right = |key: &str, end: &str| (format!("key {key}"), "2024-01-01".into(), end.to_owned());
    let sorted = || {
        let mut rights = world.rights(CUSTOMER);
        rights.sort();
        rights
    };
    let [ended, other] = [right("vip", "2024-01-02"), right("undefined", ENDLESS)];
    assert_eq!(
        sorted(),
        [other.clone(), right("vip", ENDLESS), ended.clone()]
    );
    // Told again, later, it changes nothing.
    hear_deleted(&world, "D1", "2024-01-03T00:00:00Z").await;
    assert_eq!(sorted()[2], ended);
    hear_deleted(&world, "D2", "2024-01-03T00:00:00Z").await;
    assert_eq!(sorted(), [other, ended, right("vip", "2024-01-03")]);
    let giving = world.list("2024-01-03T00:00:00Z", CUSTOMER).await;
    let giving = giving.iter().filter(|term| term.gives_access);
    let keys: Vec<&str> = giving.map(|term| term.entitlement_key.as_str()).collect();
    assert_eq!(keys, ["undefined"]);
}

#[tokio::test]
async fn a_reported_subscription_is_a_term_with_imputed_payments() {
    use super::reported::{NOW, create, created};
    use contract::subscription::v1::overview_service_server::OverviewService as _;
    use contract::subscription::v1::reported_subscription_service_server::ReportedSubscriptionService as _;
    let world = World::new().await;
    world.sells("gold", "P1M");
    let event = created(&world, create("S1", "2024-01-31T00:00:00Z", 1_000));
    let event = event.await.unwrap();
    let ann = world.neighbors.lock().unwrap().customers["ann"].clone();
    let terms = world.list(NOW, &ann).await;
    assert_eq!(terms.len(), 1);
    let term = &terms[0];
    assert_eq!(term.origin(), pb::TermOrigin::Profitwell);
    assert_eq!(
        (term.status(), term.gives_access),
        (pb::TermStatus::Active, true)
    );
    assert_eq!(term.auto_renewal_status(), pb::AutoRenewalStatus::WillRenew);
    assert_eq!(term.store_subscription_identifier, "S1");
    assert_eq!(term.product_short_id, "prod-gold");
    assert_eq!(day(term.current_period_start_time), "2024-05-31");
    assert_eq!(day(term.current_period_end_time), "2024-06-30");
    // Five months until the first of June: from 31 January on, each month.
    assert_eq!(term.revenue.clone().unwrap().gross.unwrap().value, "50");
    assert_eq!(term.monthly_value.clone().unwrap(), usd("10").unwrap());
    assert_eq!(world.rights(&ann)[0].0, "ID-gold");
    let monthly = ("2024-01-31".into(), "P1M".into(), "2024-01-31".into());
    assert_eq!(world.renewals(&ann), [monthly]);
    let overview = world
        .overview()
        .get_overview_metrics(world.at(NOW, pb::GetOverviewMetricsRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (overview.active_subscriptions, overview.transactions),
        (1, 1)
    );
    assert_eq!(overview.mrr.unwrap().value, "10");
    assert_eq!(overview.revenue.unwrap().value, "10");
    for refused in [
        world
            .terms()
            .cancel_term(world.at(
                NOW,
                pb::CancelTermRequest {
                    id: term.id.clone(),
                    request_id: String::new(),
                },
            ))
            .await
            .unwrap_err(),
        world
            .terms()
            .refund_term(world.at(
                NOW,
                pb::RefundTermRequest {
                    id: term.id.clone(),
                    request_id: String::new(),
                },
            ))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(reason(&refused), "REPORTED_ELSEWHERE");
    }
    // An end within the current period is told; taken back, the term is the same.
    let end = |at: &str| pb::EndReportedSubscriptionRequest {
        handle: "S1".to_owned(),
        effective_time: super::world::wire(at),
        ..Default::default()
    };
    let request = world.at(NOW, end("2024-06-10T00:00:00Z"));
    world
        .reported
        .end_reported_subscription(request)
        .await
        .unwrap();
    let ending = &world.list(NOW, &ann).await[0];
    assert_eq!(
        ending.auto_renewal_status(),
        pb::AutoRenewalStatus::WillNotRenew
    );
    assert_eq!(day(ending.current_period_end_time), "2024-06-10");
    assert_eq!(world.rights(&ann)[0].2, "2024-06-10");
    let over = &world.list("2024-06-10T00:00:00Z", &ann).await[0];
    assert_eq!(
        (over.status(), over.gives_access),
        (pb::TermStatus::Expired, false)
    );
    let retract = pb::RetractReportedEndRequest {
        handle: "S1".to_owned(),
        ..Default::default()
    };
    let retracted = world
        .reported
        .retract_reported_end(world.at(NOW, retract))
        .await;
    retracted.unwrap();
    assert_eq!(world.list(NOW, &ann).await, terms);
    // Deleted, it is no term and gives nothing.
    let delete = pb::DeleteReportedSubscriptionRequest {
        handle: event.subscription_id,
        ..Default::default()
    };
    let deleted = world
        .reported
        .delete_reported_subscription(world.at(NOW, delete))
        .await;
    deleted.unwrap();
    assert!(world.list(NOW, &ann).await.is_empty());
    assert!(world.rights(&ann).is_empty());
}

#[tokio::test]
async fn a_reported_payment_for_a_thing_sold_once_is_a_purchase() {
    use super::reported::NOW;
    use contract::subscription::v1::purchase_service_server::PurchaseService as _;
    use contract::subscription::v1::reported_subscription_service_server::ReportedSubscriptionService as _;
    let world = World::new().await;
    world.sells("setup", "");
    let paid = pb::UpsertReportedPaymentRequest {
        key: "invoice_1".to_owned(),
        subscription_key: "deal".to_owned(),
        customer_handle: "acme".to_owned(),
        start_time: super::world::wire("2024-05-20T00:00:00Z"),
        end_time: super::world::wire("2024-07-20T00:00:00Z"),
        monthly_amount: usd("12.5").unwrap().amount,
        currency_code: "USD".to_owned(),
        item_type: pb::ReportedItemType::OneTime.into(),
        product_key: "setup".to_owned(),
        ..Default::default()
    };
    let told = world
        .reported
        .upsert_reported_payment(world.at(NOW, paid.clone()));
    told.await.unwrap();
    let acme = world.neighbors.lock().unwrap().customers["acme"].clone();
    let list = || pb::ListPurchasesRequest {
        customer_id: acme.clone(),
        ..Default::default()
    };
    let listed = world
        .purchases()
        .list_purchases(world.at(NOW, list()))
        .await;
    let bought = listed.unwrap().into_inner().purchases;
    assert_eq!(bought.len(), 1);
    assert_eq!(bought[0].origin(), pb::TermOrigin::Probe);
    assert_eq!(bought[0].store_purchase_identifier, "invoice_1");
    assert_eq!(bought[0].product_short_id, "prod-setup");
    assert_eq!(day(bought[0].purchase_time), "2024-05-20");
    let gross = bought[0].revenue.clone().unwrap().gross.unwrap();
    assert_eq!(gross.value, "25");
    let open = ("ID-setup".into(), "2024-05-20".into(), ENDLESS.into());
    assert_eq!(world.rights(&acme), [open]);
    let refund = pb::RefundPurchaseRequest {
        id: bought[0].id.clone(),
        request_id: String::new(),
    };
    let refused = world
        .purchases()
        .refund_purchase(world.at(NOW, refund))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "REPORTED_ELSEWHERE");
    // Told otherwise, the same purchase is otherwise.
    let corrected = pb::UpsertReportedPaymentRequest {
        monthly_amount: usd("10").unwrap().amount,
        ..paid
    };
    let told = world
        .reported
        .upsert_reported_payment(world.at(NOW, corrected));
    told.await.unwrap();
    let listed = world
        .purchases()
        .list_purchases(world.at(NOW, list()))
        .await;
    let again = listed.unwrap().into_inner().purchases;
    assert_eq!(again[0].short_id, bought[0].short_id);
    assert_eq!(again[0].revenue.clone().unwrap().gross.unwrap().value, "20");
}
