//! What apps know about customers, and pages at Stripe.

use contract::billing::v1 as pb;
use kernel::{
    Timestamp,
    id::{AppId, CustomerId},
};
use tonic::{Request, Response, Status};

use super::{Page, total};
use crate::{
    convert,
    domain::app::Kind,
    error::BillingError,
    flow::{Billing, customer_app::put},
    store,
    stripe::Expandable,
};

/// Most items of one request.
const ITEMS_MAX: usize = 100;

#[tonic::async_trait]
impl pb::customer_app_service_server::CustomerAppService for Billing {
    async fn list_customer_apps(
        &self,
        request: Request<pb::ListCustomerAppsRequest>,
    ) -> Result<Response<pb::ListCustomerAppsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let kind = convert::app::kind_from_proto("type", request.r#type)?;
        let page = Page::parse(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &[&format!("{}|{customer}|{kind:?}", ctx.project)],
        )?;
        self.living(ctx, customer).await?;
        let db = self.db.reader();
        let mut found =
            store::customer_app::list(db, ctx.project, customer, kind, page.offset, page.fetch())
                .await?;
        let next_page_token = page.next(&mut found);
        let total_size = if page.numbered {
            total(store::customer_app::count(db, ctx.project, customer, kind).await?)
        } else {
            0
        };
        let mut customer_apps = Vec::with_capacity(found.len());
        for known in &found {
            let app = store::app::get(db, ctx.project, known.app).await?;
            customer_apps.push(convert::app::customer_to_proto(known, &app));
        }
        Ok(Response::new(pb::ListCustomerAppsResponse {
            customer_apps,
            next_page_token,
            total_size,
        }))
    }

    async fn put_customer_apps(
        &self,
        request: Request<pb::PutCustomerAppsRequest>,
    ) -> Result<Response<pb::PutCustomerAppsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        if request.items.len() > ITEMS_MAX {
            return Err(BillingError::invalid("items", "must have at most 100 items").into());
        }
        self.living(ctx, customer).await?;
        self.provisioned(ctx).await?;
        let wanted = &self.wanted(ctx, customer, &request.items).await?;
        self.db
            .write(
                ctx,
                "PutCustomerApps",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut customer_apps = Vec::with_capacity(wanted.len());
                    for wanted in wanted {
                        customer_apps.push(put(&mut w, customer, wanted).await?);
                    }
                    Ok::<_, BillingError>((w, pb::PutCustomerAppsResponse { customer_apps }))
                },
            )
            .await
    }

    async fn delete_customer_app(
        &self,
        request: Request<pb::DeleteCustomerAppRequest>,
    ) -> Result<Response<pb::DeleteCustomerAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let app: AppId = request
            .app_id
            .parse()
            .map_err(|_| BillingError::AppNotFound(request.app_id.clone()))?;
        self.living(ctx, customer).await?;
        self.db
            .write(
                ctx,
                "DeleteCustomerApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let app = store::app::get(w.tx(), ctx.project, app).await?;
                    let known = store::customer_app::get(w.tx(), ctx.project, customer, app.id)
                        .await?
                        .ok_or_else(|| BillingError::CustomerAppNotFound(customer.to_string()))?;
                    store::customer_app::remove(w.tx(), ctx.project, customer, app.id).await?;
                    let before = convert::app::customer_to_proto(&known, &app);
                    w.record(
                        "customer_app.deleted",
                        &format!("{customer}.{}", app.id),
                        chassis::db::micros(ctx.now),
                        Some(&before),
                        None,
                    )
                    .await?;
                    Ok::<_, BillingError>((w, pb::DeleteCustomerAppResponse {}))
                },
            )
            .await
    }

    async fn get_stripe_customer(
        &self,
        request: Request<pb::GetStripeCustomerRequest>,
    ) -> Result<Response<pb::GetStripeCustomerResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        self.living(ctx, customer).await?;
        self.provisioned(ctx).await?;
        let app = self.app_of_customer(ctx, customer, Kind::Stripe).await?;
        let known = store::customer_app::get(self.db.reader(), ctx.project, customer, app.id)
            .await?
            .ok_or_else(|| BillingError::CustomerAppNotFound(customer.to_string()))?;
        Ok(Response::new(pb::GetStripeCustomerResponse {
            customer_app: Some(convert::app::customer_to_proto(&known, &app)),
        }))
    }

    async fn create_stripe_checkout_session(
        &self,
        request: Request<pb::CreateStripeCheckoutSessionRequest>,
    ) -> Result<Response<pb::CreateStripeCheckoutSessionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let (stripe, session) = self.checkout(ctx, request).await?;
        let email = session
            .customer_email
            .or_else(|| session.customer_details.and_then(|details| details.email));
        Ok(Response::new(pb::CreateStripeCheckoutSessionResponse {
            customer_id: request.customer_id.clone(),
            stripe_customer_id: stripe.id,
            session_id: session.id,
            setup_intent_id: session
                .setup_intent
                .as_ref()
                .map(|intent| Expandable::id(intent).to_owned())
                .unwrap_or_default(),
            client_secret: session.client_secret.unwrap_or_default(),
            client_reference_id: session.client_reference_id.unwrap_or_default(),
            customer_email: email.unwrap_or_default(),
            currency_code: session.currency.unwrap_or_default().to_uppercase(),
            create_time: seconds(Some(session.created)),
            expire_time: seconds(session.expires_at),
            metadata: session.metadata.unwrap_or_default(),
            status: session.status.unwrap_or_default(),
            url: session.url.unwrap_or_default(),
            cancel_url: session.cancel_url.unwrap_or_default(),
            success_url: session.success_url.unwrap_or_default(),
            return_url: session.return_url.unwrap_or_default(),
        }))
    }

    async fn create_stripe_portal_session(
        &self,
        request: Request<pb::CreateStripePortalSessionRequest>,
    ) -> Result<Response<pb::CreateStripePortalSessionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let (stripe, session) = self.portal(ctx, request).await?;
        Ok(Response::new(pb::CreateStripePortalSessionResponse {
            session_id: session.id,
            stripe_customer_id: stripe.id,
            configuration_id: session.configuration.id().to_owned(),
            live_mode: session.livemode,
            create_time: seconds(Some(session.created)),
            return_url: session.return_url.unwrap_or_default(),
            locale: session.locale.unwrap_or_default(),
            url: session.url,
        }))
    }
}

fn seconds(unix: Option<i64>) -> Option<prost_types::Timestamp> {
    unix.and_then(|unix| Timestamp::from_second(unix).ok())
        .map(contract::convert::timestamp)
}
