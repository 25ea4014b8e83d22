//! The rule for customers that may have several subscriptions at a time: what is priced or entitles is sold once at a time.

use kernel::period::OpenPeriod;

use super::refusal::{ItemSide, Refusal};
use super::subscription::Subscription;

/// An item version that counts for the rule.
struct Sold<'a> {
    phase: &'a str,
    item: &'a str,
    period: OpenPeriod,
}

impl Subscription {
    /// Refuses it when an item of it holds at the same time as one of the same key of another live subscription of the
    /// customer. Items without price and entitlement are in nobody's way.
    pub fn check_items_apart(&self, others: &[Self]) -> Result<(), Refusal> {
        let own = self.sold_items()?;
        let mut sides = Vec::new();
        for other in others {
            if other.id == self.id || other.deleted_at.is_some() {
                continue;
            }
            for theirs in &other.sold_items()? {
                for ours in &own {
                    if ours.item == theirs.item && ours.period.overlaps(&theirs.period) {
                        sides.push(ours.side_of(self));
                        sides.push(theirs.side_of(other));
                    }
                }
            }
        }
        if sides.is_empty() {
            Ok(())
        } else {
            Err(Refusal::ItemsOverlap(sides))
        }
    }

    fn sold_items(&self) -> Result<Vec<Sold<'_>>, Refusal> {
        let mut sold = Vec::new();
        for (phase, times) in self.phases.iter().zip(self.times()?) {
            for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
                for (version, period) in timeline.versions.iter().zip(periods) {
                    let counts = version.card.price.is_some() || version.card.entitlement.is_some();
                    if counts && !period.is_empty() {
                        sold.push(Sold {
                            phase: &phase.key,
                            item: &timeline.key,
                            period: *period,
                        });
                    }
                }
            }
        }
        Ok(sold)
    }
}

impl Sold<'_> {
    fn side_of(&self, subscription: &Subscription) -> ItemSide {
        ItemSide {
            side: subscription.side(),
            phase: self.phase.to_owned(),
            item: self.item.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Sketch, flat, monthly, time, unpriced};
    use super::*;

    #[test]
    fn one_key_is_sold_once_at_a_time() {
        let first = monthly("2024-01-01T00:00:00Z");
        let second = monthly("2024-03-01T00:00:00Z");
        let Err(Refusal::ItemsOverlap(sides)) =
            second.check_items_apart(std::slice::from_ref(&first))
        else {
            panic!("both sell `fee`");
        };
        assert_eq!(sides.len(), 2);
        assert_eq!(
            (sides[0].side.active_from, sides[1].side.active_from),
            (second.active_from, first.active_from)
        );
        let other = Sketch::new("2024-03-01T00:00:00Z")
            .phase("", vec![flat("other", "1")])
            .build();
        assert_eq!(
            other.check_items_apart(std::slice::from_ref(&first)),
            Ok(())
        );
        let idle = Sketch::new("2024-03-01T00:00:00Z")
            .phase("", vec![unpriced("fee")])
            .build();
        assert_eq!(idle.check_items_apart(std::slice::from_ref(&first)), Ok(()));
        let ended = Subscription {
            active_to: Some(time("2024-03-01T00:00:00Z")),
            ..first.clone()
        };
        assert_eq!(second.check_items_apart(&[ended]), Ok(()));
        let deleted = Subscription {
            deleted_at: Some(time("2024-01-02T00:00:00Z")),
            ..first
        };
        assert_eq!(second.check_items_apart(&[deleted]), Ok(()));
    }
}
