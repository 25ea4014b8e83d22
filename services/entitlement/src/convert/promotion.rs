//! Promotional access on the wire.

use contract::{
    convert::{from_required_timestamp, timestamp},
    entitlement::v1 as pb,
};
use kernel::{calendar::IsoDuration, id::CustomerId, period::OpenPeriod};

use super::{Result, field};
use crate::{
    domain::promotion::{Promotion, Span},
    error::EntitlementError,
};

/// Until when access is given.
pub fn promotion_span(wire: Option<&pb::grant_promotional_access_request::Span>) -> Result<Span> {
    use pb::grant_promotional_access_request::Span as Wire;
    match wire {
        None => Ok(Span::Open),
        Some(Wire::EndTime(end)) => from_required_timestamp(Some(end))
            .map(Span::Until)
            .map_err(field("end_time")),
        Some(Wire::Duration(length)) => IsoDuration::parse(length)
            .map(Span::For)
            .map_err(|bad| EntitlementError::invalid("duration", bad.to_string())),
    }
}

/// Promotional access as it is shown.
pub fn promotion(promotion: &Promotion) -> pb::PromotionalAccess {
    pb::PromotionalAccess {
        id: promotion.id.to_string(),
        customer_id: promotion.customer.to_string(),
        feature_key: promotion.feature_key.clone(),
        start_time: Some(timestamp(promotion.start)),
        end_time: promotion.span().end.map(timestamp),
        revoke_time: promotion.revoked.map(timestamp),
        create_time: Some(timestamp(promotion.created)),
    }
}

/// The value of a feature that was given away and for which there is no entitlement.
pub fn promoted_value(
    customer: CustomerId,
    feature_key: &str,
    span: OpenPeriod,
) -> pb::EntitlementValue {
    pb::EntitlementValue {
        customer_id: customer.to_string(),
        feature_key: feature_key.to_owned(),
        has_access: true,
        kind: Some(pb::entitlement_value::Kind::Boolean(pb::BooleanValue {})),
        active_to_time: span.end.map(timestamp),
        ..pb::EntitlementValue::default()
    }
}
