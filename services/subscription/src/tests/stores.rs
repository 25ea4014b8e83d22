//! Transactions of stores through the handlers: what they come to, what entitlement is told, what counts.

use contract::subscription::v1::{
    StoreTransactionType as Type, overview_service_server::OverviewService as _,
    purchase_service_server::PurchaseService as _, revenue_service_server::RevenueService as _,
    store_transaction_service_server::StoreTransactionService as _,
    term_service_server::TermService as _,
};

use super::sold::{OTHER, bought, by_id, day, happened, usd};
use super::world::CUSTOMER;
use super::*;

const APPLE: pb::Store = pb::Store::AppStore;
const OURS: pb::Store = pb::Store::BuiltIn;

async fn world() -> World {
    let world = World::new().await;
    world.sells("gold", "P1M");
    world.sells("silver", "P1Y");
    world.sells("coins", "");
    world
}

fn cents(value: Option<&contract::kernel::v1::Decimal>) -> String {
    value.map(|value| value.value.clone()).unwrap_or_default()
}

fn gross(term: &pb::Term) -> String {
    cents(term.revenue.as_ref().unwrap().gross.as_ref())
}

/// Status, renewal and access.
fn standing(term: &pb::Term) -> (pb::TermStatus, pb::AutoRenewalStatus, bool) {
    (term.status(), term.auto_renewal_status(), term.gives_access)
}

#[tokio::test]
async fn a_bought_period_gives_access_until_its_end_and_money() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let told = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    let answer = world.tell(now, told.clone()).await.unwrap();
    assert!(!answer.duplicate);
    let term = &answer.terms[0];
    let expected = (
        pb::TermStatus::Active,
        pb::AutoRenewalStatus::WillRenew,
        true,
    );
    assert_eq!(standing(term), expected);
    assert_eq!(term.product_short_id, "prod-gold");
    assert!(term.short_id.starts_with("sub") && term.short_id.len() == 13);
    assert_eq!(day(term.current_period_end_time), "2024-02-01");
    let revenue = term.revenue.as_ref().unwrap();
    let parts = [
        &revenue.gross,
        &revenue.tax,
        &revenue.commission,
        &revenue.proceeds,
    ];
    assert_eq!(
        parts.map(|part| cents(part.as_ref())),
        ["10", "0", "3", "7"]
    );
    let until = ("ID-gold".into(), "2024-01-01".into(), "2024-02-01".into());
    assert_eq!(world.rights(CUSTOMER), [until]);
    // Told again it is the same, whatever the catalog says by now; another one under its id is refused.
    world.neighbors.lock().unwrap().products[0].duration = "P1W".to_owned();
    let again = world.tell(now, told.clone()).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(again.terms, answer.terms.clone());
    assert_eq!(again.transaction, answer.transaction);
    let other = pb::StoreTransaction {
        price: usd("11"),
        ..told
    };
    let refused = world.tell(now, other).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    assert_eq!(reason(&refused), "STORE_TRANSACTION_DIFFERS");
    assert_eq!(world.list(now, CUSTOMER).await, answer.terms);
}

#[tokio::test]
async fn the_order_of_arrival_changes_nothing_and_ids_stay() {
    let told = [
        bought("1", "gold", APPLE, "2024-01-01T00:00:00Z"),
        happened("2", Type::Renewal, APPLE, "2024-02-01T00:00:00Z"),
        happened("3", Type::Cancellation, APPLE, "2024-02-10T00:00:00Z"),
        bought("4", "gold", APPLE, "2024-05-01T00:00:00Z"),
        happened("5", Type::BillingIssue, APPLE, "2024-06-01T00:00:00Z"),
        happened("6", Type::Renewal, APPLE, "2024-06-20T00:00:00Z"),
    ];
    let now = "2024-06-25T00:00:00Z";
    let mut lives: Vec<Vec<pb::Term>> = Vec::new();
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]] {
        let world = world().await;
        let mut first_id = None;
        for index in order {
            world.tell(now, told[index].clone()).await.unwrap();
            // The term that the purchase opened is the same term whatever comes later.
            let terms = world.list(now, CUSTOMER).await;
            let opened = terms
                .iter()
                .find(|term| day(term.start_time) == "2024-05-01");
            if let Some(opened) = opened {
                let id = first_id.get_or_insert(opened.short_id.clone());
                assert_eq!(*id, opened.short_id);
            }
        }
        let mut terms = world.list(now, CUSTOMER).await;
        let rights = world.rights(CUSTOMER);
        let spans = rights.iter().map(|(_, from, to)| format!("{from} {to}"));
        assert_eq!(
            spans.collect::<Vec<_>>(),
            [
                "2024-01-01 2024-03-01",
                "2024-05-01 2024-06-01",
                "2024-06-20 2024-07-20"
            ]
        );
        for term in &mut terms {
            term.id.clear();
            term.short_id.clear();
            term.source_id.clear();
        }
        lives.push(terms);
    }
    assert_eq!(lives[0].len(), 2);
    assert_eq!(lives[0], lives[1]);
    assert_eq!(lives[0], lives[2]);
}

