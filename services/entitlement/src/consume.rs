//! What is taken from other feeds: states of subscriptions that did not come directly.

use std::sync::Arc;

use chassis::{
    Write,
    feed::{Consume, ConsumerSpec, Event},
};
use contract::subscription::v1::SubscriptionState;
use tonic::Status;

use crate::{
    clients::Clients,
    convert,
    provision::{self, Features},
};

/// Applies the states of subscriptions.
struct Subscriptions {
    clients: Clients,
}

/// The consumer of subscription's feed.
pub fn subscriptions(clients: Clients) -> ConsumerSpec {
    ConsumerSpec {
        name: "entitlement.subscriptions",
        source: "subscription",
        handler: Arc::new(Subscriptions { clients }),
    }
}

#[async_trait::async_trait]
impl Consume for Subscriptions {
    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        let is_state = matches!(
            event.kind.as_str(),
            "subscription.created" | "subscription.updated" | "subscription.deleted"
        );
        if !is_state {
            return Ok(());
        }
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
        let features = Features::of(&self.clients, &context, &rights.rights).await?;
        provision::apply(write, rights, &features).await?;
        Ok(())
    }
}
