//! Tax rates that are set by hand, and what they make of a price. Each applies to the net
//! amount of one priced part, after discounts; the tax is rounded there, lines and invoices
//! add.

use kernel::{
    Decimal,
    currency::Currency,
    decimal::{self, DecimalError},
};
use serde::{Deserialize, Serialize};

use super::price::{TaxBehavior, TaxConfig};
use crate::error::BillingError;

/// Most rates of one list.
pub const RATES_MAX: usize = 20;
/// Most decimals of a percentage.
const DIGITS_MAX: u32 = 6;

/// A rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualRate {
    /// Name as invoices show it.
    pub name: String,
    /// Share of the net amount in percent.
    pub percentage: Decimal,
    /// For lines that do not say themselves whether their price contains the tax; on top
    /// when nobody says.
    pub behavior: Option<TaxBehavior>,
    /// Only for lines with this tax code.
    pub tax_code: Option<String>,
}

/// A tax on a priced part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedTax {
    /// Name of the rate.
    pub name: String,
    /// Share of the net amount in percent.
    pub percentage: Decimal,
    /// Whether the price contains it.
    pub behavior: TaxBehavior,
    /// The tax, rounded.
    pub amount: Decimal,
}

/// Checks the rules of a list of rates.
pub fn check(field: &str, rates: &[ManualRate]) -> Result<(), BillingError> {
    if rates.len() > RATES_MAX {
        return Err(BillingError::invalid(field, "must have at most 20 rates"));
    }
    for (index, rate) in rates.iter().enumerate() {
        let refuse = |name: &str, text: &str| {
            Err(BillingError::invalid(
                format!("{field}[{index}].{name}"),
                text,
            ))
        };
        if rate.name.trim().is_empty() || rate.name.chars().count() > 64 {
            return refuse("display_name", "must have 1 to 64 characters");
        }
        if rates[..index].iter().any(|other| other.name == rate.name) {
            return refuse("display_name", "must be unique");
        }
        if rate.percentage < Decimal::ZERO
            || rate.percentage > Decimal::ONE_HUNDRED
            || rate.percentage.normalize().scale() > DIGITS_MAX
        {
            return refuse("percentage", "must be 0 to 100 with at most six decimals");
        }
        if rate
            .tax_code
            .as_ref()
            .is_some_and(|code| code.chars().count() > 255)
        {
            return refuse("tax_code", "must have at most 255 characters");
        }
    }
    Ok(())
}

