//! Invoices: told when they leave the gathering state, and when they change.

use contract::{
    billing::v1::{Invoice, InvoiceState},
    notification::v1::EventType,
};

use super::{World, rule_of};

fn invoice(state: InvoiceState, revision: i64) -> Invoice {
    Invoice {
        id: "01ARZ3NDEKTSV4RRFFQ69G5FAX".to_owned(),
        number: "INV-1".to_owned(),
        state: state.into(),
        revision,
        etag: revision.to_string(),
        ..Default::default()
    }
}

impl World {
    async fn invoice(&self, kind: &str, invoice: &Invoice) {
        self.feed("billing", kind, invoice.revision, invoice).await;
    }
}

#[tokio::test]
async fn an_invoice_is_made_once_and_then_changes() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    world
        .made_rule(rule_of(EventType::InvoiceUpdated, &[&ops.id], &[]))
        .await;
    world
        .invoice("invoice.created", &invoice(InvoiceState::Gathering, 1))
        .await;
    assert!(
        world.events().await.is_empty(),
        "gathering invoices never notify"
    );
    // The first that is seen of it is that it was made, whatever the feed calls it.
    let draft = invoice(InvoiceState::DraftCreated, 2);
    world.invoice("invoice.updated", &draft).await;
    world.invoice("invoice.updated", &draft).await;
    world
        .invoice(
            "invoice.created",
            &invoice(InvoiceState::DraftCollecting, 3),
        )
        .await;
    // A write without a change is none.
    world
        .invoice(
            "invoice.updated",
            &invoice(InvoiceState::DraftCollecting, 4),
        )
        .await;
    world
        .invoice("invoice.updated", &invoice(InvoiceState::Issued, 5))
        .await;
    // What comes late is known.
    world
        .invoice(
            "invoice.updated",
            &invoice(InvoiceState::DraftCollecting, 3),
        )
        .await;
    let told = world.told().await;
    let states = ["DRAFT_CREATED", "DRAFT_COLLECTING", "ISSUED"];
    assert_eq!(told, states.map(|state| format!("INVOICE_STATE_{state}")));
    let events = world.events().await;
    let kinds: Vec<EventType> = events.iter().map(|event| event.event_type()).collect();
    assert_eq!(
        kinds,
        [
            EventType::InvoiceCreated,
            EventType::InvoiceUpdated,
            EventType::InvoiceUpdated
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event.invoice_number == "INV-1" && event.dedupe_hash.is_empty())
    );
    assert_eq!(events[2].object_sequence, 3);
}

#[tokio::test]
async fn an_invoice_from_before_the_rule_is_not_new() {
    let world = World::new().await;
    let ops = world.made_channel().await;
    world
        .invoice("invoice.created", &invoice(InvoiceState::DraftCreated, 1))
        .await;
    world
        .made_rule(rule_of(EventType::InvoiceCreated, &[&ops.id], &[]))
        .await;
    world
        .invoice("invoice.updated", &invoice(InvoiceState::Issued, 2))
        .await;
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn every_state_that_an_invoice_passes_is_told() {
    use InvoiceState::{DraftCollecting, DraftWaitingAutoApproval, Issued, Paid};
    let world = World::new().await;
    let ops = world.made_channel().await;
    for kind in [EventType::InvoiceCreated, EventType::InvoiceUpdated] {
        world.made_rule(rule_of(kind, &[&ops.id], &[])).await;
    }
    let passing = |states: [InvoiceState; 2], first: i64| Invoice {
        passed: vec![invoice(states[0], first), invoice(states[1], first + 1)],
        ..invoice(states[1], first + 2)
    };
    let made = passing([DraftCollecting, DraftWaitingAutoApproval], 2);
    let paid = passing([Issued, Paid], 5);
    for (kind, invoice) in [
        ("invoice.created", &made),
        ("invoice.updated", &paid),
        ("invoice.updated", &paid),
    ] {
        world.invoice(kind, invoice).await;
    }
    // It was made as it rested first; the state in which it rests is not told once more.
    let states = [
        DraftWaitingAutoApproval,
        DraftCollecting,
        DraftWaitingAutoApproval,
        Issued,
        Paid,
    ];
    let names = states.map(|state| state.as_str_name().to_owned());
    assert_eq!(world.told().await, names);
    let events = world.events().await;
    let kinds: Vec<EventType> = events.iter().map(|event| event.event_type()).collect();
    let updates = kinds
        .iter()
        .filter(|kind| **kind == EventType::InvoiceUpdated);
    assert_eq!((kinds[0], updates.count()), (EventType::InvoiceCreated, 4));
}
