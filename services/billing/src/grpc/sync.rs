//! What the subscription service tells billing.

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::id::CustomerId;
use tonic::{Request, Response, Status};

use crate::{
    convert,
    domain::app::Kind,
    erase::erase,
    error::BillingError,
    flow::{
        Billing, provision,
        sync_stripe::{Stop, validate},
    },
    store,
};

#[tonic::async_trait]
impl pb::subscription_sync_service_server::SubscriptionSyncService for Billing {
    async fn check_setup(
        &self,
        request: Request<pb::CheckSetupRequest>,
    ) -> Result<Response<pb::CheckSetupResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let subscription = convert::subscription::from_proto(request.state.as_ref())?;
        if !subscription.is_priced() {
            return Ok(Response::new(pb::CheckSetupResponse::default()));
        }
        // What cannot be worked out now could not be billed later.
        crate::domain::sync::expected(&subscription, ctx.now)
            .map_err(|error| BillingError::Calculation(error.to_string()))?;
        let look = || provision::look(self.db.reader(), ctx.project, subscription.customer);
        let found = match look().await? {
            Some(found) => found,
            None => {
                self.provisioned(ctx).await?;
                let found = look().await?;
                found.ok_or(BillingError::DefaultProfileNotFound)?
            }
        };
        let effective = found.effective;
        if effective.app.delete_time.is_some() || !effective.app.ready {
            return Err(BillingError::AppNotFound(effective.app.id.to_string()).into());
        }
        if effective.app.kind == Kind::Stripe {
            self.check_stripe(ctx, subscription.customer, &effective)
                .await?;
        }
        let billing_profile_id = effective.profile.id.to_string();
        if found.is_plain {
            let key = (ctx.project, subscription.customer);
            self.seen.keep(key, effective);
        }
        Ok(Response::new(pb::CheckSetupResponse { billing_profile_id }))
    }

    async fn apply_subscription(
        &self,
        request: Request<pb::ApplySubscriptionRequest>,
    ) -> Result<Response<pb::ApplySubscriptionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let subscription = convert::subscription::from_proto(request.state.as_ref())?;
        let told = request.customer.clone();
        if told
            .as_ref()
            .is_some_and(|told| told.id != subscription.customer.to_string())
        {
            return Err(
                BillingError::invalid("customer", "must be the one of the subscription").into(),
            );
        }
        let (applied, invoices) = self.take_over(ctx, subscription, told).await?;
        Ok(Response::new(pb::ApplySubscriptionResponse {
            applied,
            invoice_ids: invoices.iter().map(ToString::to_string).collect(),
        }))
    }

    async fn sync_customer(
        &self,
        request: Request<pb::SyncCustomerRequest>,
    ) -> Result<Response<pb::SyncCustomerResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let known = self.customer(ctx, customer).await?;
        let w = self
            .db
            .system_write(ctx)
            .await
            .map_err(BillingError::from)?;
        store::customer::save(w.tx(), store::customer::row(ctx.project, &known)).await?;
        w.commit().await.map_err(BillingError::from)?;
        let invoices = self.catch_up(ctx, customer).await?;
        Ok(Response::new(pb::SyncCustomerResponse {
            invoice_ids: invoices.iter().map(ToString::to_string).collect(),
        }))
    }

    async fn erase_customer_invoices(
        &self,
        request: Request<pb::EraseCustomerInvoicesRequest>,
    ) -> Result<Response<pb::EraseCustomerInvoicesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let outside = &std::sync::Mutex::new(Vec::new());
        let answer = self
            .db
            .write(
                ctx,
                "EraseCustomerInvoices",
                &request.request_id,
                request,
                |mut w| async move {
                    let erased = erase(&mut w, customer).await?;
                    if let Ok(mut outside) = outside.lock() {
                        *outside = erased.outside;
                    }
                    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                    let answer = pb::EraseCustomerInvoicesResponse {
                        removed_count: count(erased.removed),
                        redacted_count: count(erased.redacted),
                    };
                    Ok::<_, BillingError>((w, answer))
                },
            )
            .await?;
        let outside = outside.lock().map(|ids| ids.clone()).unwrap_or_default();
        for invoice in outside {
            self.after_outside(ctx, invoice).await;
        }
        Ok(answer)
    }
}

impl Billing {
    /// Whether Stripe will be able to bill a customer: asked before something is sold.
    async fn check_stripe(
        &self,
        ctx: &Context,
        customer: CustomerId,
        effective: &provision::Effective,
    ) -> Result<(), BillingError> {
        let app = &effective.app;
        let known =
            store::customer_app::get(self.db.reader(), ctx.project, customer, app.id).await?;
        let stripe = known.as_ref().and_then(|known| known.stripe.as_ref());
        let account = self.account_of(app)?;
        match validate(&account, stripe, &effective.profile.workflow).await {
            Ok(()) => Ok(()),
            Err(Stop::Stripe(error)) => self.answered(ctx, app.id, Err(error)).await,
            Err(Stop::Findings(findings)) => {
                let messages: Vec<String> = findings
                    .into_iter()
                    .map(|finding| finding.message)
                    .collect();
                Err(BillingError::ProviderRefused(messages.join("; ")))
            }
        }
    }
}
