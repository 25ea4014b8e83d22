//! What the feeds of other services mean here: whose balances to look at, which resets to notice, which invoices to
//! tell of, and what to forget. Nothing is asked of others inside these transactions.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{
    Write,
    feed::{Consume, ConsumerSpec, Event},
    secret::{hex, sha256},
};
use contract::{
    billing::v1::{Invoice, InvoiceState},
    convert::from_timestamp,
    entitlement::v1::{Entitlement, EntitlementReset, Grant, entitlement::Kind as EntitlementKind},
    metering::v1::UsageChanged,
    partial::InvoiceStanding,
};
use jiff::Timestamp;
use prost::Message as _;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use tonic::Status;

use crate::{
    Render, compose,
    domain::rule::EventType,
    error::NotificationError,
    store::{
        self,
        boundary::{self, Boundary},
        evaluation::{self, Kind},
        invoice::{self, Sight},
        rule::{self, Rule},
    },
};

/// The feeds that the service follows.
pub fn all(render: Render) -> Vec<ConsumerSpec> {
    vec![
        ConsumerSpec {
            name: "notification.customer",
            source: "customer",
            handler: Arc::new(Customers),
        },
        ConsumerSpec {
            name: "notification.metering",
            source: "metering",
            handler: Arc::new(Metering),
        },
        ConsumerSpec {
            name: "notification.entitlement",
            source: "entitlement",
            handler: Arc::new(Entitlements),
        },
        ConsumerSpec {
            name: "notification.billing",
            source: "billing",
            handler: Arc::new(Billing { render }),
        },
    ]
}

/// Follows what customers want forgotten.
struct Customers;

#[async_trait::async_trait]
impl Consume for Customers {
    fn concerns(&self, event: &Event) -> bool {
        matches!(
            event.kind.as_str(),
            "customer.erased" | "customer.anonymized"
        )
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let erased = event.kind == "customer.erased";
        let project = write.context().project;
        store::event::redact(write.tx(), project, &event.id, erased).await?;
        Ok(())
    }
}

/// Follows usage.
struct Metering;

#[async_trait::async_trait]
impl Consume for Metering {
    fn concerns(&self, event: &Event) -> bool {
        event.kind == "usage.changed"
    }

    async fn wants(&self, reader: &DatabaseConnection, event: &Event) -> Result<bool, Status> {
        Ok(rule::is_any_ready(reader, event.project, EventType::BalanceThreshold).await?)
    }

    fn alike(&self, _event: &Event) -> Option<i64> {
        Some(0)
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let changed: UsageChanged = event.decode()?;
        let subjects: BTreeSet<String> = changed.subject_keys.into_iter().collect();
        let subjects: Vec<String> = subjects.into_iter().collect();
        let noted = evaluation::note(write.tx(), event.project, Kind::Subject, &subjects).await;
        Ok(noted.map_err(NotificationError::from)?)
    }
}

/// Notes that a customer's balances may have changed, where a rule would fire.
async fn note(write: &Write, customer: String) -> Result<(), NotificationError> {
    let (tx, project) = (write.tx(), write.context().project);
    if !rule::is_any_ready(tx, project, EventType::BalanceThreshold).await? {
        return Ok(());
    }
    Ok(evaluation::note(tx, project, Kind::Customer, &[customer]).await?)
}

/// Follows entitlements and grants.
struct Entitlements;

