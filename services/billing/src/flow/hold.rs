//! A customer with a gathering invoice or one that is not final cannot be deleted: billing
//! holds it, with one hold per customer.

use chassis::Context;
use contract::{customer::v1 as customer_pb, kernel::v1 as kernel_pb};
use kernel::id::CustomerId;

use super::Billing;
use crate::{error::BillingError, store};

impl Billing {
    /// Places or releases the hold of a customer, as its invoices demand now. Called after a
    /// write; a failure is noted, and a timer tries again.
    pub async fn settle_hold(&self, ctx: &Context, customer: CustomerId) {
        if let Err(error) = self.try_settle_hold(ctx, customer).await {
            tracing::warn!(customer.id = %customer, %error, "the hold of a customer is not up to date; a timer tries again");
            if let Err(error) = self.note_hold(ctx, customer).await {
                tracing::error!(customer.id = %customer, %error, "the hold of a customer cannot be noted");
            }
        }
    }

    async fn note_hold(&self, ctx: &Context, customer: CustomerId) -> Result<(), BillingError> {
        let w = self.db.system_write(ctx).await?;
        store::stale_hold::note(w.tx(), ctx.project, customer, ctx.now).await?;
        w.commit().await?;
        Ok(())
    }

    /// The same for a customer that was noted; forgotten once it is done.
    pub async fn repair_hold(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<(), BillingError> {
        self.try_settle_hold(ctx, customer).await?;
        let w = self.db.system_write(ctx).await?;
        store::stale_hold::clear(w.tx(), ctx.project, customer).await?;
        w.commit().await?;
        Ok(())
    }

    async fn try_settle_hold(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<(), BillingError> {
        let open = store::invoice::holds_customer(self.db.reader(), ctx.project, customer).await?;
        let mut customers = self.customers.clone();
        if let Some(invoice) = open {
            let request = customer_pb::PlaceHoldRequest {
                customer_id: customer.to_string(),
                reason: customer_pb::hold::Reason::Invoice.into(),
                holder_id: HOLDER.to_owned(),
                display_text: format!(
                    "invoice {invoice} is not finished, please delete it or mark it as uncollectible \
                     before deleting the customer"
                ),
                period: Some(kernel_pb::Period {
                    start_time: Some(contract::convert::timestamp(ctx.now)),
                    end_time: None,
                }),
                request_id: String::new(),
            };
            customers.place_hold(ctx.request(request)).await?;
        } else {
            let request = customer_pb::ReleaseHoldRequest {
                customer_id: customer.to_string(),
                reason: customer_pb::hold::Reason::Invoice.into(),
                holder_id: HOLDER.to_owned(),
                request_id: String::new(),
            };
            customers.release_hold(ctx.request(request)).await?;
        }
        Ok(())
    }
}

/// One hold stands for all invoices of a customer.
const HOLDER: &str = "billing";
