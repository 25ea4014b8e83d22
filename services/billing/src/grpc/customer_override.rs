//! Customer overrides, and how customers are billed.

use std::collections::BTreeMap;

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::id::{CustomerId, ProfileId};
use tonic::{Request, Response, Status};

use super::{Page, total};
use crate::{
    convert,
    error::BillingError,
    flow::{Billing, provision},
    store::{
        self,
        customer::{Filter, Sort},
        customer_override::Override,
    },
};

#[tonic::async_trait]
impl pb::override_service_server::OverrideService for Billing {
    async fn put_override(
        &self,
        request: Request<pb::PutOverrideRequest>,
    ) -> Result<Response<pb::PutOverrideResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let profile: Option<ProfileId> = match request.billing_profile_id.as_str() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| BillingError::ProfileNotFound(text.to_owned()))?,
            ),
        };
        let rates = convert::profile::rates("tax_rates.rates", request.tax_rates.as_ref())?;
        crate::domain::tax::check("tax_rates.rates", rates.as_deref().unwrap_or_default())?;
        let known = self.customer(ctx, customer).await?;
        self.db
            .write(
                ctx,
                "PutOverride",
                &request.request_id,
                request,
                |mut w| async move {
                    provision::ensure_default(&mut w).await?;
                    if let Some(profile) = profile {
                        store::profile::live(w.tx(), ctx.project, profile).await?;
                    }
                    store::customer::save(w.tx(), store::customer::row(ctx.project, &known))
                        .await?;
                    let found =
                        store::customer_override::get(w.tx(), ctx.project, customer).await?;
                    let live = found.filter(|found| found.delete_time.is_none());
                    let value = Override {
                        customer,
                        profile,
                        tax_rates: rates
                            .or_else(|| live.as_ref().and_then(|found| found.tax_rates.clone())),
                        create_time: live.as_ref().map_or(ctx.now, |found| found.create_time),
                        update_time: ctx.now,
                        delete_time: None,
                    };
                    store::customer_override::save(w.tx(), ctx.project, &value).await?;
                    let effective = provision::ensure(&mut w, customer).await?;
                    let proto = pb::CustomerBilling {
                        customer_id: customer.to_string(),
                        customer_override: Some(to_proto(&value)),
                        profile: Some(convert::profile::to_proto(
                            &effective.profile,
                            Some(&effective.app),
                        )),
                    };
                    let revision = chassis::db::micros(ctx.now);
                    w.record(
                        "customer_override.updated",
                        &request.customer_id,
                        revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    Ok::<_, BillingError>((
                        w,
                        pb::PutOverrideResponse {
                            customer_billing: Some(proto),
                        },
                    ))
                },
            )
            .await
    }

    async fn get_customer_billing(
        &self,
        request: Request<pb::GetCustomerBillingRequest>,
    ) -> Result<Response<pb::GetCustomerBillingResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        self.customer(ctx, customer).await?;
        self.provisioned(ctx).await?;
        let billing = self.billing_of(ctx, vec![customer]).await?.pop();
        Ok(Response::new(pb::GetCustomerBillingResponse {
            customer_billing: billing,
        }))
    }

    async fn list_customer_billings(
        &self,
        request: Request<pb::ListCustomerBillingsRequest>,
    ) -> Result<Response<pb::ListCustomerBillingsResponse>, Status> {
        use pb::list_customer_billings_request::Order;
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        self.copy_customers().await;
        if request.customers_without_pinned_profile && !request.billing_profile_ids.is_empty() {
            return Err(BillingError::invalid(
                "customers_without_pinned_profile",
                "does not go together with billing_profile_ids",
            )
            .into());
        }
        let sort = match Order::try_from(request.order) {
            Ok(Order::Unspecified | Order::CustomerId) => Sort::Id,
            Ok(Order::CustomerName) => Sort::Name,
            Ok(Order::CustomerKey) => Sort::Key,
            Ok(Order::CustomerEmail) => Sort::Email,
            Ok(Order::CustomerCreateTime) => Sort::CreateTime,
            Err(_) => return Err(BillingError::invalid("order", "is unknown").into()),
        };
        let db = self.db.reader();
        let profiles: Vec<ProfileId> = request
            .billing_profile_ids
            .iter()
            .map(|text| convert::id("billing_profile_ids", text))
            .collect::<Result<_, _>>()?;
        let default = store::profile::default(db, ctx.project).await?;
        let filter = Filter {
            include_all: request.include_all_customers,
            default_profile: default.is_some_and(|default| profiles.contains(&default.id)),
            profiles,
            without_override: request.customers_without_pinned_profile,
            ids: request.customer_ids.clone(),
            key: request.customer_key.clone(),
            name: request.customer_name.clone(),
            email: request.customer_email.clone(),
        };
        let query = format!("{}|{sort:?}|{}|{filter:?}", ctx.project, request.descending);
        let page = Page::parse(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &[&query],
        )?;
        let sort = (sort, request.descending);
        let mut rows =
            store::customer::list(db, ctx.project, &filter, sort, page.offset, page.fetch())
                .await?;
        let next_page_token = page.next(&mut rows);
        let total_size = if page.numbered {
            total(store::customer::count(db, ctx.project, &filter).await?)
        } else {
            0
        };
        let customers = rows
            .iter()
            .map(|row| convert::id("customer.id", &row.id))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Response::new(pb::ListCustomerBillingsResponse {
            customer_billings: self.billing_of(ctx, customers).await?,
            next_page_token,
            total_size,
        }))
    }

    async fn delete_override(
        &self,
        request: Request<pb::DeleteOverrideRequest>,
    ) -> Result<Response<pb::DeleteOverrideResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        self.db
            .write(
                ctx,
                "DeleteOverride",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut found = store::customer_override::get(w.tx(), ctx.project, customer)
                        .await?
                        .ok_or(BillingError::OverrideNotFound)?;
                    if found.delete_time.is_some() {
                        return Err(BillingError::OverrideDeleted);
                    }
                    found.update_time = ctx.now;
                    found.delete_time = Some(ctx.now);
                    store::customer_override::save(w.tx(), ctx.project, &found).await?;
                    let before = to_proto(&found);
                    let revision = chassis::db::micros(ctx.now);
                    w.record(
                        "customer_override.deleted",
                        &before.customer_id,
                        revision,
                        Some(&before),
                        None,
                    )
                    .await?;
                    Ok::<_, BillingError>((w, pb::DeleteOverrideResponse {}))
                },
            )
            .await
    }
}

