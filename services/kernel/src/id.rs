//! Typed identity: one type per kind of thing over a ULID, so that a plan's id cannot be passed
//! where a customer's is meant. Ids are made elsewhere; here they are only read and written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
pub use ulid::Ulid;

/// The text is no ULID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a ULID")]
pub struct BadId;

/// Reads 26 characters of Crockford base32, of which the first is `0` to `7`.
pub fn parse_ulid(text: &str) -> Result<Ulid, BadId> {
    let first = text.bytes().next().ok_or(BadId)?;
    if text.len() != ulid::ULID_LEN || !(b'0'..=b'7').contains(&first) {
        return Err(BadId);
    }
    Ulid::from_string(text).map_err(|_| BadId)
}

/// One identical newtype per kind of thing; a generic type would need a marker type per kind as well.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// The id with this ULID.
            pub const fn from_ulid(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// The ULID inside.
            pub const fn ulid(self) -> Ulid {
                self.0
            }
        }

        impl From<Ulid> for $name {
            fn from(ulid: Ulid) -> Self {
                Self(ulid)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse_ulid(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A project: the tenant.
    ProjectId
    /// An API key.
    KeyId
    /// A customer: who pays.
    CustomerId
    /// A subject: a usage source.
    SubjectId
    /// Something that keeps a customer from being deleted.
    HoldId
    /// A meter.
    MeterId
    /// A portal token.
    PortalTokenId
    /// A feature.
    FeatureId
    /// One version of a plan.
    PlanId
    /// One version of an add-on.
    AddonId
    /// The assignment of an add-on to a plan.
    PlanAddonId
    /// A store app.
    StoreAppId
    /// A product of a store app.
    ProductId
    /// A plan known by its name only.
    NamedPlanId
    /// A level of access that products give.
    EntitlementDefinitionId
    /// An offering.
    OfferingId
    /// A package of an offering.
    PackageId
    /// A subscription.
    SubscriptionId
    /// A phase of a subscription or plan.
    PhaseId
    /// One version of an item of a subscription.
    ItemId
    /// An add-on bought for a subscription.
    SubscriptionAddonId
    /// A change of recurring revenue.
    ChangeId
    /// An entitlement.
    EntitlementId
    /// A grant.
    GrantId
    /// A reset of an entitlement's usage.
    ResetId
    /// An invoice.
    InvoiceId
    /// A line of an invoice, pending or issued.
    LineId
    /// A billing profile.
    ProfileId
    /// An installed invoicing app.
    AppId
    /// A payment.
    PaymentId
    /// A notification channel.
    ChannelId
    /// A notification rule.
    RuleId
    /// A notification event or a usage event's stored form.
    EventId
    /// An attempt to deliver a notification.
    DeliveryId
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    #[test]
    fn an_id_is_written_as_it_is_read() {
        let id: CustomerId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(format!("{id:?}"), format!("CustomerId({TEXT})"));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
        assert_eq!(
            serde_json::from_str::<CustomerId>(&format!("\"{TEXT}\"")).unwrap(),
            id
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "ééééééééééééé",
        ] {
            assert_eq!(text.parse::<PlanId>(), Err(BadId), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_undoes_writing(number in any::<u128>()) {
            let id = MeterId::from_ulid(Ulid(number));
            prop_assert_eq!(id.to_string().parse::<MeterId>(), Ok(id));
        }

        #[test]
        fn order_of_ids_is_order_of_texts(a in any::<u128>(), b in any::<u128>()) {
            let (a, b) = (MeterId::from_ulid(Ulid(a)), MeterId::from_ulid(Ulid(b)));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
