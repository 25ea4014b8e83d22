//! What every operation passes before its handler: key, rate limit, project, permission, in this order
//! (behaviour text §1). What an operation needs is read from the document that the route table emits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chassis::Context;
use chassis::auth::{Grants, KeyKind, bearer};
use contract::customer::v1 as pb;
use kernel::id::ProjectId;
use serde_json::Value;

use super::error::{LIMIT, Refusal, USAGE};
use super::extract::Call;
use super::list::Parameters;
use crate::{Gateway, Shared};

/// Length of a window in which calls are counted.
const WINDOW_SECONDS: i64 = 60;

/// What one operation asks of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// Such as `project_configuration:apps:read_write`.
    permission: String,
    /// The permission that each value of `expand` needs on top.
    expand: BTreeMap<String, String>,
}

impl Need {
    /// The first part of the permission: what calls are counted by.
    fn domain(&self) -> &str {
        self.permission.split(':').next().unwrap_or_default()
    }
}

/// Calls a minute that the contract documents.
pub(crate) fn per_minute(domain: &str) -> i32 {
    match domain {
        "customer_information" => 480,
        "charts_metrics" => 5,
        _ => 60,
    }
}

/// What is shared by all calls of the dialect.
pub(crate) struct Frame {
    gateway: Shared,
    needs: HashMap<(Method, String), Need>,
    /// The ids by which the dialect knows projects; they never change.
    projects: RwLock<HashMap<ProjectId, Arc<str>>>,
}

impl Frame {
    /// Reads the needs of all operations out of their document.
    pub(crate) fn new(gateway: &Shared, document: &Value) -> Self {
        Self {
            gateway: Arc::clone(gateway),
            needs: needs(document),
            projects: RwLock::default(),
        }
    }

    async fn project(&self, context: &Context) -> Result<Arc<str>, Refusal> {
        let known = self
            .projects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&context.project)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = self
            .gateway
            .clients
            .projects()
            .get_project(context.request(pb::GetProjectRequest {}))
            .await
            .map_err(|status| Refusal::of(&status, "project_id"))?;
        let project = answer
            .into_inner()
            .project
            .ok_or_else(|| Refusal::broken("project"))?;
        let id: Arc<str> = project.revenuecat_id.into();
        self.projects
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(context.project, Arc::clone(&id));
        Ok(id)
    }
}

/// The needs of all operations of a document.
pub(crate) fn needs(document: &Value) -> HashMap<(Method, String), Need> {
    let mut needs = HashMap::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(permission) = operation["x-permission"].as_str() else {
                continue;
            };
            let expand = operation["x-expand-permission"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(value, needed)| Some((value.clone(), needed.as_str()?.to_owned())))
                .collect();
            if let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) {
                let need = Need {
                    permission: permission.to_owned(),
                    expand,
                };
                needs.insert((method, path.clone()), need);
            }
        }
    }
    needs
}

/// Lets only those in who may, and tells them how many calls they have made.
pub(crate) async fn enter(
    State(frame): State<Arc<Frame>>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&frame, request).await {
        Ok((request, call, usage)) => {
            let mut response = next.run(request).await;
            call.mark(&mut response);
            if response.status().is_success()
                && let Some(usage) = usage
            {
                let headers = response.headers_mut();
                headers.insert(USAGE, HeaderValue::from(usage.used_count));
                headers.insert(LIMIT, HeaderValue::from(usage.limit));
            }
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn admit(
    frame: &Frame,
    request: Request,
) -> Result<(Request, Call, Option<pb::RateUsage>), Refusal> {
    let (mut parts, body) = request.into_parts();
    let template = parts
        .extensions
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned())
        .unwrap_or_default();
    let method = match &parts.method {
        method if *method == Method::HEAD => Method::GET,
        method => method.clone(),
    };
    let need = frame
        .needs
        .get(&(method, template.clone()))
        .ok_or_else(|| Refusal::bare(StatusCode::METHOD_NOT_ALLOWED))?;
    let (context, usage) = key(&frame.gateway, &parts.headers, need.domain()).await?;
    let project = frame.project(&context).await?;
    let params = RawPathParams::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| Refusal::request("the path cannot be read"))?;
    let named = params.iter().find(|(name, _)| *name == "project_id");
    if template.contains("{project_id}") && named.map(|(_, id)| id) != Some(&*project) {
        return Err(Refusal::forbidden(
            "the API key does not belong to the project",
        ));
    }
    let query = Parameters::parse(parts.uri.query().unwrap_or_default());
    allow(context.grants(), need, &query)?;
    let grants = carried(context.grants());
    let context = frame
        .gateway
        .gate
        .context(context.project, &context.actor, grants)
        .at_edge();
    let call = Call::new(&frame.gateway, context, project, &template, &parts)?;
    parts.extensions.insert(call.clone());
    Ok((Request::from_parts(parts, body), call, usage))
}

