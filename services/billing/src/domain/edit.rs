//! Lines as callers bring them, and the rules of changing lines that exist.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{
    Decimal, Timestamp,
    calendar::floor_to_second,
    id::{LineId, Ulid},
    period::Period,
};

use super::{
    invoice::{Invoice, Line, ManagedBy},
    price::{Discounts, Price, TaxConfig, check_discounts},
    totals::Totals,
};
use crate::error::BillingError;

/// A line as a caller brings it; checked and floored to seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInput {
    /// The line to change; `None` makes a new one.
    pub id: Option<LineId>,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs; `None` keeps what is there.
    pub metadata: Option<BTreeMap<String, String>>,
    /// What it charges for.
    pub period: Period,
    /// When to invoice it.
    pub invoice_time: Timestamp,
    /// The price.
    pub price: Price,
    /// The feature whose usage is charged.
    pub feature_key: Option<String>,
    /// How it is taxed.
    pub tax: TaxConfig,
    /// Its discounts.
    pub discounts: Discounts,
}

impl LineInput {
    /// Checks the rules of a line and cuts its times to seconds.
    pub fn checked(mut self, field: &str) -> Result<Self, BillingError> {
        if self.name.trim().is_empty() || self.name.chars().count() > 256 {
            return Err(BillingError::invalid(
                format!("{field}.name"),
                "must have 1 to 256 characters",
            ));
        }
        if self.period.end < self.period.start {
            return Err(BillingError::invalid(
                format!("{field}.period"),
                "must not end before it starts",
            ));
        }
        self.price.check(&format!("{field}.price"))?;
        if !self.price.is_flat() && self.feature_key.is_none() {
            return Err(BillingError::invalid(
                format!("{field}.feature_key"),
                "is required unless the price is flat",
            ));
        }
        check_discounts(&format!("{field}.discounts"), &self.price, &self.discounts)?;
        if let Some(code) = &self.tax.stripe_code {
            super::profile::check_stripe_code(&format!("{field}.tax_config.stripe_code"), code)?;
        }
        self.period = Period {
            start: floor_to_second(self.period.start),
            end: floor_to_second(self.period.end),
        };
        self.invoice_time = floor_to_second(self.invoice_time);
        Ok(self)
    }

    /// A new line made of the input.
    pub fn into_line(self, now: Timestamp, ids: &mut dyn FnMut() -> Ulid) -> Line {
        let mut discounts = self.discounts;
        for correlation in [
            discounts
                .percentage
                .as_mut()
                .map(|discount| &mut discount.correlation),
            discounts
                .usage
                .as_mut()
                .map(|discount| &mut discount.correlation),
        ]
        .into_iter()
        .flatten()
        .filter(|correlation| correlation.is_empty())
        {
            *correlation = ids().to_string();
        }
        Line {
            id: LineId::from_ulid(ids()),
            name: self.name,
            description: self.description,
            metadata: self.metadata.unwrap_or_default(),
            managed_by: ManagedBy::Manual,
            period: self.period,
            invoice_time: self.invoice_time,
            price: self.price,
            feature_key: self.feature_key,
            tax: self.tax,
            discounts,
            metered: None,
            metered_before: Decimal::ZERO,
            quantity: None,
            quantity_before: Decimal::ZERO,
            usage_discount: None,
            children: Vec::new(),
            totals: Totals::default(),
            reference: None,
            subscription: None,
            split: None,
            external_invoicing: None,
            create_time: now,
            update_time: now,
            delete_time: None,
        }
    }
}

/// Checks what a usage line on a standard invoice must have.
pub fn check_standard(line: &Line) -> Result<(), BillingError> {
    if line.price.is_flat() {
        return Ok(());
    }
    if line.period.is_empty() {
        return Err(BillingError::UsagePeriodEmpty { line: line.id });
    }
    if line.invoice_time < line.period.end {
        return Err(BillingError::invalid(
            format!("lines[{}].invoice_time", line.id),
            "must not be before the end of the period",
        ));
    }
    Ok(())
}

