//! The monthly value of one card. Only what recurs for certain counts: flat prices after their discount, and the minimum
//! of usage prices; usage itself never does. 30 a quarter with 10 % off: 30 × 0.9 ÷ 3 = 9.

use kernel::Decimal;
use kernel::decimal::{self, DecimalError};

use super::super::rate_card::{PriceModel, RateCard};

/// Decimals of a monthly value: few enough that sums stay exact, enough that twelve months give the year back.
pub const DECIMALS: u32 = 12;

/// What a card is worth in a month, in its own currency.
pub fn monthly_value(card: &RateCard) -> Result<Decimal, DecimalError> {
    let (Some(price), Some(cadence)) = (&card.price, &card.billing_cadence) else {
        return Ok(Decimal::ZERO);
    };
    let amount = match &price.model {
        PriceModel::Flat { amount, .. } => {
            let hundred = Decimal::from(100);
            let off = card
                .discounts
                .percentage
                .as_ref()
                .map_or(Decimal::ZERO, |discount| discount.value);
            decimal::div(decimal::mul(*amount, decimal::sub(hundred, off)?)?, hundred)?
        }
        PriceModel::Unit { .. }
        | PriceModel::Tiered { .. }
        | PriceModel::Dynamic { .. }
        | PriceModel::Package { .. } => price.minimum_amount.unwrap_or_default(),
    };
    Ok(decimal::round_half_away(
        decimal::div(amount, cadence.months()?)?,
        DECIMALS,
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::super::fixture::{duration, flat, unit, unpriced};
    use super::super::super::rate_card::Discount;
    use super::*;

    #[test]
    fn flat_prices_count_by_month_after_their_discount() {
        let check = |amount: &str, cadence: &str, off: Option<&str>, expected: &str| {
            let mut card = flat("fee", amount);
            card.billing_cadence = (!cadence.is_empty()).then(|| duration(cadence));
            card.discounts.percentage = off.map(|off| Discount {
                value: decimal::parse(off).unwrap(),
                correlation_id: String::new(),
            });
            assert_eq!(
                decimal::format(monthly_value(&card).unwrap()),
                expected,
                "{amount} each {cadence}"
            );
        };
        check("10", "P1M", None, "10");
        check("30", "P3M", Some("10"), "9");
        check("120", "P1Y", None, "10");
        check("120", "P12M", Some("100"), "0");
        check("100", "P1Y", None, "8.333333333333");
        check("3", "P1W", None, "13");
        check("1", "P1D", None, "30.416666666667");
        check("500", "", None, "0");
    }

    #[test]
    fn usage_counts_by_its_minimum_only() {
        assert_eq!(monthly_value(&unit("api", None)), Ok(Decimal::ZERO));
        assert_eq!(
            monthly_value(&unit("api", Some("25"))),
            Ok(Decimal::from(25))
        );
        assert_eq!(monthly_value(&unpriced("right")), Ok(Decimal::ZERO));
    }
}
