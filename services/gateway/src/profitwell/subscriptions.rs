//! Subscriptions that are reported here (text §4): start, change, end, and taking an end
//! back.

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as customer;
use contract::subscription::v1 as pb;
use contract::subscription::v1::ReportedStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{UserNames, by_id, user_names};
use super::dates::Seconds;
use super::error::Refusal;
use super::extract::{Body, Parameters};
use crate::body::PathText;
use crate::call::Call;

/// Currency where none is told.
const DEFAULT_CURRENCY: &str = "usd";

/// How often a plan is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanInterval {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl PlanInterval {
    fn into_proto(self) -> String {
        match self {
            Self::Month => "P1M",
            Self::Year => "P1Y",
        }
        .to_owned()
    }

    fn from_proto(duration: &str) -> Self {
        if duration == "P1Y" {
            Self::Year
        } else {
            Self::Month
        }
    }
}

/// What a new subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartStatus {
    /// Paid.
    Active,
    /// On trial, with a value of 0.
    Trialing,
}

/// What a changed subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeStatus {
    /// Paid.
    Active,
}

/// A subscription to report.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SubscriptionCreateRequest {
    /// A user that exists.
    #[schema(nullable = false)]
    user_id: Option<String>,
    /// Your own id of the user, who is made if nobody has it.
    #[schema(nullable = false)]
    user_alias: Option<String>,
    /// Your own id of the subscription, unique in the account.
    #[schema(nullable = false, max_length = 36)]
    subscription_alias: Option<String>,
    /// Address of a user who is made.
    email: String,
    plan_id: String,
    plan_interval: PlanInterval,
    /// ISO 4217 code in any case.
    #[schema(nullable = false, default = "usd")]
    plan_currency: Option<String>,
    #[schema(nullable = false, default = "active")]
    status: Option<StartStatus>,
    /// Full amount of one interval in hundredths.
    value: i64,
    effective_date: Seconds,
    /// Not used.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "ignored")]
    #[expect(dead_code, reason = "documented, and not used by the contract either")]
    data_provider_user_id: Option<String>,
}

/// Reads a member that is not used, whatever it holds.
fn ignored<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    serde::de::IgnoredAny::deserialize(reader).map(|_| None)
}

/// What a subscription is sold as from a time on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SubscriptionUpdateRequest {
    plan_id: String,
    plan_interval: PlanInterval,
    /// The one that it has.
    #[schema(nullable = false)]
    plan_currency: Option<String>,
    #[schema(nullable = false, default = "active")]
    status: Option<ChangeStatus>,
    /// Full amount of one interval in hundredths.
    value: i64,
    effective_date: Seconds,
}

/// A subscription as of one event on its time line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionResponse {
    subscription_id: String,
    user_id: String,
    #[schema(required)]
    user_alias: Option<String>,
    #[schema(required)]
    subscription_alias: Option<String>,
    email: String,
    plan_id: String,
    plan_interval: PlanInterval,
    plan_currency: String,
    /// `active`, `trialing`, `churned_voluntary` or `churned_delinquent`.
    status: &'static str,
    value: i64,
    effective_date: Seconds,
    meta: Meta,
}

/// More about an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Meta {
    /// Why the subscription ended; only at an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    churn_type: Option<&'static str>,
}

impl SubscriptionResponse {
    /// From an event and the names of its user.
    pub(crate) fn from_proto(event: pb::ReportedEvent, user: &UserNames) -> Self {
        let (status, churn_type) = match event.status() {
            ReportedStatus::Trialing => ("trialing", None),
            ReportedStatus::EndedVoluntary => ("churned_voluntary", Some("voluntary")),
            ReportedStatus::EndedDelinquent => ("churned_delinquent", Some("delinquent")),
            ReportedStatus::Active | ReportedStatus::Unspecified => ("active", None),
        };
        Self {
            effective_date: Seconds::from_proto(event.effective_time.as_ref()),
            subscription_id: event.short_id,
            user_id: user.id.clone(),
            user_alias: user.alias.clone(),
            subscription_alias: Some(event.alias).filter(|alias| !alias.is_empty()),
            email: user.email.clone(),
            plan_id: event.product_key,
            plan_interval: PlanInterval::from_proto(&event.interval_duration),
            plan_currency: currency(&event.currency_code),
            status,
            value: event.amount_hundredths,
            meta: Meta { churn_type },
        }
    }
}

/// The currency of an event; what is reported without one, such as a trial, has the default of a subscription.
fn currency(code: &str) -> String {
    if code.is_empty() {
        return DEFAULT_CURRENCY.to_owned();
    }
    code.to_ascii_lowercase()
}

/// Text that is there must not be empty.
fn filled(name: &str, text: Option<String>) -> Result<String, Refusal> {
    match text {
        Some(text) if text.is_empty() => Err(Refusal::bad(format!("{name}: must not be empty"))),
        Some(text) => Ok(text),
        None => Ok(String::new()),
    }
}

