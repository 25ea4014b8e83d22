//! Which thresholds of a rule a balance has crossed: at most one about usage and one about
//! balance, the furthest of each.

use rust_decimal::Decimal;

use super::rule::{Threshold, ThresholdKind};

/// Two numbers that are both above this cannot be balance and overage of one instant.
const INCONSISTENT_ABOVE: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// What a metered entitlement stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is left.
    pub balance: Decimal,
    /// What was used in the period.
    pub usage: Decimal,
    /// Usage that no grant covered.
    pub overage: Decimal,
}

/// The thresholds that fire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crossed {
    /// The furthest one about usage.
    pub usage: Option<Threshold>,
    /// The furthest one about balance.
    pub balance: Option<Threshold>,
}

impl Standing {
    /// What the period had to give; none when the sum is out of range.
    fn credit(&self) -> Option<Decimal> {
        self.balance
            .checked_add(self.usage)?
            .checked_sub(self.overage)
    }

    fn is_consistent(&self) -> bool {
        self.balance <= INCONSISTENT_ABOVE || self.overage <= INCONSISTENT_ABOVE
    }

    /// The usage from which a threshold is crossed; none for a threshold about balance, and
    /// for a share of nothing.
    fn usage_mark(&self, threshold: &Threshold) -> Option<Decimal> {
        match threshold.kind {
            ThresholdKind::UsageValue | ThresholdKind::Number => Some(threshold.value),
            ThresholdKind::UsagePercentage | ThresholdKind::Percent => {
                if self.balance.is_zero() && self.overage.is_zero() {
                    return None;
                }
                self.credit()?
                    .checked_mul(threshold.value)?
                    .checked_div(Decimal::ONE_HUNDRED)
            }
            ThresholdKind::BalanceValue => None,
        }
    }

    fn is_below(&self, threshold: &Threshold) -> bool {
        if self.balance.is_zero() && self.usage.is_zero() && self.overage.is_zero() {
            return false;
        }
        match threshold.kind {
            ThresholdKind::BalanceValue if threshold.value.is_zero() => self.balance.is_zero(),
            ThresholdKind::BalanceValue => threshold.value > self.balance,
            ThresholdKind::UsageValue
            | ThresholdKind::Number
            | ThresholdKind::UsagePercentage
            | ThresholdKind::Percent => false,
        }
    }

    /// The thresholds that fire: of those about usage the greatest mark that usage is above
    /// (a share before an amount), of those about balance the smallest.
    pub fn crossed(&self, thresholds: &[Threshold]) -> Crossed {
        if !self.is_consistent() {
            return Crossed::default();
        }
        let usage = thresholds
            .iter()
            .filter_map(|threshold| Some((self.usage_mark(threshold)?, threshold)))
            .filter(|(mark, _)| *mark < self.usage)
            .max_by_key(|(mark, threshold)| (*mark, threshold.kind.is_share()));
        let balance = thresholds
            .iter()
            .filter(|threshold| self.is_below(threshold))
            .min_by_key(|threshold| threshold.value);
        Crossed {
            usage: usage.map(|(_, threshold)| threshold.clone()),
            balance: balance.cloned(),
        }
    }
}

