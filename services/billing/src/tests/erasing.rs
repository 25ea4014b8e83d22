//! What becomes of invoices when their customer is erased or anonymized.
#![expect(clippy::unwrap_used, reason = "tests")]

use chassis::feed::{Consume as _, Event};
use contract::{
    billing::v1::{
        self as pb, customer_app_service_server::CustomerAppService as _,
        invoice_service_server::InvoiceService as _, override_service_server::OverrideService as _,
        subscription_sync_service_server::SubscriptionSyncService as _,
    },
    customer::v1 as customer,
};
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, Statement};

use super::{
    refusal,
    stripe::Scene,
    subscriptions::{apply, plain},
    world::*,
};

/// What the world says of its customer, and of no one else.
const PERSONAL: [&str; 2] = ["Test Customer", "acme"];

impl World {
    async fn erase(&self) -> (i64, i64) {
        let request = pb::EraseCustomerInvoicesRequest {
            customer_id: CUSTOMER.to_owned(),
            request_id: String::new(),
        };
        let answer = self
            .billing
            .erase_customer_invoices(self.call(request))
            .await
            .unwrap()
            .into_inner();
        (answer.removed_count, answer.redacted_count)
    }

    /// Lets drafts wait for a person.
    async fn drafts_wait(&self) {
        self.update_profile(|profile| {
            let invoicing = pb::InvoicingSettings {
                auto_advance: Some(false),
                ..Default::default()
            };
            profile.workflow.as_mut().unwrap().invoicing = Some(invoicing);
        })
        .await;
    }

    /// A paid invoice, a draft and a pending line, all of the same customer.
    async fn three(&self) -> (pb::Invoice, pb::Invoice) {
        let fee = |name: &str, due: &str| {
            let mut fee = line(name, due, "2024-06-01", due, flat("5", false));
            fee.metadata = [("who".to_owned(), "acme".to_owned())].into();
            fee
        };
        self.pending("USD", vec![fee("paid", "2024-01-01")]).await;
        let paid = self.invoice().await;
        assert_eq!(status(&paid), "paid");
        self.drafts_wait().await;
        self.pending("USD", vec![fee("draft", "2024-01-01")]).await;
        let draft = self.invoice().await;
        assert_eq!(status(&draft), "draft.manual_approval_needed");
        self.pending("USD", vec![fee("later", "2024-05-01")]).await;
        assert_eq!(self.list().await.len(), 3);
        (paid, draft)
    }

    /// What any table still says of the customer.
    async fn mentions(&self) -> Vec<String> {
        let db = self.billing.db.reader();
        let mut found = Vec::new();
        for (table, columns) in [
            ("invoice", vec!["customer_name", "body"]),
            ("invoice_line", vec!["body"]),
            ("customer", vec!["name", "key"]),
            ("subscription", vec!["body"]),
            ("outbox", vec!["payload"]),
            ("audit_entry", vec!["before", "after"]),
        ] {
            for column in columns {
                let statement = Statement::from_string(
                    db.get_database_backend(),
                    format!("SELECT {column} AS said FROM {table}"),
                );
                for row in db.query_all_raw(statement).await.unwrap() {
                    let said = row
                        .try_get::<Option<Vec<u8>>>("", "said")
                        .or_else(|_| {
                            row.try_get::<Option<String>>("", "said")
                                .map(|text| text.map(String::into_bytes))
                        })
                        .unwrap()
                        .unwrap_or_default();
                    let said = String::from_utf8_lossy(&said).into_owned();
                    if PERSONAL.iter().any(|word| said.contains(word)) {
                        found.push(format!("{table}.{column}: {said}"));
                    }
                }
            }
        }
        found
    }

    async fn hear(&self, kind: &str, said: &customer::Customer) {
        let context = self.context();
        let event = Event {
            cursor: 1,
            kind: kind.to_owned(),
            project: self.project(),
            id: said.id.clone(),
            revision: 2,
            payload: said.encode_to_vec(),
            create_time: context.now,
            actor: String::new(),
        };
        let mut write = self.billing.db.system_write(&context).await.unwrap();
        crate::consume::Customers
            .apply(&mut write, &event)
            .await
            .unwrap();
        write.commit().await.unwrap();
    }
}

async fn is_gone(world: &World, invoice: &str) -> bool {
    let request = pb::GetInvoiceRequest {
        invoice_id: invoice.to_owned(),
        include_deleted_lines: false,
    };
    let answer = world.billing.get_invoice(world.call(request)).await;
    answer.is_err_and(|status| status.code() == tonic::Code::NotFound)
}

