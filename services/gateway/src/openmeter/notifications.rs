//! What notification channels, rules and events share (metering text §15).

use axum::Json;
use axum::http::StatusCode;
use contract::notification::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::Problem;
use super::page::{Page, SortOrder, Window};
use super::scalars::Ulid;
use super::value::{broken, known, present};

/// Kind of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum NotificationChannelType {
    /// An HTTP endpoint.
    Webhook,
}

/// A channel of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationChannelMeta {
    #[schema(value_type = Ulid)]
    pub(super) id: String,
    pub(super) r#type: NotificationChannelType,
}

impl NotificationChannelMeta {
    /// The channel with this id.
    pub(super) fn webhook(id: String) -> Self {
        Self {
            id,
            r#type: NotificationChannelType::Webhook,
        }
    }
}

/// What a rule tells about.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) enum NotificationEventType {
    /// A balance crossed a threshold.
    #[serde(rename = "entitlements.balance.threshold")]
    BalanceThreshold,
    /// A usage period started over.
    #[serde(rename = "entitlements.reset")]
    EntitlementReset,
    /// An invoice was made.
    #[serde(rename = "invoice.created")]
    InvoiceCreated,
    /// An invoice changed.
    #[serde(rename = "invoice.updated")]
    InvoiceUpdated,
}

impl NotificationEventType {
    pub(super) fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::EventType::Unspecified | pb::EventType::BalanceThreshold => {
                Ok(Self::BalanceThreshold)
            }
            pb::EventType::EntitlementReset => Ok(Self::EntitlementReset),
            pb::EventType::InvoiceCreated => Ok(Self::InvoiceCreated),
            pb::EventType::InvoiceUpdated => Ok(Self::InvoiceUpdated),
        }
    }
}

/// Sort key of a list of channels or rules.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NotificationOrderBy {
    /// By id.
    #[default]
    Id,
    /// By kind.
    Type,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

/// Parameters of a list of channels or rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListNotificationParams {
    /// Deleted ones too.
    pub(super) include_deleted: Option<bool>,
    /// Disabled ones too.
    pub(super) include_disabled: Option<bool>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<NotificationOrderBy>,
}

impl NotificationOrderBy {
    /// The name that both lists of the service give it.
    fn name(self) -> &'static str {
        match self {
            Self::Id => "ORDER_BY_ID",
            Self::Type => "ORDER_BY_TYPE",
            Self::CreatedAt => "ORDER_BY_CREATE_TIME",
            Self::UpdatedAt => "ORDER_BY_UPDATE_TIME",
        }
    }
}

impl ListNotificationParams {
    /// The sort key as a list of the service knows it.
    pub(super) fn order_by<E>(&self, of_name: fn(&str) -> Option<E>) -> Result<E, Problem> {
        let name = self.order_by.unwrap_or_default().name();
        of_name(name).ok_or_else(|| broken("enum", &name))
    }

    /// The newest come first, whatever the contract says (metering text §1.5).
    pub(super) fn descending(&self) -> bool {
        self.order.unwrap_or(SortOrder::Desc).descending()
    }
}

/// One thing of a service, as the contract shows it.
pub(super) fn one<W, T>(
    wire: Option<W>,
    show: fn(W) -> Result<T, Problem>,
) -> Result<Json<T>, Problem> {
    show(present(wire)?).map(Json)
}

/// One thing that was made.
pub(super) fn made<W, T>(
    wire: Option<W>,
    show: fn(W) -> Result<T, Problem>,
) -> Result<(StatusCode, Json<T>), Problem> {
    Ok((StatusCode::CREATED, one(wire, show)?))
}

/// A page of things of a service, as the contract shows them.
pub(super) fn many<W, T>(
    window: Window,
    total_size: i64,
    wires: Vec<W>,
    show: fn(W) -> Result<T, Problem>,
) -> Result<Json<Page<T>>, Problem> {
    let items: Vec<T> = wires.into_iter().map(show).collect::<Result<_, _>>()?;
    Ok(Json(Page::new(window, total_size, items)))
}

/// An update replaces the whole.
pub(super) fn everything() -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask {
        paths: vec!["*".to_owned()],
    })
}