/// Applies an input to a line; answers whether anything changed. A changed line belongs to
/// the caller from then on.
pub fn change(line: &mut Line, input: LineInput, now: Timestamp) -> Result<bool, BillingError> {
    let mut discounts = input.discounts;
    keep_correlations(&line.discounts, &mut discounts);
    if input.period != line.period {
        if line.split.is_some() {
            return Err(BillingError::PeriodOfSplitLine { line: line.id });
        }
        if line.managed_by == ManagedBy::Subscription {
            return Err(BillingError::PeriodOfSubscriptionLine { line: line.id });
        }
    }
    if line.split.is_some() {
        if !input.price.is_progressive() {
            return Err(BillingError::ProgressiveBillingNotSupported { line: line.id });
        }
        if line.discounts.usage.is_some() && line.discounts.usage != discounts.usage {
            return Err(BillingError::UsageDiscountOfSplitLine { line: line.id });
        }
    }
    let changed = Line {
        name: input.name,
        description: input.description,
        metadata: input.metadata.unwrap_or_else(|| line.metadata.clone()),
        period: input.period,
        invoice_time: input.invoice_time,
        price: input.price,
        feature_key: input.feature_key,
        // A tax config that an invoice filled in from its profile comes back as it went out.
        tax: input.tax,
        discounts,
        ..line.clone()
    };
    if changed == *line {
        return Ok(false);
    }
    *line = Line {
        managed_by: ManagedBy::Manual,
        update_time: now,
        ..changed
    };
    Ok(true)
}

/// Makes the live lines of an invoice those of the inputs: known ids are changed, others are
/// added under the id that goes with the input, lines that are not listed are deleted.
/// Answers which lines are new or changed.
pub fn replace_lines(
    invoice: &mut Invoice,
    inputs: Vec<(LineId, LineInput)>,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) -> Result<BTreeSet<LineId>, BillingError> {
    let default_tax = invoice
        .header
        .workflow
        .default_tax
        .clone()
        .unwrap_or_default();
    let is_gathering = invoice.is_gathering();
    let mut touched = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for (new_id, mut input) in inputs {
        let known = input.id.and_then(|id| {
            invoice
                .lines
                .iter_mut()
                .find(|line| line.is_live() && line.id == id)
        });
        match known {
            Some(line) => {
                if !is_gathering {
                    // The invoice filled this in; leaving it out again is no change.
                    input.tax = input.tax.or(&default_tax);
                }
                kept.insert(line.id);
                if change(line, input, now)? {
                    touched.insert(line.id);
                }
            }
            None => {
                let line = Line {
                    id: new_id,
                    ..input.into_line(now, ids)
                };
                touched.insert(new_id);
                kept.insert(new_id);
                invoice.lines.push(line);
            }
        }
    }
    for line in invoice
        .lines
        .iter_mut()
        .filter(|line| line.is_live() && !kept.contains(&line.id))
    {
        line.delete_time = Some(now);
        line.update_time = now;
        line.managed_by = ManagedBy::Manual;
    }
    if !is_gathering {
        for line in invoice
            .live_lines()
            .filter(|line| touched.contains(&line.id))
        {
            check_standard(line)?;
        }
    }
    Ok(touched)
}

