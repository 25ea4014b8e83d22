//! A right that a customer has by something that was bought: to whatever a product gives, or to one entitlement.

use kernel::{Timestamp, calendar::Recurrence, period::OpenPeriod};

/// What a right is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Whatever a product gives: its id in the catalog.
    Product(String),
    /// One entitlement: its lookup key, or the key of a feature.
    Feature(String),
}

/// A right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRight {
    /// What it comes from.
    pub source: String,
    /// What it is to.
    pub subject: Subject,
    /// When it holds.
    pub period: OpenPeriod,
    /// The periods for which it is had, if it is renewed.
    pub renewal: Option<Recurrence>,
}

impl ProductRight {
    /// When it holds at an instant within, as long as it is not renewed once more.
    pub fn until_renewal(&self, at: Timestamp) -> OpenPeriod {
        let period = self.renewal.as_ref().map(|renewal| renewal.period_at(at));
        let renewed = period.and_then(Result::ok).map(|period| period.end);
        let ends = [self.period.end, renewed];
        OpenPeriod {
            end: ends.into_iter().flatten().min(),
            ..self.period
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::calendar::IsoDuration;

    use super::*;
    use crate::domain::timeline::tests::at;

    #[test]
    fn it_holds_until_it_is_renewed_or_ends() {
        let monthly = Recurrence {
            interval: IsoDuration::parse("P1M").unwrap(),
            anchor: at("2024-01-31T00:00Z"),
        };
        let right = |end: Option<&str>, renewal: Option<&Recurrence>| ProductRight {
            source: String::new(),
            subject: Subject::Feature("pro".to_owned()),
            period: OpenPeriod {
                start: at("2024-01-31T00:00Z"),
                end: end.map(at),
            },
            renewal: renewal.cloned(),
        };
        let end = |right: ProductRight, now: &str| right.until_renewal(at(now)).end;
        let (february, march) = ("2024-02-10T00:00Z", "2024-03-10T00:00Z");
        assert_eq!(end(right(None, None), february), None);
        let renewed = right(None, Some(&monthly));
        assert_eq!(
            end(renewed.clone(), february),
            Some(at("2024-02-29T00:00Z"))
        );
        assert_eq!(end(renewed, march), Some(at("2024-03-31T00:00Z")));
        let canceled = right(Some("2024-03-15T00:00Z"), Some(&monthly));
        assert_eq!(
            end(canceled.clone(), february),
            Some(at("2024-02-29T00:00Z"))
        );
        assert_eq!(end(canceled, march), Some(at("2024-03-15T00:00Z")));
    }
}
