//! Portal tokens.

use contract::{convert::timestamp, metering::v1 as pb};
use kernel::Timestamp;

use crate::store::portal_token::PortalToken;

/// A token for the wire, without the token itself.
pub fn to_proto(token: &PortalToken, now: Timestamp) -> pb::PortalToken {
    pb::PortalToken {
        id: token.id.clone(),
        subject: token.subject.clone(),
        expire_time: Some(timestamp(token.expire_time)),
        allowed_meter_slugs: token.meter_slugs.clone(),
        token: String::new(),
        create_time: Some(timestamp(token.create_time)),
        expired: token.expire_time <= now,
    }
}