/// The caller behind the key, counted in its domain.
async fn key(
    gateway: &Gateway,
    headers: &HeaderMap,
    domain: &str,
) -> Result<(Context, Option<pb::RateUsage>), Refusal> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(bearer)
        .ok_or_else(Refusal::unauthenticated)?;
    let charge = pb::RateCharge {
        bucket: format!("revenuecat:{domain}"),
        limit: per_minute(domain),
        span: Some(prost_types::Duration {
            seconds: WINDOW_SECONDS,
            nanos: 0,
        }),
        window: pb::rate_charge::Window::Fixed.into(),
    };
    let kinds = [KeyKind::Secret, KeyKind::Bootstrap];
    let (context, usages) = crate::auth::admit(gateway, headers, key, &kinds, vec![charge])
        .await
        .map_err(|status| Refusal::of(&status, "project_id"))?;
    Ok((context, usages.into_iter().next()))
}

/// Whether the caller holds what the operation and each value of `expand` need.
fn allow(grants: &Grants, need: &Need, query: &Parameters) -> Result<(), Refusal> {
    let values: Vec<&str> = query.expand().collect();
    let expanded = need.expand.iter().filter(|(value, _)| {
        values.iter().any(|asked| {
            asked == value
                || asked
                    .strip_prefix(value.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
    });
    let wanted =
        std::iter::once(&need.permission).chain(expanded.map(|(_, permission)| permission));
    for permission in wanted {
        if !holds(grants, permission) {
            return Err(Refusal::forbidden(format!(
                "the API key lacks the permission {permission}"
            )));
        }
    }
    Ok(())
}

fn holds(grants: &Grants, permission: &str) -> bool {
    match permission.rsplit_once(':') {
        Some((resource, level)) => grants.allow(resource, level == "read_write"),
        None => false,
    }
}

/// What is read to show an answer that the caller may see: a subscription shows its customer, its product and the
/// entitlements it gives, whatever else the key opens.
const SHOWN: [&str; 9] = [
    "charts_metrics:overview:read",
    "customer_information:customers:read",
    "customer_information:entitlements:read",
    "customer_information:purchases:read",
    "customer_information:subscriptions:read",
    "project_configuration:apps:read",
    "project_configuration:entitlements:read",
    "project_configuration:packages:read",
    "project_configuration:products:read",
];

/// The rights of the calls that serve an operation whose permission was checked: the caller's own, and to read what the
/// answer shows.
fn carried(own: &Grants) -> Grants {
    let Grants::Listed(held) = own else {
        return own.clone();
    };
    let mut all: BTreeSet<String> = held.clone();
    all.extend(SHOWN.iter().map(ToString::to_string));
    Grants::Listed(all)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn listed(permissions: &[&str]) -> Grants {
        Grants::Listed(permissions.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_operation_has_a_permission_and_a_domain() {
        let document = super::super::document::openapi();
        let count = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .map(|item| item.as_object().unwrap().len())
            .sum::<usize>();
        let needs = needs(&document);
        assert_eq!(needs.len(), count);
        for need in needs.values() {
            let parts: Vec<&str> = need.permission.split(':').collect();
            assert!(matches!(parts.as_slice(), [_, _, "read" | "read_write"]));
            let bucket = format!("revenuecat:{}", need.domain());
            assert!(crate::limits::BUCKETS.contains(&bucket.as_str()));
        }
    }

    #[test]
    fn each_expansion_needs_its_own_permission() {
        let need = Need {
            permission: "project_configuration:offerings:read".to_owned(),
            expand: BTreeMap::from([
                (
                    "package".to_owned(),
                    "project_configuration:packages:read".to_owned(),
                ),
                (
                    "package.product".to_owned(),
                    "project_configuration:products:read".to_owned(),
                ),
            ]),
        };
        let offerings = "project_configuration:offerings:read";
        let packages = "project_configuration:packages:read";
        let products = "project_configuration:products:read";
        for (query, held, allowed) in [
            ("", vec![offerings], true),
            ("", vec![packages], false),
            ("", vec!["project_configuration:offerings:read_write"], true),
            ("expand=package", vec![offerings], false),
            ("expand=package", vec![offerings, packages], true),
            ("expand=package.product", vec![offerings, packages], false),
            ("expand=package.product", vec![offerings, products], false),
            (
                "expand=package.product",
                vec![offerings, packages, products],
                true,
            ),
            ("expand=nonsense", vec![offerings], true),
        ] {
            let query = Parameters::parse(query);
            assert_eq!(allow(&listed(&held), &need, &query).is_ok(), allowed);
        }
    }

    #[test]
    fn what_an_answer_shows_is_read_and_nothing_more_is_written() {
        let own = listed(&["customer_information:subscriptions:read"]);
        let grants = carried(&own);
        assert!(grants.allow("customer_information:customers", false));
        assert!(!grants.allow("customer_information:customers", true));
        assert!(!grants.allow("customer_information:subscriptions", true));
        assert!(!grants.allow("billing:invoices", false));
        assert_eq!(carried(&Grants::All), Grants::All);
    }
}
