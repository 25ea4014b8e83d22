//! What was given away ends with the entitlement definition that it was given by, which catalog's feed tells. Another
//! definition of the same lookup key gives nothing of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chassis::Write;
use chassis::feed::{Consume, ConsumerSpec, Event};
use jiff::Timestamp;
use sea_orm::DatabaseConnection;
use tonic::Status;

use crate::domain::term::promotion::taken_back;
use crate::error::SubscriptionError;
use crate::store::term::{NewTerm, Term};
use crate::{rights, store};

/// Takes back what deleted definitions gave.
struct Definitions;

/// The consumer of catalog's feed.
pub fn definitions() -> ConsumerSpec {
    ConsumerSpec {
        name: "subscription.definitions",
        source: "catalog",
        handler: Arc::new(Definitions),
    }
}

#[async_trait::async_trait]
impl Consume for Definitions {
    fn concerns(&self, event: &Event) -> bool {
        event.kind == "entitlement_definition.deleted"
    }

    async fn wants(&self, reader: &DatabaseConnection, event: &Event) -> Result<bool, Status> {
        let found = store::term::of_definition(reader, event.project, &event.id).await?;
        Ok(!found.is_empty())
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let found = store::term::of_definition(write.tx(), event.project, &event.id).await?;
        let mut customers = BTreeSet::new();
        for term in found {
            let customer = term.customer;
            if given_back(write, term, event.create_time).await? {
                customers.insert(customer);
            }
        }
        rights::note_for_worker(write, &customers);
        Ok(())
    }
}

/// Ends what was given away; answers whether it had not ended.
pub async fn given_back(
    write: &Write,
    term: Term,
    at: Timestamp,
) -> Result<bool, SubscriptionError> {
    let Some(facts) = term.facts.and_then(|facts| taken_back(facts, at)) else {
        return Ok(false);
    };
    let (project, now) = (write.context().project, write.context().now);
    let changed = [NewTerm::of(facts)];
    store::term::replace(write.tx(), project, &term.source_key, &changed, now).await?;
    Ok(true)
}