/// Reports a new subscription.
#[utoipa::path(
    post,
    path = "/subscriptions",
    operation_id = "createSubscription",
    tag = "Manually-Added Subscriptions",
    request_body = SubscriptionCreateRequest,
    responses(
        (status = 201, description = "The subscription.", body = SubscriptionResponse),
        (status = 400, description = "A member is missing or wrong, or the alias taken."),
    )
)]
pub(crate) async fn create(
    call: Call,
    Body(body): Body<SubscriptionCreateRequest>,
) -> Result<(StatusCode, Json<SubscriptionResponse>), Refusal> {
    let status = body
        .status
        .map_or(ReportedStatus::Unspecified, |status| match status {
            StartStatus::Active => ReportedStatus::Active,
            StartStatus::Trialing => ReportedStatus::Trialing,
        });
    let request = call.rpc(pb::CreateReportedSubscriptionRequest {
        existing_customer_handle: body.user_id.unwrap_or_default(),
        customer_handle: body.user_alias.unwrap_or_default(),
        primary_email: body.email,
        key: body.subscription_alias.unwrap_or_default(),
        product_key: body.plan_id,
        interval_duration: body.plan_interval.into_proto(),
        currency_code: filled("plan_currency", body.plan_currency)?,
        status: status.into(),
        amount_hundredths: Some(body.value),
        effective_time: Some(body.effective_date.into_proto()),
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    let answer = call
        .take(reports.create_reported_subscription(request).await)
        .map_err(Refusal::in_body)?;
    let customer = answer
        .customer
        .ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    let user = user_names(&call, customer).await?;
    let event = present(answer.event)?;
    let created = SubscriptionResponse::from_proto(event, &user);
    Ok((StatusCode::CREATED, Json(created)))
}

/// Reports what a subscription is sold as from a time on.
#[utoipa::path(
    put,
    path = "/subscriptions/{subscription_id_or_alias}",
    operation_id = "updateSubscription",
    tag = "Manually-Added Subscriptions",
    params(("subscription_id_or_alias" = String, Path, description = "Id or alias.")),
    request_body = SubscriptionUpdateRequest,
    responses(
        (status = 200, description = "The subscription.", body = SubscriptionResponse),
        (status = 400, description = "A member is missing or wrong, or the date before the \
                                      start or after a churn."),
        (status = 404, description = "There is no such subscription."),
    )
)]
pub(crate) async fn update(
    call: Call,
    PathText(handle): PathText,
    Body(body): Body<SubscriptionUpdateRequest>,
) -> Result<Json<SubscriptionResponse>, Refusal> {
    let status = body
        .status
        .map_or(ReportedStatus::Unspecified, |status| match status {
            ChangeStatus::Active => ReportedStatus::Active,
        });
    let request = call.rpc(pb::ChangeReportedSubscriptionRequest {
        handle,
        product_key: body.plan_id,
        interval_duration: body.plan_interval.into_proto(),
        currency_code: filled("plan_currency", body.plan_currency)?,
        status: status.into(),
        amount_hundredths: Some(body.value),
        effective_time: Some(body.effective_date.into_proto()),
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    let answer = call.take(reports.change_reported_subscription(request).await)?;
    answered(&call, answer.event).await
}

/// Reports the end of a subscription, past or ahead.
#[utoipa::path(
    post,
    path = "/subscriptions/{subscription_id_or_alias}/churn",
    operation_id = "churnSubscription",
    tag = "Manually-Added Subscriptions",
    params(
        ("subscription_id_or_alias" = String, Path, description = "Id or alias."),
        ("effective_date" = i64, Query, description = "When, as seconds since 1970."),
        ("churn_type" = Option<String>, Query, description = "`voluntary`, the default, or `delinquent`."),
    ),
    responses(
        (status = 200, description = "The subscription.", body = SubscriptionResponse),
        (status = 400, description = "The date is missing, wrong or before the latest change, \
                                      or it has an end already."),
        (status = 404, description = "There is no such subscription."),
    )
)]
pub(crate) async fn churn(
    call: Call,
    PathText(handle): PathText,
    query: Parameters,
) -> Result<Json<SubscriptionResponse>, Refusal> {
    let date = Seconds::from_query("effective_date", query.required("effective_date")?)?;
    let reason = match query.text("churn_type") {
        None | Some("voluntary") => pb::ReportedEndReason::Voluntary,
        Some("delinquent") => pb::ReportedEndReason::Delinquent,
        Some(_) => {
            return Err(Refusal::bad(
                "churn_type: must be one of voluntary, delinquent",
            ));
        }
    };
    let request = call.rpc(pb::EndReportedSubscriptionRequest {
        handle,
        effective_time: Some(date.into_proto()),
        reason: reason.into(),
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    let answer = call.take(reports.end_reported_subscription(request).await)?;
    answered(&call, answer.event).await
}

/// Takes the end of a subscription back.
#[utoipa::path(
    post,
    path = "/subscriptions/{subscription_id_or_alias}/unchurn",
    operation_id = "unchurnSubscription",
    tag = "Manually-Added Subscriptions",
    params(("subscription_id_or_alias" = String, Path, description = "Id or alias.")),
    responses(
        (status = 204, description = "It never ended."),
        (status = 404, description = "There is no such subscription, or it has no end."),
    )
)]
pub(crate) async fn unchurn(call: Call, PathText(handle): PathText) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::RetractReportedEndRequest {
        handle,
        request_id: call.request_id(),
    });
    let answer = call.clients().reports().retract_reported_end(request).await;
    call.take(answer).map_err(Refusal::nothing_to_retract)?;
    Ok(StatusCode::NO_CONTENT)
}

fn present(event: Option<pb::ReportedEvent>) -> Result<pb::ReportedEvent, Refusal> {
    event.ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The subscription as of the event just reported.
async fn answered(
    call: &Call,
    event: Option<pb::ReportedEvent>,
) -> Result<Json<SubscriptionResponse>, Refusal> {
    let event = present(event)?;
    let request = call.rpc(customer::GetCustomerRequest {
        customer_ref: by_id(event.customer_id.clone()),
        include_deleted: true,
        for_subscription: false,
    });
    let answer = call.take(call.clients().customers().get_customer(request).await)?;
    let customer = answer
        .customer
        .ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    let user = user_names(call, customer).await?;
    Ok(Json(SubscriptionResponse::from_proto(event, &user)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_currency_there_is_the_default() {
        assert_eq!(currency(""), "usd");
        assert_eq!(currency("EUR"), "eur");
    }
}