#[tokio::test]
async fn what_a_store_sold_is_on_the_ledger_of_every_dialect() {
    let world = world().await;
    let now = "2024-03-10T00:00:00Z";
    let yearly = pb::StoreTransaction {
        price: usd("120"),
        ..bought("1", "silver", APPLE, "2024-01-10T00:00:00Z")
    };
    let answer = world.tell(now, yearly).await.unwrap();
    let monthly = answer.terms[0].monthly_value.clone().unwrap();
    assert_eq!(cents(monthly.amount.as_ref()), "10");
    let changes = pb::ListRevenueChangesRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    let ledger = world.revenue.list_revenue_changes(world.at(now, changes));
    let ledger = ledger.await.unwrap().into_inner().changes;
    let shown: Vec<_> = ledger
        .iter()
        .map(|change| {
            (
                change.product_key.as_str(),
                day(change.effective_time),
                change.class(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("silver", "2024-01-10".into(), pb::RevenueClass::Paid),
            ("silver", "2025-01-10".into(), pb::RevenueClass::Ended)
        ]
    );
    // A sandbox purchase and a shared one give access and count nowhere.
    let sandbox = pb::StoreTransaction {
        environment: pb::StoreEnvironment::Sandbox.into(),
        ..bought("2", "gold", APPLE, "2024-03-01T00:00:00Z")
    };
    let shared = pb::StoreTransaction {
        ownership: pb::Ownership::FamilyShared.into(),
        store_subscription_identifier: "T".to_owned(),
        ..bought("3", "gold", APPLE, "2024-03-01T00:00:00Z")
    };
    let coins = pb::StoreTransaction {
        store_subscription_identifier: String::new(),
        quantity: 2,
        ..bought("4", "coins", APPLE, "2024-03-02T00:00:00Z")
    };
    for told in [sandbox, shared, coins] {
        world.tell(now, told).await.unwrap();
    }
    assert_eq!(world.rights(CUSTOMER).len(), 4);
    let overview = world
        .overview()
        .get_overview_metrics(world.at(now, pb::GetOverviewMetricsRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (overview.active_trials, overview.active_subscriptions),
        (0, 1)
    );
    assert_eq!(cents(overview.mrr.as_ref()), "10");
    // The year was paid before the window, the coins in it.
    assert_eq!(cents(overview.revenue.as_ref()), "20");
    assert_eq!(overview.transactions, 1);
    assert_eq!((overview.new_customers, overview.active_users), (2, 1));
    let environment = |environment: pb::StoreEnvironment| pb::ListTermsRequest {
        customer_id: CUSTOMER.to_owned(),
        environment: environment.into(),
        ..Default::default()
    };
    for (wanted, count) in [
        (pb::StoreEnvironment::Unspecified, 3),
        (pb::StoreEnvironment::Production, 2),
        (pb::StoreEnvironment::Sandbox, 1),
    ] {
        let request = world.at(now, environment(wanted));
        let answer = world.terms().list_terms(request).await;
        assert_eq!(answer.unwrap().into_inner().terms.len(), count);
    }
}

#[tokio::test]
async fn amounts_without_a_rate_are_left_out_and_named() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let mut euros = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    euros.price.as_mut().unwrap().currency_code = "EUR".to_owned();
    let answer = world.tell(now, euros).await.unwrap();
    assert_eq!(gross(&answer.terms[0]), "0");
    let read = || world.at(now, pb::GetOverviewMetricsRequest {});
    let overview = world.overview().get_overview_metrics(read()).await;
    let overview = overview.unwrap().into_inner();
    assert_eq!(overview.active_subscriptions, 1);
    assert_eq!(cents(overview.mrr.as_ref()), "0");
    assert_eq!(overview.unconverted_term_ids, [answer.terms[0].id.clone()]);
    let rates = &mut world.neighbors.lock().unwrap().rates;
    rates.insert("EUR".to_owned(), "1.105");
    let _ = rates;
}

#[tokio::test]
async fn a_purchase_is_owned_until_it_is_refunded() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let coins = pb::StoreTransaction {
        store_subscription_identifier: String::new(),
        quantity: 3,
        ..bought("C", "coins", OURS, "2024-01-10T00:00:00Z")
    };
    let answer = world.tell(now, coins).await.unwrap();
    let owned = answer.purchase.unwrap();
    assert_eq!(
        (owned.status(), owned.quantity),
        (pb::PurchaseStatus::Owned, 3)
    );
    assert!(owned.short_id.starts_with("purch") && owned.short_id.len() == 15);
    assert_eq!(cents(owned.revenue.unwrap().gross.as_ref()), "30");
    let open = ("ID-coins".into(), "2024-01-10".into(), String::new());
    assert_eq!(world.rights(CUSTOMER), [open]);
    let refund = |id: &str| pb::RefundPurchaseRequest {
        id: id.to_owned(),
        request_id: "R".to_owned(),
    };
    let answer = world
        .purchases()
        .refund_purchase(world.at(now, refund(&owned.short_id)))
        .await
        .unwrap();
    let back = answer.into_inner().purchase.unwrap();
    assert_eq!(
        (back.id.clone(), back.status()),
        (owned.id.clone(), pb::PurchaseStatus::Refunded)
    );
    assert_eq!(cents(back.revenue.as_ref().unwrap().gross.as_ref()), "0");
    assert_eq!(world.rights(CUSTOMER)[0].2, "2024-01-15");
    // The retry is answered alike, another try is refused.
    let retried = world
        .purchases()
        .refund_purchase(world.at(now, refund(&owned.short_id)))
        .await;
    assert_eq!(retried.unwrap().into_inner().purchase, Some(back.clone()));
    let again = pb::RefundPurchaseRequest {
        id: owned.id.clone(),
        request_id: String::new(),
    };
    let refused = world
        .purchases()
        .refund_purchase(world.at(now, again))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "NOTHING_TO_REFUND");
    let list = pb::ListPurchasesRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    let listed = world.purchases().list_purchases(world.at(now, list)).await;
    assert_eq!(listed.unwrap().into_inner().purchases, [back]);
    let missing = pb::GetPurchaseRequest {
        id: "purch0000000000".to_owned(),
    };
    let missing = world.purchases().get_purchase(world.at(now, missing)).await;
    assert_eq!(reason(&missing.unwrap_err()), "PURCHASE_NOT_FOUND");
}