impl ThresholdKind {
    fn is_share(self) -> bool {
        match self {
            Self::UsagePercentage | Self::Percent => true,
            Self::UsageValue | Self::Number | Self::BalanceValue => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use ThresholdKind::{BalanceValue, Number, Percent, UsagePercentage, UsageValue};

    fn standing(balance: &str, usage: &str, overage: &str) -> Standing {
        Standing {
            balance: balance.parse().unwrap(),
            usage: usage.parse().unwrap(),
            overage: overage.parse().unwrap(),
        }
    }

    fn marks(kind: ThresholdKind, values: &[i64]) -> Vec<Threshold> {
        let mark = |value: &i64| Threshold {
            kind,
            value: Decimal::from(*value),
        };
        values.iter().map(mark).collect()
    }

    fn check(
        thresholds: &[Threshold],
        standing: Standing,
        usage: Option<(ThresholdKind, i64)>,
        balance: Option<i64>,
    ) {
        let fired = standing.crossed(thresholds);
        let usage = usage.map(|(kind, value)| Threshold {
            kind,
            value: Decimal::from(value),
        });
        let balance = balance.map(|value| Threshold {
            kind: BalanceValue,
            value: Decimal::from(value),
        });
        assert_eq!(fired, Crossed { usage, balance }, "{standing:?}");
    }

    // The table of metering text §15.3.
    #[test]
    fn the_documented_cases_fire_as_documented() {
        let values = marks(UsageValue, &[10, 20, 30]);
        check(
            &values,
            standing("5", "25", "0"),
            Some((UsageValue, 20)),
            None,
        );
        check(
            &values,
            standing("0", "35", "10"),
            Some((UsageValue, 30)),
            None,
        );
        let shares = marks(UsagePercentage, &[50, 100, 110, 120]);
        check(
            &shares,
            standing("0", "110", "15"),
            Some((UsagePercentage, 110)),
            None,
        );
        check(&shares, standing("0", "100", "0"), None, None);
        let both = [marks(UsageValue, &[15]), marks(UsagePercentage, &[50])].concat();
        check(
            &both,
            standing("14", "16", "0"),
            Some((UsagePercentage, 50)),
            None,
        );
        check(&both, standing("15", "15", "0"), None, None);
        let balances = marks(BalanceValue, &[10, 20, 30]);
        check(&balances, standing("15", "15", "0"), None, Some(20));
        check(&balances, standing("25", "0", "0"), None, Some(30));
        check(
            &marks(BalanceValue, &[0, 10, 20]),
            standing("0", "30", "0"),
            None,
            Some(0),
        );
        let kinds = [marks(BalanceValue, &[10]), marks(UsagePercentage, &[90])].concat();
        check(
            &kinds,
            standing("5", "95", "0"),
            Some((UsagePercentage, 90)),
            Some(10),
        );
        check(&kinds, standing("0", "0", "0"), None, None);
    }

    #[test]
    fn the_older_words_mean_the_same() {
        check(
            &marks(Number, &[10]),
            standing("5", "25", "0"),
            Some((Number, 10)),
            None,
        );
        check(
            &marks(Percent, &[50]),
            standing("40", "60", "0"),
            Some((Percent, 50)),
            None,
        );
    }

    #[test]
    fn balance_and_overage_at_once_fire_nothing() {
        let all = [marks(UsageValue, &[1]), marks(BalanceValue, &[100])].concat();
        check(&all, standing("1", "10", "1"), None, None);
        check(
            &all,
            standing("0.000000001", "10", "5"),
            Some((UsageValue, 1)),
            Some(100),
        );
    }

    #[test]
    fn sums_out_of_range_fire_no_share() {
        let most = Decimal::MAX;
        let standing = Standing {
            balance: Decimal::ONE,
            usage: most,
            overage: Decimal::ZERO,
        };
        check(&marks(UsagePercentage, &[50]), standing, None, None);
    }

    proptest! {
        #[test]
        fn what_fires_is_crossed_and_nothing_further_is(
            marks in proptest::collection::vec((0usize..5, 1i64..200), 1..10),
            balance in 0i64..100, usage in 0i64..200, overage in 0i64..100,
        ) {
            let kinds = [Number, Percent, UsageValue, UsagePercentage, BalanceValue];
            let thresholds: Vec<Threshold> = marks
                .iter()
                .map(|(kind, value)| Threshold { kind: kinds[*kind], value: Decimal::from(*value) })
                .collect();
            let standing = Standing {
                balance: Decimal::from(balance),
                usage: Decimal::from(usage),
                overage: Decimal::from(if balance > 0 { 0 } else { overage }),
            };
            let fired = standing.crossed(&thresholds);
            if let Some(fired) = &fired.usage {
                let mark = standing.usage_mark(fired).unwrap();
                prop_assert!(mark < standing.usage);
                for other in thresholds.iter().filter_map(|other| standing.usage_mark(other)) {
                    prop_assert!(other <= mark || other >= standing.usage);
                }
            }
            if let Some(fired) = &fired.balance {
                prop_assert!(fired.value > standing.balance);
                for other in thresholds.iter().filter(|other| other.kind == BalanceValue) {
                    prop_assert!(other.value >= fired.value || other.value <= standing.balance);
                }
            }
        }
    }
}
