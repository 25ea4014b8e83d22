//! Promotional access: a feature that was given away for a while. It is no entitlement: it holds nothing off,
//! measures nothing and never hides a balance.

use kernel::{
    Timestamp,
    calendar::{IsoDuration, Recurrence, truncate_to_micros},
    id::{CustomerId, GrantId},
    period::OpenPeriod,
};

use crate::error::EntitlementError;

/// Longest key of a feature or lookup key of an entitlement definition, in characters.
const KEY_MAX: usize = 256;

/// Access that was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Its id.
    pub id: GrantId,
    /// Who has it.
    pub customer: CustomerId,
    /// To what.
    pub feature_key: String,
    /// From when.
    pub start: Timestamp,
    /// Until when; none until it is revoked.
    pub end: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// Counts writes from 1.
    pub revision: i64,
}

/// Until when access is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Until it is revoked.
    Open,
    /// Until an instant.
    Until(Timestamp),
    /// For a while from now.
    For(IsoDuration),
}

impl Promotion {
    /// Gives access from now on.
    pub fn new(
        id: GrantId,
        customer: CustomerId,
        feature_key: String,
        span: Span,
        now: Timestamp,
    ) -> Result<Self, EntitlementError> {
        check_key(&feature_key)?;
        let end = match span {
            Span::Open => None,
            Span::Until(end) if end > now => Some(end),
            Span::Until(_) => {
                return Err(EntitlementError::invalid(
                    "end_time",
                    "must lie in the future",
                ));
            }
            Span::For(length) if length.is_positive() => {
                Some(Recurrence::new(length, now)?.occurrence(1)?)
            }
            Span::For(_) => {
                return Err(EntitlementError::invalid("duration", "must be above zero"));
            }
        };
        Ok(Self {
            id,
            customer,
            feature_key,
            start: now,
            end: end.map(truncate_to_micros),
            revoked: None,
            created: now,
            revision: 1,
        })
    }

    /// When it gives access.
    pub fn span(&self) -> OpenPeriod {
        let end = [self.end, self.revoked].into_iter().flatten().min();
        OpenPeriod {
            start: self.start,
            end: end.map(|end| end.max(self.start)),
        }
    }

    /// Whether it gives access at an instant.
    pub fn is_active(&self, instant: Timestamp) -> bool {
        self.span().contains(instant)
    }

    /// Ends it now; none when it has ended.
    pub fn revoke(mut self, now: Timestamp) -> Option<Self> {
        if self.span().end.is_some_and(|end| end <= now) {
            return None;
        }
        self.revoked = Some(now);
        self.revision += 1;
        Some(self)
    }
}

/// Refuses what is no key.
pub fn check_key(key: &str) -> Result<(), EntitlementError> {
    if key.is_empty() || key.chars().count() > KEY_MAX {
        return Err(EntitlementError::invalid(
            "feature_key",
            "must be 1 to 256 characters",
        ));
    }
    Ok(())
}

/// What sources that give access now come to: the earliest start and the latest end, of which none wins.
pub fn joined(spans: impl IntoIterator<Item = OpenPeriod>) -> Option<OpenPeriod> {
    spans.into_iter().reduce(|one, other| OpenPeriod {
        start: one.start.min(other.start),
        end: match (one.end, other.end) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (None, _) | (_, None) => None,
        },
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::id::Ulid;

    use super::*;
    use crate::domain::timeline::tests::at;

    const NOW: &str = "2024-01-31T10:20:30Z";

    fn made(span: Span) -> Result<Promotion, EntitlementError> {
        let (id, customer) = (GrantId::from_ulid(Ulid(1)), CustomerId::from_ulid(Ulid(2)));
        Promotion::new(id, customer, "pro".to_owned(), span, at(NOW))
    }

    #[test]
    fn it_lasts_as_long_as_it_was_given_for() {
        let month = IsoDuration::parse("P1M").unwrap();
        let given = made(Span::For(month)).unwrap();
        assert_eq!(given.end, Some(at("2024-02-29T10:20:30Z")));
        assert!(given.is_active(at(NOW)));
        assert!(!given.is_active(at("2024-02-29T10:20:30Z")));
        assert!(made(Span::Open).unwrap().is_active(at("2124-01-01T00:00Z")));
        assert!(made(Span::Until(at(NOW))).is_err());
        assert!(made(Span::For(IsoDuration::parse("PT0S").unwrap())).is_err());
    }

    #[test]
    fn it_is_revoked_once_and_not_after_its_end() {
        let given = made(Span::Until(at("2024-02-10T00:00Z"))).unwrap();
        let revoked = given.clone().revoke(at("2024-02-05T00:00Z")).unwrap();
        assert!(!revoked.is_active(at("2024-02-05T00:00Z")));
        assert!(revoked.is_active(at("2024-02-04T00:00Z")));
        assert_eq!(revoked.revoke(at("2024-02-06T00:00Z")), None);
        assert_eq!(given.revoke(at("2024-02-10T00:00Z")), None);
    }

    #[test]
    fn the_latest_end_wins_and_none_is_later_than_all() {
        let span = |start: &str, end: Option<&str>| OpenPeriod {
            start: at(start),
            end: end.map(at),
        };
        let one = span("2024-01-02T00:00Z", Some("2024-02-01T00:00Z"));
        let two = span("2024-01-01T00:00Z", Some("2024-03-01T00:00Z"));
        let open = span("2024-01-03T00:00Z", None);
        assert_eq!(
            joined([one, two]).unwrap(),
            span("2024-01-01T00:00Z", Some("2024-03-01T00:00Z"))
        );
        assert_eq!(joined([one, open, two]).unwrap().end, None);
        assert!(joined([]).is_none());
    }
}