#[tokio::test]
async fn rights_move_with_a_transfer_and_the_old_owner_has_none() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let coins = pb::StoreTransaction {
        store_subscription_identifier: String::new(),
        ..bought("C", "coins", APPLE, "2024-01-10T00:00:00Z")
    };
    let first = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    world.tell(now, first).await.unwrap();
    world.tell(now, coins).await.unwrap();
    let transfer = |target: &str| pb::TransferStoreRightsRequest {
        source: by_id(CUSTOMER),
        target: by_id(target),
        request_id: String::new(),
    };
    let stores = world.stores();
    let refused = stores.transfer_store_rights(world.at(now, transfer(CUSTOMER)));
    assert_eq!(
        refused.await.unwrap_err().code(),
        tonic::Code::InvalidArgument
    );
    let moved = stores.transfer_store_rights(world.at(now, transfer(OTHER)));
    let moved = moved.await.unwrap().into_inner();
    assert_eq!((moved.subscription_count, moved.purchase_count), (1, 1));
    assert!(world.list(now, CUSTOMER).await.is_empty());
    assert!(world.rights(CUSTOMER).is_empty());
    assert_eq!(world.rights(OTHER).len(), 2);
    let theirs = world.list(now, OTHER).await;
    assert_eq!(theirs[0].customer_id, OTHER);
    assert_eq!(theirs[0].original_customer_id, CUSTOMER);
    let later = happened("9", Type::Renewal, APPLE, "2024-02-01T00:00:00Z");
    let renewed = world.tell("2024-02-02T00:00:00Z", later).await.unwrap();
    assert_eq!(renewed.terms[0].customer_id, OTHER);
    let list = pb::ListStoreTransactionsRequest {
        customer_id: OTHER.to_owned(),
        page_size: 3,
        ..Default::default()
    };
    let page = stores.list_store_transactions(world.at(now, list.clone()));
    let page = page.await.unwrap().into_inner();
    assert_eq!(page.transactions.len(), 3);
    let rest = pb::ListStoreTransactionsRequest {
        page_token: page.next_page_token,
        ..list
    };
    let rest = world
        .stores()
        .list_store_transactions(world.at(now, rest))
        .await;
    assert_eq!(rest.unwrap().into_inner().transactions.len(), 2);
}

