//! The ProfitWell dialect: `/v2/…` without `/v2/projects…`, and `/dotjs/v1/customer/event/`.
//! The table below is the index of the documented operations; every path is served with and
//! without a slash at its end, and so are the paths that older clients use. The OpenAPI
//! document is emitted from the same table.
//!
//! Words: a *user* is a customer, its `user_alias` or `user_id` the key; a *plan* is a named
//! plan, what products are sold by; `effective_date` is `effective_time`; a churn is the end
//! of a subscription; a *trait* keeps its name.

mod dates;
mod document;
mod error;
mod extract;

mod customers;
mod events;
mod metrics;
mod plan_ids;
mod plans;
mod privacy;
mod retain;
mod settings;
mod status;
mod subscriptions;
mod traits;
mod users;

use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Router, middleware};
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

pub(crate) use document::openapi;
pub(crate) use error::bare;
use extract::Throttle;

use crate::Shared;

/// Where the operations are mounted, but the one for events.
const BASE: &str = "/v2";
/// Where the operation for events is mounted.
const EVENT_BASE: &str = "/dotjs/v1";

/// The documented operations with what they are counted in.
fn table() -> Vec<(Throttle, UtoipaMethodRouter<Shared>)> {
    use Throttle::{Anonymize, Base, Exclude, Metrics, Plans, Traits};
    vec![
        (Base, routes!(status::get)),
        // Subscriptions and users
        (Base, routes!(subscriptions::create)),
        (Base, routes!(subscriptions::update)),
        (Base, routes!(subscriptions::churn)),
        (Base, routes!(subscriptions::unchurn)),
        (Base, routes!(users::history)),
        (Base, routes!(users::update, users::delete)),
        // Plans
        (Plans, routes!(plans::list, plans::create)),
        (Plans, routes!(plans::get, plans::update)),
        // Customers
        (Base, routes!(customers::get)),
        (Base, routes!(customers::search)),
        (Anonymize, routes!(privacy::anonymize)),
        (Anonymize, routes!(privacy::anonymize_by_email)),
        (Exclude, routes!(privacy::exclude)),
        // Metrics
        (Metrics, routes!(metrics::monthly)),
        (Metrics, routes!(metrics::daily)),
        (Base, routes!(plan_ids::list)),
        (Metrics, routes!(settings::get)),
        // Retain and traits
        (Base, routes!(retain::stop)),
        (Base, routes!(retain::unsubscribed)),
        (Traits, routes!(traits::set)),
        (Traits, routes!(traits::remove)),
        (Traits, routes!(traits::list)),
        (Traits, routes!(traits::remove_category)),
    ]
}

/// The operation of the public token.
fn event_table() -> UtoipaMethodRouter<Shared> {
    routes!(events::create)
}

/// Other paths that clients use for the same operations (text §1.1).
fn aliases() -> Vec<(Throttle, &'static str, MethodRouter<Shared>)> {
    use Throttle::{Anonymize, Base, Exclude, Traits};
    vec![
        (Base, "/api-status", get(status::get)),
        // The documented path of a subscription has PUT.
        (
            Base,
            "/subscriptions/{subscription_id_or_alias}",
            delete(subscriptions::churn),
        ),
        (Base, "/unchurn/{id}", put(subscriptions::unchurn)),
        // The documented path of a user has PUT and DELETE.
        (Base, "/users/{user_id_or_alias}", get(users::history)),
        (Base, "/metrics/plans", get(plan_ids::list_in_object)),
        (
            Exclude,
            "/metrics/exclude_customer/{id}",
            post(privacy::exclude),
        ),
        (
            Anonymize,
            "/gdpr/anonymize_by_customer_id/{id}",
            post(privacy::anonymize),
        ),
        (
            Anonymize,
            "/gdpr/anonymize_by_email/{email}",
            post(privacy::anonymize_by_email_in_path),
        ),
        (
            Traits,
            "/customer_traits/trait",
            put(traits::set).delete(traits::remove),
        ),
        (Traits, "/customer_traits/customer/{id}", get(traits::list)),
        (
            Traits,
            "/customer_traits/category",
            delete(traits::remove_category_in_body),
        ),
        (Base, "/retain/stop", post(retain::stop)),
        (
            Base,
            "/retain/unsubscribed_customers/{type}",
            get(retain::unsubscribed_in_path),
        ),
    ]
}

/// The routes of the dialect; every one of them asks for a token.
pub(crate) fn routes(gateway: &Shared) -> Router<Shared> {
    let mut router = Router::new();
    let mut mount = |base: &str, path: &str, throttle, methods: MethodRouter<Shared>| {
        let gate = middleware::from_fn_with_state((gateway.clone(), throttle), extract::admit);
        let methods = methods.route_layer(gate);
        let path = format!("{base}{}", path.trim_end_matches('/'));
        let slashed = format!("{path}/");
        router = std::mem::take(&mut router)
            .route(&path, methods.clone())
            .route(&slashed, methods);
    };
    for (throttle, (_, paths, methods)) in table() {
        for path in paths.paths.keys() {
            mount(BASE, path, throttle, methods.clone());
        }
    }
    for (throttle, path, methods) in aliases() {
        mount(BASE, path, throttle, methods);
    }
    let (_, paths, methods) = event_table();
    for path in paths.paths.keys() {
        mount(EVENT_BASE, path, Throttle::Events, methods.clone());
    }
    router
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_operation_is_counted_where_the_contract_says() {
        let counted: BTreeMap<String, Throttle> = table()
            .into_iter()
            .flat_map(|(throttle, (_, paths, _))| {
                let paths: Vec<String> = paths.paths.keys().cloned().collect();
                paths.into_iter().map(move |path| (path, throttle))
            })
            .collect();
        let own = |wanted: Throttle| -> Vec<&str> {
            let found = counted.iter().filter(|(_, throttle)| **throttle == wanted);
            found.map(|(path, _)| path.as_str()).collect()
        };
        assert_eq!(own(Throttle::Plans), ["/plans", "/plans/{id}"]);
        assert_eq!(
            own(Throttle::Metrics),
            ["/company/settings", "/metrics/daily", "/metrics/monthly"]
        );
        assert_eq!(own(Throttle::Exclude), ["/customers/{customer_id}/exclude"]);
        assert_eq!(
            own(Throttle::Anonymize),
            [
                "/customers/anonymize_by_email",
                "/customers/{customer_id}/anonymize"
            ]
        );
        assert_eq!(
            own(Throttle::Traits),
            [
                "/customers/{customer_id}/traits",
                "/traits",
                "/traits/categories/{category}",
                "/traits/remove"
            ]
        );
        assert_eq!(own(Throttle::Base).len(), counted.len() - 12);
        let (_, events, _) = event_table();
        assert_eq!(events.paths.len(), 1);
    }
}