#[async_trait::async_trait]
impl Consume for Entitlements {
    fn concerns(&self, event: &Event) -> bool {
        event.kind.starts_with("entitlement.") || event.kind.starts_with("grant.")
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        match event.kind.as_str() {
            "entitlement.created" => {
                let entitlement: Entitlement = event.decode()?;
                watch(write, event, &entitlement).await?;
                note(write, entitlement.customer_id).await?;
            }
            "entitlement.updated" => watch(write, event, &event.decode()?).await?,
            "entitlement.deleted" => forget(write, &event.decode()?).await?,
            "entitlement.reset" => {
                let reset: EntitlementReset = event.decode()?;
                let entitlement = reset.entitlement.unwrap_or_default();
                noticed(write, event, &entitlement, reset.effective_time.as_ref()).await?;
                note(write, entitlement.customer_id).await?;
            }
            "grant.created" | "grant.voided" => {
                let grant: Grant = event.decode()?;
                note(write, grant.customer_id).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn time(wire: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    wire.and_then(|wire| from_timestamp(wire).ok())
}

/// Watches where the usage periods of a metered entitlement end; if it is not active yet, from
/// where it begins.
async fn watch(
    write: &Write,
    event: &Event,
    entitlement: &Entitlement,
) -> Result<(), NotificationError> {
    let (Some(EntitlementKind::Metered(_)), Ok(id)) = (&entitlement.kind, entitlement.id.parse())
    else {
        return Ok(());
    };
    if entitlement.delete_time.is_some() {
        return Ok(());
    }
    let begins =
        time(entitlement.active_from_time.as_ref()).filter(|begins| *begins > event.create_time);
    let period = entitlement.current_usage_period.as_ref();
    let ends = period.and_then(|period| time(period.end_time.as_ref()));
    let Some(at) = begins.or(ends) else {
        return Ok(());
    };
    let boundary = Boundary {
        entitlement: id,
        customer: entitlement.customer_id.clone(),
        feature_key: entitlement.feature_key.clone(),
        at,
        reset_time: None,
    };
    Ok(boundary::watch(write.tx(), write.context().project, &boundary).await?)
}

async fn forget(write: &Write, entitlement: &Entitlement) -> Result<(), NotificationError> {
    if let Ok(id) = entitlement.id.parse() {
        boundary::forget(write.tx(), write.context().project, id).await?;
    }
    Ok(())
}

/// A manual reset is a boundary that has been reached.
async fn noticed(
    write: &Write,
    event: &Event,
    entitlement: &Entitlement,
    at: Option<&prost_types::Timestamp>,
) -> Result<(), NotificationError> {
    let (Some(at), Ok(id)) = (time(at), entitlement.id.parse()) else {
        return Ok(());
    };
    let boundary = Boundary {
        entitlement: id,
        customer: entitlement.customer_id.clone(),
        feature_key: entitlement.feature_key.clone(),
        at,
        reset_time: Some(event.create_time),
    };
    Ok(boundary::reset(write.tx(), write.context().project, &boundary).await?)
}

/// Follows invoices.
struct Billing {
    render: Render,
}

#[async_trait::async_trait]
impl Consume for Billing {
    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind.as_str(), "invoice.created" | "invoice.updated")
            && !event.decode::<InvoiceStanding>().is_ok_and(|invoice| {
                matches!(
                    invoice.state(),
                    InvoiceState::Gathering | InvoiceState::Unspecified
                )
            })
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        self.apply_all(write, &[event]).await
    }

    async fn apply_all(&self, write: &mut Write, events: &[&Event]) -> Result<(), Status> {
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            told.push((event.revision, event.decode()?));
        }
        Ok(self.tell(write, told).await?)
    }
}

impl Billing {
    /// Tells of invoices, each with its revision, in their order. The first that is seen of a standard invoice is that it
    /// was made, whatever the feed calls it; then come the states that it passed.
    async fn tell(
        &self,
        write: &mut Write,
        mut told: Vec<(i64, Invoice)>,
    ) -> Result<(), NotificationError> {
        let context = write.context().clone();
        let (tx, project) = (write.tx(), context.project);
        let made = rule::ready(tx, project, EventType::InvoiceCreated).await?;
        let changed = rule::ready(tx, project, EventType::InvoiceUpdated).await?;
        if made.is_empty() && changed.is_empty() {
            // Nobody is told what came before the last of each.
            let last: BTreeMap<String, (i64, Invoice)> = told
                .into_iter()
                .map(|(revision, invoice)| (invoice.id.clone(), (revision, invoice)))
                .collect();
            told = last.into_values().collect();
        }
        let ids: BTreeSet<&str> = told
            .iter()
            .map(|(_, invoice)| invoice.id.as_str())
            .collect();
        let mut known = invoice::known(tx, project, &ids).await?;
        let mut news: BTreeMap<String, Sight> = BTreeMap::new();
        let mut drafts = Vec::new();
        let mut draft = |rules: &[Rule], invoice: &Invoice| {
            for rule in rules {
                let draft = compose::about_invoice(self.render, context.now, rule, invoice)?;
                drafts.push(draft);
            }
            Ok::<_, NotificationError>(())
        };
        for (revision, mut whole) in told {
            let before = known.get(&whole.id);
            if before.is_some_and(|before| before.revision >= revision) {
                continue;
            }
            let passed = std::mem::take(&mut whole.passed);
            let sight = Sight {
                revision,
                digest: digest(&mut whole),
            };
            if before.is_none() {
                draft(&made, &whole)?;
            }
            // Where nobody is told of changes, none is made out.
            if !changed.is_empty() {
                let mut last = before.map(|before| before.digest.clone());
                let newest = passed.len().saturating_sub(1);
                for (place, passed) in passed.into_iter().enumerate() {
                    let mut passed = filled(passed, &whole);
                    draft(&changed, &passed)?;
                    if place == newest {
                        last = Some(digest(&mut passed));
                    }
                }
                if last.is_some_and(|last| last != sight.digest) {
                    draft(&changed, &whole)?;
                }
            }
            known.insert(whole.id.clone(), sight.clone());
            news.insert(whole.id, sight);
        }
        invoice::see(tx, project, &news).await?;
        crate::raise::all(write, drafts).await?;
        Ok(())
    }
}

/// An invoice in a state that it passed, with what it says for all of them.
fn filled(passed: Invoice, whole: &Invoice) -> Invoice {
    Invoice {
        lines: whole.lines.clone(),
        supplier: whole.supplier.clone(),
        customer: whole.customer.clone(),
        workflow: whole.workflow.clone(),
        ..passed
    }
}

/// The content of an invoice in short, whatever revision it has. It is left as it was.
fn digest(invoice: &mut Invoice) -> String {
    let revision = std::mem::take(&mut invoice.revision);
    let etag = std::mem::take(&mut invoice.etag);
    let update_time = invoice.update_time.take();
    let content = invoice.encode_to_vec();
    invoice.revision = revision;
    invoice.etag = etag;
    invoice.update_time = update_time;
    hex(&sha256(&content))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn where_an_invoice_stands_is_read_without_the_rest_of_it() {
        let mut invoice = Invoice {
            id: "i".to_owned(),
            revision: 7,
            etag: "7".to_owned(),
            update_time: Some(prost_types::Timestamp::default()),
            ..Invoice::default()
        };
        for state in [InvoiceState::Gathering, InvoiceState::Paid] {
            invoice.set_state(state);
            let standing = InvoiceStanding::decode(invoice.encode_to_vec().as_slice()).unwrap();
            assert_eq!(standing.state(), state);
        }
        let before = invoice.clone();
        let first = digest(&mut invoice);
        assert_eq!(invoice, before);
        invoice.revision = 8;
        invoice.etag = "8".to_owned();
        invoice.update_time = None;
        assert_eq!(digest(&mut invoice), first);
        invoice.set_state(InvoiceState::Voided);
        assert_ne!(digest(&mut invoice), first);
    }
}