#[tokio::test]
async fn an_erased_customer_leaves_bare_invoices() {
    let world = World::new("2024-01-01").await;
    let (paid, draft) = world.three().await;
    assert!(!world.mentions().await.is_empty());

    assert_eq!(world.erase().await, (2, 1));
    let bare = world.get(&paid.id).await;
    assert_eq!(
        bare.customer,
        Some(pb::InvoiceCustomer {
            id: CUSTOMER.to_owned(),
            name: "anonymized".to_owned(),
            ..Default::default()
        })
    );
    assert_eq!((status(&bare), total(&bare)), ("paid", "5"));
    assert_eq!(
        (bare.number.as_str(), bare.lines[0].name.as_str()),
        (paid.number.as_str(), "paid")
    );
    assert!(is_gone(&world, &draft.id).await);
    assert_eq!(world.list().await.len(), 1);
    assert_eq!(world.mentions().await, Vec::<String>::new());
    assert_eq!(world.differences().await, Vec::<String>::new());

    // Once more is no mistake, nor is somebody who was never known.
    assert_eq!(world.erase().await, (0, 0));
    let stranger = pb::EraseCustomerInvoicesRequest {
        customer_id: "01ARZ3NDEKTSV4RRFFQ69G5FZZ".to_owned(),
        request_id: String::new(),
    };
    let answer = world
        .billing
        .erase_customer_invoices(world.call(stranger))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.removed_count, answer.redacted_count), (0, 0));
    let nobody = pb::EraseCustomerInvoicesRequest {
        customer_id: "acme".to_owned(),
        request_id: String::new(),
    };
    let answer = world
        .billing
        .erase_customer_invoices(world.call(nobody))
        .await;
    assert_eq!(answer.unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn nothing_that_is_told_late_brings_lines_back() {
    let world = World::new("2024-01-01").await;
    let applied = apply(&world, plain(1, None)).await;
    assert_eq!(applied.invoice_ids.len(), 1);
    world.erase().await;
    assert!(!apply(&world, plain(7, None)).await.applied);
    world.advance("2024-04-01").await;
    let left: Vec<String> = world
        .list()
        .await
        .into_iter()
        .map(|invoice| invoice.id)
        .collect();
    assert_eq!(left, applied.invoice_ids);
}

#[tokio::test]
async fn what_is_kept_beside_invoices_goes_too() {
    let (scene, _) = Scene::ready().await;
    let world = &scene.world;
    let request = pb::PutOverrideRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    world
        .billing
        .put_override(world.call(request))
        .await
        .unwrap();
    world.erase().await;
    let db = world.billing.db.reader();
    for table in [
        "customer_override",
        "customer_app",
        "stale_hold",
        "customer",
    ] {
        let statement = format!("SELECT 1 AS one FROM {table}");
        let statement = Statement::from_string(db.get_database_backend(), statement);
        assert!(
            db.query_all_raw(statement).await.unwrap().is_empty(),
            "{table}"
        );
    }
    let request = pb::ListCustomerAppsRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    let left = world
        .billing
        .list_customer_apps(world.call(request))
        .await
        .unwrap()
        .into_inner();
    assert!(left.customer_apps.is_empty());
}

#[tokio::test]
async fn a_draft_that_stripe_has_is_deleted_there() {
    let (scene, _) = Scene::ready().await;
    scene.world.drafts_wait().await;
    scene.fee("5").await;
    let draft = scene.world.invoice().await;
    assert_eq!(scene.stripe.invoices().len(), 1);

    assert_eq!(scene.world.erase().await, (1, 0));
    assert!(scene.stripe.invoices().is_empty());
    let gone = scene.world.get(&draft.id).await;
    assert_eq!(status(&gone), "deleted");
    assert_eq!(gone.customer.unwrap().name, "anonymized");
    assert_eq!(scene.world.mentions().await, Vec::<String>::new());

    // What the erasure left of it goes when the feed tells of it.
    let erased = customer::Customer {
        id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    scene.world.hear("customer.erased", &erased).await;
    assert!(is_gone(&scene.world, &draft.id).await);
}

#[tokio::test]
async fn a_draft_that_cannot_be_billed_goes_all_the_same() {
    let scene = Scene::new().await;
    scene
        .install(super::fake_stripe::KEY)
        .await
        .unwrap()
        .app
        .unwrap();
    scene.fee("5").await;
    let draft = scene.world.invoice().await;
    assert_eq!(status(&draft), "draft.invalid");
    assert_eq!(scene.world.erase().await, (1, 0));
    assert!(is_gone(&scene.world, &draft.id).await);
}

#[tokio::test]
async fn the_feed_of_customers_erases_as_the_call_does() {
    let world = World::new("2024-01-01").await;
    let (paid, draft) = world.three().await;
    let erased = customer::Customer {
        id: CUSTOMER.to_owned(),
        key: "acme".to_owned(),
        ..Default::default()
    };
    world.hear("customer.erased", &erased).await;
    assert_eq!(
        world.get(&paid.id).await.customer.unwrap().name,
        "anonymized"
    );
    assert!(is_gone(&world, &draft.id).await);
    assert_eq!(world.mentions().await, Vec::<String>::new());
}

#[tokio::test]
async fn drafts_follow_an_anonymized_customer_and_issued_invoices_do_not() {
    let world = World::new("2024-01-01").await;
    let (paid, draft) = world.three().await;
    let anonymized = customer::Customer {
        id: CUSTOMER.to_owned(),
        key: "acme".to_owned(),
        display_name: "anonymized".to_owned(),
        usage_attribution: Some(customer::UsageAttribution {
            subject_keys: vec!["acme-1".to_owned()],
        }),
        update_time: wire("2024-01-02"),
        ..Default::default()
    };
    world.hear("customer.anonymized", &anonymized).await;
    assert_eq!(world.get(&paid.id).await.customer, paid.customer);
    let now = world.get(&draft.id).await;
    let buyer = now.customer.clone().unwrap();
    assert_eq!(
        (buyer.name.as_str(), buyer.key.as_str()),
        ("anonymized", "acme")
    );
    assert_eq!((status(&now), total(&now)), (status(&draft), total(&draft)));
    // What was recorded of the draft follows, too.
    let db = world.billing.db.reader();
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT payload FROM outbox WHERE resource_id = $1",
        [draft.id.clone().into()],
    );
    let rows = db.query_all_raw(statement).await.unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let payload: Vec<u8> = row.try_get("", "payload").unwrap();
        let said = pb::Invoice::decode(payload.as_slice()).unwrap();
        assert_eq!(said.customer.unwrap().name, "anonymized");
    }
    let (reason, _) = refusal(
        world
            .billing
            .delete_invoice(world.call(pb::DeleteInvoiceRequest {
                invoice_id: paid.id,
                ..Default::default()
            }))
            .await,
    );
    assert!(!reason.is_empty(), "a paid invoice still cannot be deleted");
}
