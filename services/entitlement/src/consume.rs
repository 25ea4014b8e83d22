//! What is taken from other feeds: states of subscriptions that did not come directly, and changes of usage
//! that lies so far back that a checkpoint stands for it.

use std::sync::Arc;

use chassis::{
    Guard, Write,
    feed::{Consume, ConsumerSpec, Event},
};
use contract::{
    convert::from_timestamp, metering::v1::UsageChanged, subscription::v1::SubscriptionState,
};
use kernel::{Timestamp, calendar::floor_to_minute};
use sea_orm::DatabaseConnection;
use tonic::Status;

use crate::{
    clients::Clients,
    convert,
    error::EntitlementError,
    provision::{self, Features},
    reserved::Reserved,
    store,
};

/// Applies the states of subscriptions.
struct Subscriptions {
    clients: Clients,
    reserved: Reserved,
}

/// The consumer of subscription's feed.
pub fn subscriptions(clients: Clients, reserved: Reserved) -> ConsumerSpec {
    ConsumerSpec {
        name: "entitlement.subscriptions",
        source: "subscription",
        handler: Arc::new(Subscriptions { clients, reserved }),
    }
}

#[async_trait::async_trait]
impl Consume for Subscriptions {
    fn concerns(&self, event: &Event) -> bool {
        matches!(
            event.kind.as_str(),
            "subscription.created" | "subscription.updated" | "subscription.deleted"
        )
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let state: SubscriptionState = event.decode()?;
        let rights = match convert::subscription_rights(Some(&state)) {
            Ok(rights) => rights,
            Err(error) => {
                // It was refused when it was reserved; trying again would stop the feed for ever.
                tracing::error!(subscription.id = %event.id, %error, "a subscription's state cannot be read");
                return Ok(());
            }
        };
        let context = write.context().clone();
        if !provision::is_news(write.tx(), &context, &rights).await? {
            return Ok(());
        }
        let features = match self.reserved.find(context.project, &rights) {
            Some(features) => features,
            None => Features::of(&self.clients, &context, &rights.rights).await?,
        };
        self.reserved.keep_applied(context.project, &rights);
        provision::apply(write, rights, &features, Guard::Locked).await?;
        Ok(())
    }
}

/// Forgets checkpoints of which the usage changed.
struct Usage {
    clients: Clients,
}

/// The consumer of metering's feed.
pub fn usage(clients: Clients) -> ConsumerSpec {
    ConsumerSpec {
        name: "entitlement.usage",
        source: "metering",
        handler: Arc::new(Usage { clients }),
    }
}

/// From when usage may have changed; none when an event says nothing of it. A meter that measures
/// other properties than before changes everything.
fn changed_from(event: &Event) -> Result<Option<Timestamp>, Status> {
    match event.kind.as_str() {
        "usage.changed" => {
            let changed: UsageChanged = event.decode()?;
            let from = changed.from_time.as_ref().map(from_timestamp);
            Ok(Some(from.and_then(Result::ok).unwrap_or(Timestamp::MIN)))
        }
        "meter.updated" => Ok(Some(Timestamp::MIN)),
        _ => Ok(None),
    }
}

#[async_trait::async_trait]
impl Consume for Usage {
    /// Checkpoints are older than a week, so hardly any event reaches one.
    async fn wants(&self, reader: &DatabaseConnection, event: &Event) -> Result<bool, Status> {
        match changed_from(event)? {
            Some(from) => {
                let from = floor_to_minute(from);
                Ok(store::checkpoint::exist_after(reader, event.project, from).await?)
            }
            None => Ok(false),
        }
    }

    fn alike(&self, event: &Event) -> Option<i64> {
        let from = changed_from(event).ok()??;
        Some(floor_to_minute(from).as_second())
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let Some(from) = changed_from(event)? else {
            return Ok(());
        };
        let context = write.context().clone();
        let mut customers = if event.kind == "usage.changed" {
            let changed: UsageChanged = event.decode()?;
            self.clients
                .customers_of_subjects(&context, &changed.subject_keys)
                .await?
        } else {
            store::checkpoint::customers(write.tx(), context.project).await?
        };
        customers.sort_unstable();
        customers.dedup();
        for customer in customers {
            store::lock_customer(write, customer)
                .await
                .map_err(EntitlementError::from)?;
            store::checkpoint::forget_of_customer(write.tx(), context.project, customer, from)
                .await?;
        }
        Ok(())
    }
}

/// Removes what is left of customers that were erased. Whoever leads an erasure asks for it directly; this is
/// for what came in between.
struct Customers;

/// The consumer of customer's feed.
pub fn customers() -> ConsumerSpec {
    ConsumerSpec {
        name: "entitlement.customers",
        source: "customer",
        handler: Arc::new(Customers),
    }
}

#[async_trait::async_trait]
impl Consume for Customers {
    fn concerns(&self, event: &Event) -> bool {
        event.kind == "customer.erased"
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        match event.id.parse() {
            Ok(customer) => {
                crate::erase::erase(write, customer).await?;
            }
            Err(_) => {
                tracing::error!(customer.id = %event.id, "an erased customer has no ULID");
            }
        }
        Ok(())
    }
}
