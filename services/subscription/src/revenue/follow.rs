//! What customers, rates and settings of the project change in the figures.

use chassis::Write;
use chassis::feed::{Consume, ConsumerSpec, Event};
use contract::customer::v1 as customer;
use sea_orm::DatabaseConnection;
use std::collections::BTreeSet;
use std::sync::Arc;
use tonic::Status;

use super::restate;
use crate::error::SubscriptionError;
use crate::store::entity::revenue_state::Model as State;
use crate::store::{revenue as ledger, revenue_kept as keep, revenue_sums};

/// Follows the customers' feed.
pub fn spec() -> ConsumerSpec {
    ConsumerSpec {
        name: "subscription.revenue",
        source: "customer",
        handler: Arc::new(Follow),
    }
}

/// Takes what matters.
struct Follow;

#[async_trait::async_trait]
impl Consume for Follow {
    async fn wants(&self, reader: &DatabaseConnection, event: &Event) -> Result<bool, Status> {
        match event.kind.as_str() {
            "customer.updated" => {
                let customer: customer::Customer = event.decode()?;
                if customer.exclude_time.is_none() {
                    return Ok(false);
                }
                let one = BTreeSet::from([event.id.clone()]);
                let known = keep::excluded(reader, event.project, &one).await?;
                Ok(known.is_empty())
            }
            "customer.erased" | "rate.set" | "project.updated" => Ok(true),
            _ => Ok(false),
        }
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let (tx, project) = (write.tx(), event.project);
        match event.kind.as_str() {
            "customer.updated" => {
                keep::exclude(tx, project, &event.id).await?;
                ledger::mark_stale(tx, project, [event.id.clone()]).await?;
            }
            "customer.erased" => ledger::remove_customer(tx, project, &event.id).await?,
            "rate.set" => {
                lock(write, event).await?;
                keep::outdate_rates(tx, project).await?;
            }
            "project.updated" => {
                lock(write, event).await?;
                let project: customer::Project = event.decode()?;
                adopt(write, event, &project).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

async fn lock(write: &Write, event: &Event) -> Result<(), SubscriptionError> {
    Ok(restate::lock(write.tx(), event.project).await?)
}

/// Begins sums anew where they have another currency or zone.
async fn adopt(
    write: &Write,
    event: &Event,
    project: &customer::Project,
) -> Result<(), SubscriptionError> {
    let tx = write.tx();
    let Some(state) = keep::state(tx, event.project).await? else {
        return Ok(());
    };
    let time_zone = match project.time_zone.as_str() {
        "" => "UTC",
        name => name,
    };
    if state.currency == project.currency_code && state.time_zone == time_zone {
        return Ok(());
    }
    let state = State {
        generation: state.generation + 1,
        currency: project.currency_code.clone(),
        time_zone: time_zone.to_owned(),
        due_time: Some(0),
        ..state
    };
    keep::save_state(tx, &state).await?;
    revenue_sums::prune(tx, event.project, state.generation).await
}