/// The taxes on `price`, an amount after discounts, of a line that is taxed so.
///
/// A price of 119 that contains 19 % has 119 × 19 / 119 = 19 of tax; 100 with 19 % on top
/// has 19 as well.
pub fn taxes(
    price: Decimal,
    config: &TaxConfig,
    rates: &[ManualRate],
    currency: Currency,
) -> Result<Vec<AppliedTax>, DecimalError> {
    let behavior = |rate: &ManualRate| {
        config
            .behavior
            .or(rate.behavior)
            .unwrap_or(TaxBehavior::Exclusive)
    };
    let meant: Vec<&ManualRate> = rates
        .iter()
        .filter(|rate| match &rate.tax_code {
            None => true,
            Some(_) => rate.tax_code == config.stripe_code || rate.tax_code == config.custom_code,
        })
        .collect();
    let contained = decimal::checked_sum(
        meant
            .iter()
            .filter(|rate| behavior(rate) == TaxBehavior::Inclusive)
            .map(|rate| rate.percentage),
    )?;
    // The net amount is price × 100 / divisor; multiplied first, it keeps its digits.
    let divisor = decimal::add(Decimal::ONE_HUNDRED, contained)?;
    meant
        .into_iter()
        .map(|rate| {
            let tax = decimal::div(decimal::mul(price, rate.percentage)?, divisor)?;
            Ok(AppliedTax {
                name: rate.name.clone(),
                percentage: rate.percentage,
                behavior: behavior(rate),
                amount: currency.round(tax),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Decimal {
        kernel::decimal::parse(text).unwrap()
    }

    fn rate(name: &str, percentage: &str, behavior: Option<TaxBehavior>) -> ManualRate {
        ManualRate {
            name: name.to_owned(),
            percentage: number(percentage),
            behavior,
            tax_code: None,
        }
    }

    fn amounts(
        price: &str,
        config: &TaxConfig,
        rates: &[ManualRate],
        currency: &str,
    ) -> Vec<String> {
        taxes(
            number(price),
            config,
            rates,
            Currency::parse(currency).unwrap(),
        )
        .unwrap()
        .iter()
        .map(|tax| kernel::decimal::format(tax.amount))
        .collect()
    }

    #[test]
    fn taxes_are_contained_or_come_on_top() {
        let inclusive = Some(TaxBehavior::Inclusive);
        let said = TaxConfig {
            behavior: inclusive,
            ..TaxConfig::default()
        };
        let silent = TaxConfig::default();
        let vat = [rate("VAT", "19", None)];
        assert_eq!(amounts("100", &silent, &vat, "EUR"), ["19"]);
        assert_eq!(amounts("119", &said, &vat, "EUR"), ["19"]);
        assert_eq!(amounts("100", &said, &vat, "EUR"), ["15.97"]);
        assert_eq!(amounts("100", &said, &vat, "JPY"), ["16"]);
        assert_eq!(amounts("100", &said, &vat, "KWD"), ["15.966"]);
        // The line outranks the rate.
        let contained = [rate("VAT", "19", inclusive)];
        assert_eq!(amounts("119", &silent, &contained, "EUR"), ["19"]);
        let on_top = TaxConfig {
            behavior: Some(TaxBehavior::Exclusive),
            ..TaxConfig::default()
        };
        assert_eq!(amounts("100", &on_top, &contained, "EUR"), ["19"]);
    }

    #[test]
    fn several_rates_are_shares_of_one_net_amount() {
        let silent = TaxConfig::default();
        let rates = [
            rate("GST", "5", Some(TaxBehavior::Inclusive)),
            rate("PST", "7", Some(TaxBehavior::Inclusive)),
            rate("Levy", "10", None),
        ];
        assert_eq!(amounts("112", &silent, &rates, "CAD"), ["5", "7", "10"]);
    }

    #[test]
    fn a_code_chooses_its_lines() {
        let mut books = rate("Books", "7", None);
        books.tax_code = Some("txcd_10302000".to_owned());
        let rates = [books];
        let coded = TaxConfig {
            stripe_code: Some("txcd_10302000".to_owned()),
            ..TaxConfig::default()
        };
        assert_eq!(amounts("10", &coded, &rates, "EUR"), ["0.7"]);
        assert!(amounts("10", &TaxConfig::default(), &rates, "EUR").is_empty());
    }

    #[test]
    fn rates_have_rules() {
        assert!(check("rates", &[rate("VAT", "19.5", None)]).is_ok());
        for wrong in ["-1", "100.01", "1.0000001"] {
            assert!(
                check("rates", &[rate("VAT", wrong, None)]).is_err(),
                "{wrong}"
            );
        }
        assert!(check("rates", &[rate("", "1", None)]).is_err());
        assert!(check("rates", &[rate("A", "1", None), rate("A", "2", None)]).is_err());
        let many: Vec<ManualRate> = (0..21).map(|n| rate(&n.to_string(), "1", None)).collect();
        assert!(check("rates", &many).is_err());
    }

    proptest! {
        /// What is contained is never more than the price, and net plus tax is the price.
        #[test]
        fn a_contained_tax_stays_inside_the_price(
            minor in 0_i64..10_000_000,
            percent in 0_i64..=100,
            code in prop_oneof!["USD", "JPY", "KWD"],
        ) {
            let currency = Currency::parse(&code).unwrap();
            let price = Decimal::new(minor, currency.minor_units());
            let config = TaxConfig { behavior: Some(TaxBehavior::Inclusive), ..TaxConfig::default() };
            let rates = [rate("T", &percent.to_string(), None)];
            let tax = taxes(price, &config, &rates, currency).unwrap()[0].amount;
            prop_assert!(tax >= Decimal::ZERO && tax <= price);
            let on_top = TaxConfig { behavior: Some(TaxBehavior::Exclusive), ..TaxConfig::default() };
            let again = taxes(price - tax, &on_top, &rates, currency).unwrap()[0].amount;
            let unit = Decimal::new(1, currency.minor_units());
            prop_assert!((again - tax).abs() <= unit, "{again} {tax}");
        }
    }
}
