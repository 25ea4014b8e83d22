//! The gRPC services: parse, call, reply.

mod app;
mod customer_app;
mod customer_override;
mod invoice;
mod invoice_list;
pub mod profile;
mod sync;

use std::{sync::Arc, time::Duration};

use chassis::{Context, page::PageRequest, timer::Timer};
use contract::billing::v1 as pb;
use tonic::{Status, service::Routes};

use crate::{
    error::BillingError,
    flow::{Billing, provision, settle},
    store,
};

/// All gRPC services of billing.
pub fn routes(billing: &Billing) -> Routes {
    Routes::new(pb::profile_service_server::ProfileServiceServer::new(
        billing.clone(),
    ))
    .add_service(pb::override_service_server::OverrideServiceServer::new(
        billing.clone(),
    ))
    .add_service(pb::app_service_server::AppServiceServer::new(
        billing.clone(),
    ))
    .add_service(pb::customer_app_service_server::CustomerAppServiceServer::new(billing.clone()))
    .add_service(pb::invoice_service_server::InvoiceServiceServer::new(
        billing.clone(),
    ))
    .add_service(
        pb::subscription_sync_service_server::SubscriptionSyncServiceServer::new(billing.clone()),
    )
}

/// All timers of billing.
pub fn timers(billing: &Billing) -> Vec<Arc<dyn Timer>> {
    vec![
        Arc::new(settle::Sync(billing.clone())),
        Arc::new(settle::Collect(billing.clone())),
        Arc::new(settle::Advance(billing.clone())),
        Arc::new(settle::Holds(billing.clone())),
    ]
}

/// How long a list waits for the last changes of customers.
const COPYING_MAX: Duration = Duration::from_secs(2);
/// Most rows of a numbered page.
const NUMBERED_MAX: u64 = 1_000;
/// Rows of a numbered page when the caller does not say.
const NUMBERED_DEFAULT: u64 = 100;

/// A page of a list, asked for by number or by token.
struct Page {
    offset: u64,
    limit: u64,
    numbered: bool,
    token: PageRequest,
}

impl Page {
    /// Reads the page of a request; `query` is whatever else shapes the answer.
    fn parse(
        size: i32,
        token: &str,
        number: i32,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, Status> {
        if number < 0 {
            return Err(BillingError::invalid("page", "must not be negative").into());
        }
        let parsed = PageRequest::parse(size, token, key, query)?;
        if let Some(number) = u64::try_from(number).ok().filter(|number| *number > 0) {
            let limit = match u64::try_from(size).unwrap_or_default() {
                0 => NUMBERED_DEFAULT,
                size => size.min(NUMBERED_MAX),
            };
            return Ok(Self {
                offset: (number - 1).saturating_mul(limit),
                limit,
                numbered: true,
                token: parsed,
            });
        }
        let after = parsed
            .after
            .as_ref()
            .and_then(|values| values.first())
            .and_then(|text| text.parse().ok());
        Ok(Self {
            offset: after.unwrap_or_default(),
            limit: parsed.limit,
            numbered: false,
            token: parsed,
        })
    }

    /// One row more than the page shows whether there is another page.
    fn fetch(&self) -> u64 {
        if self.numbered {
            self.limit
        } else {
            self.limit + 1
        }
    }

    /// Cuts the extra row off and answers the token of the next page.
    fn next<T>(&self, rows: &mut Vec<T>) -> String {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if self.numbered || rows.len() <= limit {
            return String::new();
        }
        rows.truncate(limit);
        self.token.token(&[&(self.offset + self.limit).to_string()])
    }
}

/// A count as it travels.
fn total(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Billing {
    /// Makes sure that the project has its default profile, so that reads find it.
    async fn provisioned(&self, ctx: &Context) -> Result<(), BillingError> {
        if store::profile::default(self.db.reader(), ctx.project)
            .await?
            .is_some()
        {
            return Ok(());
        }
        let mut w = self.db.system_write(ctx).await?;
        provision::ensure_default(&mut w).await?;
        w.commit().await?;
        Ok(())
    }

    /// Takes in what the customer service told until now, so that a list shows a customer that was just made. A list of
    /// what is known is better than none: it does not wait long, and does without if the feed cannot be read.
    async fn copy_customers(&self) {
        match tokio::time::timeout(COPYING_MAX, self.copies.drain()).await {
            Ok(Ok(_)) => {}
            Ok(Err(status)) => {
                tracing::warn!(code = ?status.code(), message = status.message(), "a list of customers may lack the last changes");
            }
            Err(_) => {
                tracing::warn!("a list of customers may lack the last changes: there are too many")
            }
        }
    }
}