impl Billing {
    /// How these customers are billed, in the same order.
    async fn billing_of(
        &self,
        ctx: &Context,
        customers: Vec<CustomerId>,
    ) -> Result<Vec<pb::CustomerBilling>, BillingError> {
        let db = self.db.reader();
        let ids: Vec<String> = customers.iter().map(ToString::to_string).collect();
        let overrides = store::customer_override::of_customers(db, ctx.project, &ids).await?;
        let default = store::profile::default(db, ctx.project)
            .await?
            .ok_or(BillingError::DefaultProfileNotFound)?;
        let mut profiles: BTreeMap<ProfileId, pb::BillingProfile> = BTreeMap::new();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let own = overrides.get(&id);
            let profile = own.and_then(|own| own.profile).unwrap_or(default.id);
            let mut wire = match profiles.get(&profile) {
                Some(wire) => wire.clone(),
                None => {
                    let full = store::profile::get(db, ctx.project, profile).await?;
                    let app = store::app::get(db, ctx.project, full.app).await?;
                    let wire = convert::profile::to_proto(&full, Some(&app));
                    profiles.insert(profile, wire.clone());
                    wire
                }
            };
            if let Some(rates) = own.and_then(|own| own.tax_rates.as_deref())
                && let Some(tax) = wire.workflow.as_mut().and_then(|flow| flow.tax.as_mut())
            {
                tax.manual_rates = convert::profile::rates_to_proto(rates);
            }
            found.push(pb::CustomerBilling {
                customer_id: id,
                customer_override: own.map(to_proto),
                profile: Some(wire),
            });
        }
        Ok(found)
    }
}

fn to_proto(value: &Override) -> pb::CustomerOverride {
    pb::CustomerOverride {
        customer_id: value.customer.to_string(),
        billing_profile_id: value
            .profile
            .map(|profile| profile.to_string())
            .unwrap_or_default(),
        create_time: Some(contract::convert::timestamp(value.create_time)),
        update_time: Some(contract::convert::timestamp(value.update_time)),
        tax_rates: value
            .tax_rates
            .as_deref()
            .and_then(convert::profile::rates_to_proto),
    }
}
