//! What benchmarks measure of billing beside its service: rating alone, without any store or
//! question to anybody.

use kernel::{Decimal, Timestamp, currency::Currency, period::Period};

use crate::domain::{
    price::{Discounts, Model, PaymentTerm, PercentageDiscount, Price, Tier},
    rating::{Part, Rating, rate},
};

fn price(model: Model) -> Price {
    Price {
        model,
        minimum: None,
        maximum: None,
    }
}

/// The prices of an invoice with ten lines: fees, one of them discounted, and usage by unit,
/// by package, by factor, and by graduated tiers.
fn prices() -> Vec<(Price, Discounts)> {
    let number = Decimal::from;
    let tier = |up_to: Option<i64>, cents: i64| Tier {
        up_to: up_to.map(number),
        flat: None,
        unit: Some(Decimal::new(cents, 2)),
    };
    let fee = |cents: i64| {
        price(Model::Flat {
            amount: Decimal::new(cents, 2),
            term: PaymentTerm::InArrears,
        })
    };
    let none = Discounts::default;
    let discount = Discounts {
        percentage: Some(PercentageDiscount {
            percentage: number(10),
            correlation: "discount".to_owned(),
        }),
        usage: None,
    };
    vec![
        (fee(4_900), none()),
        (fee(1_999), none()),
        (fee(1_000), discount),
        (fee(333), none()),
        (fee(50), none()),
        (fee(12_345), none()),
        (
            price(Model::Unit {
                amount: Decimal::new(125, 4),
            }),
            none(),
        ),
        (
            price(Model::Package {
                amount: number(15),
                per_package: number(100),
            }),
            none(),
        ),
        (
            price(Model::Dynamic {
                multiplier: Decimal::new(133_333, 5),
            }),
            none(),
        ),
        (
            price(Model::Graduated {
                tiers: vec![tier(Some(100), 10), tier(Some(1_000), 8), tier(None, 5)],
            }),
            none(),
        ),
    ]
}

/// Rates the ten lines of so many invoices; the sum of all amounts, so that nothing is left out.
/// The error says what could not be rated.
pub fn rate_invoices(count: u64) -> Result<Decimal, String> {
    let prices = prices();
    let start = Timestamp::UNIX_EPOCH;
    let period = Period {
        start,
        end: start
            .checked_add(jiff::SignedDuration::from_hours(24 * 31))
            .map_err(|error| error.to_string())?,
    };
    let mut sum = Decimal::ZERO;
    for invoice in 0..count {
        for (price, discounts) in &prices {
            let rated = rate(&Rating {
                name: "line",
                currency: Currency::USD,
                price,
                discounts,
                metered: Decimal::from(invoice % 5_000),
                metered_before: Decimal::ZERO,
                part: Part {
                    first: true,
                    last: true,
                },
                billed_before: Decimal::ZERO,
                discounted_before: Decimal::ZERO,
                period,
                whole_period: period,
            })
            .map_err(|error| error.to_string())?;
            for child in &rated.children {
                let totals = child
                    .totals(Currency::USD)
                    .map_err(|error| error.to_string())?;
                sum = kernel::decimal::add(sum, totals.total).map_err(|error| error.to_string())?;
            }
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_invoice_without_usage_is_its_fees() {
        let fees = Decimal::new(4_900 + 1_999 + 900 + 333 + 50 + 12_345, 2);
        assert_eq!(rate_invoices(1).unwrap(), fees);
        assert!(rate_invoices(2).unwrap() > fees + fees);
    }
}
