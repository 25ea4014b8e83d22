//! The OpenMeter dialect: `/api/v1` and `/api/v2`. The route table below is the index of the
//! documented resources, one file each; the OpenAPI document is emitted from the same table.
//!
//! Words: a *plan*, *feature*, *entitlement*, *grant*, *invoice* are ours too; *rate card*,
//! *billing cadence* and *usage attribution* keep their names; `createdAt` is `create_time`,
//! a *subject* is a subject key with a display name.

mod document;
mod error;
mod extract;
mod filters;
mod page;
mod scalars;
mod value;

mod addons;
mod app_installs;
mod apps;
mod balances;
mod billing_overrides;
mod billing_profiles;
mod custom_invoicing;
mod customer_apps;
mod customers;
mod entitlement_input;
mod entitlements;
mod entitlements_v1;
mod entitlements_v2;
mod events;
mod feature_cost;
mod features;
mod grants;
mod info;
mod invoice_document;
mod invoice_line_input;
mod invoice_lines;
mod invoices;
mod meter_query;
mod meters;
mod notification_channels;
mod notification_events;
mod notification_payload;
mod notification_rules;
mod notifications;
mod plans;
mod portal;
mod prices;
mod rate_cards;
mod stripe;
mod subjects;
mod subscription_addons;
mod subscription_input;
mod subscription_view;
mod subscriptions;
mod workflow;

use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use document::openapi;
pub(crate) use error::Problem;
pub use notification_payload::notification_body;

use crate::{Shared, decode};

