//! Holds: why a customer cannot be deleted now. A hold counts only while project time is
//! inside its span, so what ends by time needs no release.

use kernel::{Timestamp, id::CustomerId, period::OpenPeriod};

use super::text;
use crate::error::CustomerError;

/// What kind of thing depends on the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldReason {
    /// An active subscription.
    Subscription,
    /// An active entitlement.
    Entitlement,
    /// An active entitlement that a subscription brings along. To others it is one like any other.
    Included,
    /// An unfinished invoice.
    Invoice,
    /// A feature.
    Feature,
}

impl HoldReason {
    /// The word in error details.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Included => Self::Entitlement.word(),
            Self::Subscription | Self::Entitlement | Self::Invoice | Self::Feature => self.word(),
        }
    }

    /// The word stored for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscription => "SUBSCRIPTION",
            Self::Entitlement => "ENTITLEMENT",
            Self::Included => "INCLUDED",
            Self::Invoice => "INVOICE",
            Self::Feature => "FEATURE",
        }
    }

    /// What the holder is, in a sentence.
    fn noun(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Entitlement | Self::Included => "entitlement",
            Self::Invoice => "unfinished invoice",
            Self::Feature => "feature",
        }
    }

    /// The reason of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Subscription,
            Self::Entitlement,
            Self::Included,
            Self::Invoice,
            Self::Feature,
        ]
        .into_iter()
        .find(|reason| reason.word() == word)
    }
}

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The customer.
    pub customer: CustomerId,
    /// What kind of thing depends on it.
    pub reason: HoldReason,
    /// Which thing.
    pub holder: String,
    /// Sentence for whoever tries to delete the customer.
    pub display_text: String,
    /// When it counts.
    pub period: OpenPeriod,
    /// When it was first placed.
    pub create_time: Timestamp,
}

impl Hold {
    /// A hold with its texts checked.
    pub fn new(
        customer: CustomerId,
        reason: HoldReason,
        holder: String,
        display_text: String,
        period: OpenPeriod,
        now: Timestamp,
    ) -> Result<Self, CustomerError> {
        if period.end.is_some_and(|end| end < period.start) {
            return Err(CustomerError::invalid(
                "period.end_time",
                "must not lie before the start",
            ));
        }
        text::bounded("display_text", &display_text, 1024)?;
        Ok(Self {
            customer,
            reason,
            holder: text::required("holder_id", holder, 255)?,
            display_text,
            period,
            create_time: now,
        })
    }

    /// What a subscription is that is about to be committed: it holds like one that is active.
    pub fn promised(customer: CustomerId, subscription: String, now: Timestamp) -> Self {
        Self {
            customer,
            reason: HoldReason::Subscription,
            display_text: format!("subscription {subscription} is being made"),
            holder: subscription,
            period: OpenPeriod {
                start: now,
                end: None,
            },
            create_time: now,
        }
    }

    /// Whether the hold counts at an instant.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.period.start <= now && self.period.end.is_none_or(|end| now < end)
    }

    /// What a refused deletion says about this hold.
    pub fn sentence(&self) -> String {
        let given = self.display_text.trim();
        if given.is_empty() {
            format!(
                "{} {} depends on the customer",
                self.reason.noun(),
                self.holder
            )
        } else {
            given.to_owned()
        }
    }
}

/// What a refused deletion says on the whole: of subscriptions and entitlements that there are
/// some, of everything else each.
pub fn summary(holds: &[Hold]) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for hold in holds {
        let sentence = match hold.reason {
            HoldReason::Subscription => "customer still have active subscriptions, please cancel \
                 them before deleting the customer"
                .to_owned(),
            HoldReason::Entitlement | HoldReason::Included => {
                "customer still has active entitlements".to_owned()
            }
            HoldReason::Invoice | HoldReason::Feature => hold.sentence(),
        };
        if sentences.last() != Some(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join("; ")
}

/// Refuses the deletion of a customer while holds count.
pub fn admit_deletion(
    customer: CustomerId,
    holds: Vec<Hold>,
    now: Timestamp,
) -> Result<(), CustomerError> {
    let mut live: Vec<Hold> = holds
        .into_iter()
        .filter(|hold| hold.counts_at(now))
        .collect();
    if live.is_empty() {
        return Ok(());
    }
    live.sort_by(|a, b| (a.reason, &a.holder).cmp(&(b.reason, &b.holder)));
    Err(CustomerError::CustomerHeld {
        id: customer,
        holds: live,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use crate::error::Problem as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn hold(reason: HoldReason, start: i64, end: Option<i64>) -> Hold {
        let period = OpenPeriod {
            start: at(start),
            end: end.map(at),
        };
        let id = CustomerId::from_ulid(ulid::Ulid::nil());
        Hold::new(id, reason, "h".into(), String::new(), period, at(0)).unwrap()
    }

    #[test]
    fn a_hold_counts_from_its_start_up_to_but_without_its_end() {
        let hold = hold(HoldReason::Invoice, 10, Some(20));
        let found: Vec<bool> = [9, 10, 19, 20].map(|t| hold.counts_at(at(t))).into();
        assert_eq!(found, [false, true, true, false]);
    }

    #[test]
    fn deletion_is_refused_with_all_live_holds_only() {
        let holds = vec![
            hold(HoldReason::Entitlement, 0, None),
            hold(HoldReason::Invoice, 0, Some(5)),
            hold(HoldReason::Subscription, 0, None),
            hold(HoldReason::Included, 0, None),
        ];
        let id = CustomerId::from_ulid(ulid::Ulid::nil());
        let error = admit_deletion(id, holds, at(7)).unwrap_err();
        assert_eq!(error.reason(), "CUSTOMER_HELD");
        let fields: Vec<String> = error.violations().into_iter().map(|v| v.field).collect();
        assert_eq!(fields, ["SUBSCRIPTION:h", "ENTITLEMENT:h", "ENTITLEMENT:h"]);
        assert_eq!(
            error.metadata()[1],
            ("reasons", "SUBSCRIPTION,ENTITLEMENT".to_owned())
        );
        assert!(admit_deletion(id, vec![], at(7)).is_ok());
        assert_eq!(
            error.to_string(),
            "cannot delete the customer: customer still have active subscriptions, please cancel \
             them before deleting the customer; customer still has active entitlements"
        );
    }
}