/// A discount sent without its correlation id is the one that is there.
fn keep_correlations(known: &Discounts, sent: &mut Discounts) {
    if let (Some(known), Some(sent)) = (&known.percentage, &mut sent.percentage)
        && sent.correlation.is_empty()
    {
        sent.correlation.clone_from(&known.correlation);
    }
    if let (Some(known), Some(sent)) = (&known.usage, &mut sent.usage)
        && sent.correlation.is_empty()
    {
        sent.correlation.clone_from(&known.correlation);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{
        invoice::SplitGroup,
        price::{Model, PaymentTerm, UsageDiscount},
    };

    /// A plain line with this price, seconds 0 to 100.
    pub(crate) fn line(price: Price) -> Line {
        let mut next = 0;
        input(price).into_line(Timestamp::UNIX_EPOCH, &mut || {
            next += 1;
            Ulid(next)
        })
    }

    fn input(price: Price) -> LineInput {
        let at = |second| Timestamp::from_second(second).unwrap();
        LineInput {
            id: None,
            name: "line".to_owned(),
            description: String::new(),
            metadata: None,
            period: Period {
                start: at(0),
                end: at(100),
            },
            invoice_time: at(100),
            feature_key: (!price.is_flat()).then(|| "feature".to_owned()),
            price,
            tax: TaxConfig::default(),
            discounts: Discounts::default(),
        }
    }

    fn unit(amount: i64) -> Price {
        Price {
            model: Model::Unit {
                amount: Decimal::from(amount),
            },
            minimum: None,
            maximum: None,
        }
    }

    fn flat() -> Price {
        Price::flat(Decimal::ONE, PaymentTerm::InAdvance)
    }

    fn group(line: &Line) -> SplitGroup {
        SplitGroup {
            id: Ulid(7),
            period: line.period,
        }
    }

    #[test]
    fn usage_needs_a_feature_and_a_flat_price_does_not() {
        assert!(input(flat()).checked("lines[0]").is_ok());
        assert!(input(unit(1)).checked("lines[0]").is_ok());
        assert!(
            LineInput {
                feature_key: None,
                ..input(unit(1))
            }
            .checked("lines[0]")
            .is_err()
        );
        assert!(
            LineInput {
                name: String::new(),
                ..input(flat())
            }
            .checked("lines[0]")
            .is_err()
        );
    }

    #[test]
    fn times_are_cut_to_seconds() {
        let late = |second: i64| Timestamp::new(second, 999_000_000).unwrap();
        let sent = LineInput {
            period: Period {
                start: late(0),
                end: late(9),
            },
            invoice_time: late(9),
            ..input(flat())
        };
        let checked = sent.checked("lines[0]").unwrap();
        assert_eq!(checked.period.end, Timestamp::from_second(9).unwrap());
        assert_eq!(checked.invoice_time, Timestamp::from_second(9).unwrap());
    }

    #[test]
    fn an_unchanged_echo_changes_nothing() {
        let mut one = Line {
            managed_by: ManagedBy::Subscription,
            ..line(unit(1))
        };
        assert!(!change(&mut one, input(unit(1)), Timestamp::MAX).unwrap());
        assert_eq!(one.managed_by, ManagedBy::Subscription);
        assert!(change(&mut one, input(unit(2)), Timestamp::MAX).unwrap());
        assert_eq!(one.managed_by, ManagedBy::Manual);
    }

    #[test]
    fn periods_of_split_and_subscription_lines_stay() {
        let longer = || {
            let mut sent = input(unit(1));
            sent.period.end = Timestamp::from_second(200).unwrap();
            sent
        };
        let plain = line(unit(1));
        let mut split = Line {
            split: Some(group(&plain)),
            ..plain.clone()
        };
        assert!(matches!(
            change(&mut split, longer(), Timestamp::MAX),
            Err(BillingError::PeriodOfSplitLine { .. })
        ));
        let mut managed = Line {
            managed_by: ManagedBy::Subscription,
            ..plain.clone()
        };
        assert!(matches!(
            change(&mut managed, longer(), Timestamp::MAX),
            Err(BillingError::PeriodOfSubscriptionLine { .. })
        ));
        let mut free = plain;
        assert!(change(&mut free, longer(), Timestamp::MAX).unwrap());
    }

    #[test]
    fn a_split_line_keeps_a_progressive_price_and_its_usage_discount() {
        let discount = |quantity: i64| Discounts {
            percentage: None,
            usage: Some(UsageDiscount {
                quantity: Decimal::from(quantity),
                correlation: String::new(),
            }),
        };
        let plain = LineInput {
            discounts: discount(5),
            ..input(unit(1))
        };
        let made = plain.into_line(Timestamp::UNIX_EPOCH, &mut || Ulid(3));
        let mut split = Line {
            split: Some(group(&made)),
            ..made
        };
        assert!(matches!(
            change(&mut split, input(flat()), Timestamp::MAX),
            Err(BillingError::ProgressiveBillingNotSupported { .. })
        ));
        let other = LineInput {
            discounts: discount(6),
            ..input(unit(1))
        };
        assert!(matches!(
            change(&mut split, other, Timestamp::MAX),
            Err(BillingError::UsageDiscountOfSplitLine { .. })
        ));
        let same = LineInput {
            discounts: discount(5),
            ..input(unit(2))
        };
        assert!(change(&mut split, same, Timestamp::MAX).unwrap());
    }
}