/// The operations of the dialect.
fn table() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        // Meters
        .routes(routes!(meters::list, meters::create))
        .routes(routes!(meters::get, meters::update, meters::delete))
        .routes(routes!(meters::list_subjects))
        .routes(routes!(meters::list_group_by_values))
        .routes(routes!(meter_query::query, meter_query::query_post))
        // Events
        .routes(routes!(events::list, events::ingest))
        .routes(routes!(events::list_v2))
        // Subjects
        .routes(routes!(subjects::list, subjects::upsert))
        .routes(routes!(subjects::get, subjects::delete))
        // Customers
        .routes(routes!(customers::list, customers::create))
        .routes(routes!(
            customers::get,
            customers::update,
            customers::delete
        ))
        .routes(routes!(subscriptions::list_of_customer))
        .routes(routes!(balances::access))
        .routes(routes!(balances::value_of_feature))
        // Product Catalog
        .routes(routes!(features::list, features::create))
        .routes(routes!(features::get, features::delete))
        .routes(routes!(feature_cost::query))
        .routes(routes!(plans::list, plans::create))
        .routes(routes!(plans::get, plans::update, plans::delete))
        .routes(routes!(plans::publish))
        .routes(routes!(plans::archive))
        .routes(routes!(plans::next))
        .routes(routes!(addons::list_of_plan, addons::assign))
        .routes(routes!(
            addons::get_of_plan,
            addons::update_of_plan,
            addons::remove_from_plan
        ))
        .routes(routes!(addons::list, addons::create))
        .routes(routes!(addons::get, addons::update, addons::delete))
        .routes(routes!(addons::publish))
        .routes(routes!(addons::archive))
        // Subscriptions
        .routes(routes!(subscriptions::create))
        .routes(routes!(
            subscriptions::get,
            subscriptions::edit,
            subscriptions::delete
        ))
        .routes(routes!(subscriptions::cancel))
        .routes(routes!(subscriptions::unschedule_cancelation))
        .routes(routes!(subscriptions::restore))
        .routes(routes!(subscriptions::change))
        .routes(routes!(subscriptions::migrate))
        .routes(routes!(
            subscription_addons::list,
            subscription_addons::create
        ))
        .routes(routes!(
            subscription_addons::get,
            subscription_addons::update
        ))
        // Entitlements by subject
        .routes(routes!(entitlements_v1::list))
        .routes(routes!(entitlements_v1::get))
        .routes(routes!(
            entitlements_v1::list_of_subject,
            entitlements_v1::create
        ))
        .routes(routes!(
            entitlements_v1::get_of_subject,
            entitlements_v1::delete
        ))
        .routes(routes!(entitlements_v1::replace))
        .routes(routes!(balances::value_of_subject))
        .routes(routes!(balances::history_of_subject))
        .routes(routes!(balances::reset_of_subject))
        .routes(routes!(grants::list_of_subject, grants::create_of_subject))
        .routes(routes!(grants::list))
        .routes(routes!(grants::void))
        // Entitlements by customer
        .routes(routes!(entitlements_v2::list))
        .routes(routes!(entitlements_v2::get))
        .routes(routes!(
            entitlements_v2::list_of_customer,
            entitlements_v2::create
        ))
        .routes(routes!(
            entitlements_v2::get_of_customer,
            entitlements_v2::delete
        ))
        .routes(routes!(entitlements_v2::replace))
        .routes(routes!(balances::value_of_customer))
        .routes(routes!(balances::history_of_customer))
        .routes(routes!(balances::reset_of_customer))
        .routes(routes!(
            grants::list_of_customer,
            grants::create_of_customer
        ))
        .routes(routes!(grants::list_v2))
        // Billing
        .routes(routes!(billing_profiles::list, billing_profiles::create))
        .routes(routes!(
            billing_profiles::get,
            billing_profiles::update,
            billing_profiles::delete
        ))
        .routes(routes!(billing_overrides::list))
        .routes(routes!(
            billing_overrides::get,
            billing_overrides::put,
            billing_overrides::delete
        ))
        .routes(routes!(invoices::create_pending_lines))
        .routes(routes!(invoices::simulate))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::invoice_pending_lines))
        .routes(routes!(invoices::get, invoices::update, invoices::delete))
        .routes(routes!(invoices::advance))
        .routes(routes!(invoices::approve))
        .routes(routes!(invoices::retry))
        .routes(routes!(invoices::snapshot_quantities))
        .routes(routes!(invoices::recalculate_taxes))
        .routes(routes!(invoices::void))
        // Apps
        .routes(routes!(apps::list))
        .routes(routes!(apps::get, apps::update, apps::uninstall))
        .routes(routes!(stripe::update_key))
        .routes(routes!(app_installs::listings))
        .routes(routes!(app_installs::listing))
        .routes(routes!(app_installs::install))
        .routes(routes!(app_installs::install_with_key))
        .routes(routes!(app_installs::oauth_url))
        .routes(routes!(customer_apps::list, customer_apps::upsert))
        .routes(routes!(customer_apps::delete))
        .routes(routes!(
            customer_apps::get_stripe,
            customer_apps::put_stripe
        ))
        .routes(routes!(stripe::portal))
        .routes(routes!(stripe::checkout))
        .routes(routes!(custom_invoicing::draft_synchronized))
        .routes(routes!(custom_invoicing::issuing_synchronized))
        .routes(routes!(custom_invoicing::payment_status))
        // Notifications
        .routes(routes!(
            notification_channels::list,
            notification_channels::create
        ))
        .routes(routes!(
            notification_channels::get,
            notification_channels::update,
            notification_channels::delete
        ))
        .routes(routes!(
            notification_rules::list,
            notification_rules::create
        ))
        .routes(routes!(
            notification_rules::get,
            notification_rules::update,
            notification_rules::delete
        ))
        .routes(routes!(notification_rules::test))
        .routes(routes!(notification_events::list))
        .routes(routes!(notification_events::get))
        .routes(routes!(notification_events::resend))
        // Portal
        .routes(routes!(portal::list, portal::create))
        .routes(routes!(portal::invalidate))
        // Lookup Information, Debug
        .routes(routes!(info::currencies))
        .routes(routes!(info::progress))
        .routes(routes!(info::metrics))
}

/// The operation for end users, which asks for a portal token instead of a key.
fn portal_table() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(portal::query))
}

/// The operations that providers and people coming from them call, whose credential is in
/// the request itself: a signature, a signed state.
fn provider_table() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(stripe::webhook))
        .routes(routes!(app_installs::oauth_authorize))
}

/// The routes of the dialect; every one of them asks for a credential.
pub(crate) fn routes(gateway: &Shared) -> Router<Shared> {
    let (management, _) = table().split_for_parts();
    let (portal, _) = portal_table().split_for_parts();
    let (providers, _) = provider_table().split_for_parts();
    let for_keys = middleware::from_fn_with_state(gateway.clone(), extract::authenticate);
    let for_tokens = middleware::from_fn_with_state(gateway.clone(), portal::authenticate);
    management
        .route_layer(for_keys)
        .merge(providers)
        .merge(portal.route_layer(for_tokens).layer(portal::cors()))
}