#[tokio::test]
async fn what_is_ours_is_canceled_and_refunded_here_and_nothing_else() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let ours = world
        .tell(now, bought("1", "gold", OURS, "2024-01-01T00:00:00Z"))
        .await
        .unwrap();
    let cancel = |id: &str| pb::CancelTermRequest {
        id: id.to_owned(),
        request_id: String::new(),
    };
    let id = &ours.terms[0].short_id;
    let canceled = world.terms().cancel_term(world.at(now, cancel(id))).await;
    let canceled = canceled.unwrap().into_inner().term.unwrap();
    let expected = (
        pb::TermStatus::Active,
        pb::AutoRenewalStatus::WillNotRenew,
        true,
    );
    assert_eq!(standing(&canceled), expected);
    assert_eq!(day(canceled.end_time), "2024-02-01");
    let again = world.terms().cancel_term(world.at(now, cancel(id))).await;
    assert_eq!(reason(&again.unwrap_err()), "TERM_NOT_CANCELABLE");
    let refund = |id: &str, request_id: &str| pb::RefundTermRequest {
        id: id.to_owned(),
        request_id: request_id.to_owned(),
    };
    for _ in 0..2 {
        let refunded = world
            .terms()
            .refund_term(world.at(now, refund(id, "R")))
            .await;
        let refunded = refunded.unwrap().into_inner().term.unwrap();
        assert_eq!(
            (refunded.status(), gross(&refunded)),
            (pb::TermStatus::Expired, "0".into())
        );
    }
    assert_eq!(world.rights(CUSTOMER)[0].2, "2024-01-15");
    let again = world
        .terms()
        .refund_term(world.at(now, refund(id, "")))
        .await;
    assert_eq!(reason(&again.unwrap_err()), "NOTHING_TO_REFUND");
    let theirs = pb::StoreTransaction {
        store_subscription_identifier: "T".to_owned(),
        ..bought("2", "gold", APPLE, "2024-01-01T00:00:00Z")
    };
    let theirs = world.tell(now, theirs).await.unwrap().terms.remove(0);
    let refused = world
        .terms()
        .cancel_term(world.at(now, cancel(&theirs.id)))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "MANAGED_BY_STORE");
    let refused = world
        .terms()
        .refund_term(world.at(now, refund(&theirs.id, "")))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "MANAGED_BY_STORE");
    let missing = world
        .terms()
        .cancel_term(world.at(now, cancel("sub0000000000")))
        .await;
    let missing = missing.unwrap_err();
    assert_eq!(
        (missing.code(), reason(&missing).as_str()),
        (tonic::Code::NotFound, "TERM_NOT_FOUND")
    );
}

#[tokio::test]
async fn what_entitlement_was_not_told_it_is_told_later() {
    use chassis::timer::Timer as _;
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    world.neighbors.lock().unwrap().down.insert("entitlement");
    let told = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    world.tell(now, told).await.unwrap();
    assert!(world.rights(CUSTOMER).is_empty());
    world.neighbors.lock().unwrap().down.clear();
    let timer = crate::rights::RightsTimer::new(world.replica());
    // It was tried and put off for a second of system time.
    let mut done = 0;
    while done == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if !timer.due().await.unwrap().is_empty() {
            done = timer.run(&world.context(now)).await.unwrap();
        }
    }
    assert_eq!((done, world.rights(CUSTOMER).len()), (1, 1));
    assert!(timer.due().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_process_left_behind_is_told_by_the_next() {
    use chassis::timer::Timer as _;
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let told = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    world.die("ApplyProductAccess", world.tell(now, told)).await;
    world.neighbors.lock().unwrap().rights.clear();
    let timer = crate::rights::RightsTimer::new(world.replica());
    assert_eq!(timer.due().await.unwrap().len(), 1);
    assert_eq!(timer.run(&world.context(now)).await.unwrap(), 1);
    assert_eq!(world.rights(CUSTOMER).len(), 1);
}

#[tokio::test]
async fn a_wrong_transaction_is_refused_by_field_and_nothing_is_written() {
    let world = world().await;
    let now = "2024-01-15T00:00:00Z";
    let good = bought("1", "gold", APPLE, "2024-01-01T00:00:00Z");
    let with = |change: &dyn Fn(&mut pb::StoreTransaction)| {
        let mut wrong = good.clone();
        change(&mut wrong);
        wrong
    };
    let half = Some(contract::kernel::v1::Decimal {
        value: "0.6".to_owned(),
    });
    for (field, wrong) in [
        ("id", with(&|told| told.id.clear())),
        ("id", with(&|told| told.id = "x".repeat(256))),
        ("type", with(&|told| told.r#type = 0)),
        ("type", with(&|told| told.r#type = 99)),
        ("store", with(&|told| told.store = 0)),
        (
            "store",
            with(&|told| told.store = pb::Store::Promotional.into()),
        ),
        ("environment", with(&|told| told.environment = 9)),
        ("ownership", with(&|told| told.ownership = 9)),
        ("time", with(&|told| told.time = None)),
        ("customer", with(&|told| told.customer = None)),
        ("product_id", with(&|told| told.product_id.clear())),
        (
            "product_id",
            with(&|told| told.product_id = "ID-coins".to_owned()),
        ),
        (
            "product_id",
            with(&|told| told.store_subscription_identifier.clear()),
        ),
        (
            "store_subscription_identifier",
            with(&|told| {
                told.set_type(Type::Renewal);
                told.store_subscription_identifier.clear();
            }),
        ),
        (
            "target_transaction_id",
            with(&|told| {
                told.set_type(Type::Refund);
                told.store_subscription_identifier.clear();
            }),
        ),
        (
            "period_end_time",
            with(&|told| told.period_end_time = told.time),
        ),
        ("quantity", with(&|told| told.quantity = -1)),
        ("quantity", with(&|told| told.quantity = 2)),
        ("price", with(&|told| told.price = usd("-1"))),
        ("price", with(&|told| told.trial = true)),
        (
            "tax_share",
            with(&|told| told.tax_share = usd("2").unwrap().amount),
        ),
        (
            "commission_share",
            with(&|told| {
                told.tax_share = half.clone();
                told.commission_share = half.clone();
            }),
        ),
        (
            "country_code",
            with(&|told| told.country_code = "us".to_owned()),
        ),
        (
            "management_url",
            with(&|told| told.management_url = "ftp://x".to_owned()),
        ),
    ] {
        let refused = world.tell(now, wrong).await.unwrap_err();
        assert_eq!(
            refused.code(),
            tonic::Code::InvalidArgument,
            "{field}: {refused:?}"
        );
        let details = chassis::error::details(&refused);
        let named = &details.violations[0].field;
        assert_eq!(*named, format!("transaction.{field}"));
    }
    let unknown = with(&|told| told.product_id = "ID-none".to_owned());
    assert_eq!(
        world.tell(now, unknown).await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    assert!(world.list(now, CUSTOMER).await.is_empty());
    assert_eq!(world.called("ApplyProductAccess"), 0);
}
