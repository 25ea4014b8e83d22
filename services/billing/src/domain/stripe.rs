//! An invoice as Stripe shall have it: one item per child and per discount, in minor units.

use std::collections::BTreeMap;

use kernel::{Decimal, Timestamp, currency::Currency, decimal::DecimalError};
use rust_decimal::prelude::ToPrimitive as _;

use super::{
    invoice::{Detail, Invoice, Line},
    party::Supplier,
    price::{TaxBehavior, TaxConfig},
    rating::Category,
};

/// What a Stripe app keeps of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `acct_…`.
    pub account: String,
    /// Whether real money moves.
    pub live: bool,
    /// What is shown of the key.
    pub masked_key: String,
    /// The key, sealed.
    pub sealed_key: String,
    /// The webhook endpoint: `we_…`.
    pub webhook: String,
    /// What signs its events, sealed.
    pub sealed_webhook_secret: String,
}

/// A customer at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeCustomer {
    /// `cus_…`.
    pub id: String,
    /// `pm_…`.
    pub payment_method: Option<String>,
}

/// Whether a key moves real money.
pub fn is_live_key(key: &str) -> bool {
    !(key.starts_with("sk_test") || key.starts_with("rk_test"))
}

/// What is shown of a key: eight characters at its start and three at its end.
pub fn mask(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    if characters.len() < 12 {
        return "***".to_owned();
    }
    let start: String = characters[..8].iter().collect();
    let end: String = characters[characters.len() - 3..].iter().collect();
    format!("{start}***{end}")
}

/// Who sells, as the account says; `None` when a live account does not say enough.
pub fn supplier(live: bool, name: Option<&str>, country: Option<&str>) -> Option<Supplier> {
    let (name, country) = if live {
        (name.filter(|name| !name.trim().is_empty())?, country?)
    } else {
        ("Stripe Test Account", "US")
    };
    Some(Supplier {
        name: name.to_owned(),
        tax_code: None,
        address: super::party::Address {
            country: Some(country.to_owned()),
            ..super::party::Address::default()
        },
    })
}

/// One item of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Our id of the child or discount.
    pub id: String,
    /// Whether it is a discount.
    pub discount: bool,
    /// Minor units; a discount's are negative.
    pub amount: i64,
    /// Text for people.
    pub description: String,
    /// Unix seconds.
    pub start: i64,
    /// Unix seconds.
    pub end: i64,
    /// How it is taxed.
    pub tax: TaxConfig,
}

/// The items of an invoice. Lines themselves are never sent, only their parts.
pub fn items(invoice: &Invoice) -> Result<Vec<Item>, DecimalError> {
    let mut lines: Vec<&Line> = invoice.live_lines().collect();
    lines.sort_by(|a, b| (&a.name, a.period.start, a.id).cmp(&(&b.name, b.period.start, b.id)));
    let mut items = Vec::new();
    for line in lines {
        for child in &line.children {
            let gross = match child.category {
                Category::Regular => child.totals.amount,
                Category::Commitment => child.totals.charges,
            };
            let item = |id: String, discount: bool, amount: i64, description: String| Item {
                id,
                discount,
                amount,
                description,
                start: child.period.start.as_second(),
                end: child.period.end.as_second(),
                tax: line.tax.clone(),
            };
            items.push(item(
                child.id.to_string(),
                false,
                minor(gross, invoice.currency)?,
                description(child, invoice.currency),
            ));
            for off in &child.discounts {
                let why = if off.description.is_empty() {
                    "Discount"
                } else {
                    &off.description
                };
                items.push(item(
                    off.id.to_string(),
                    true,
                    -minor(off.amount, invoice.currency)?,
                    format!("{} ({why})", child.name),
                ));
            }
        }
    }
    Ok(items)
}

/// An amount in minor units, rounded.
pub fn minor(amount: Decimal, currency: Currency) -> Result<i64, DecimalError> {
    let factor = Decimal::from(10_u64.pow(currency.minor_units()));
    let units = kernel::decimal::round_half_away(kernel::decimal::mul(amount, factor)?, 0);
    units.to_i64().ok_or(DecimalError::Overflow)
}

/// Name of a child, with quantity and price of one unit when there are several.
fn description(child: &Detail, currency: Currency) -> String {
    if child.quantity <= Decimal::ONE {
        return child.name.clone();
    }
    format!(
        "{} ({} x {}{})",
        child.name,
        grouped(child.quantity),
        currency.symbol(),
        kernel::decimal::format(child.per_unit)
    )
}

/// A number for people: whole ones without decimals, others with two, thousands apart.
fn grouped(value: Decimal) -> String {
    let text = if value.fract().is_zero() {
        format!("{value:.0}")
    } else {
        format!("{:.2}", kernel::decimal::round_half_away(value, 2))
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = whole.trim_start_matches('-');
    let mut shown = String::with_capacity(text.len() + digits.len() / 3);
    if whole.starts_with('-') {
        shown.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown.push_str(rest);
    shown
}

/// Stripe's word for a tax behavior.
pub fn behavior(behavior: TaxBehavior) -> &'static str {
    match behavior {
        TaxBehavior::Inclusive => "inclusive",
        TaxBehavior::Exclusive => "exclusive",
    }
}

/// Days from issue to due date; parts of a day count as one.
pub fn days_until_due(
    due_after: &kernel::calendar::IsoDuration,
    from: Timestamp,
) -> Result<i64, kernel::calendar::CalendarError> {
    let seconds = due_after.add_to(from)?.as_second() - from.as_second();
    Ok(seconds.max(0).saturating_add(86_399) / 86_400)
}

/// Metadata of everything that is made at Stripe for an app of ours.
pub fn metadata<'a>(
    project: &str,
    app: &str,
    more: impl IntoIterator<Item = (&'a str, String)>,
) -> BTreeMap<&'a str, String> {
    [
        ("om_namespace", project.to_owned()),
        ("om_app_id", app.to_owned()),
    ]
    .into_iter()
    .chain(more)
    .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn number(text: &str) -> Decimal {
        kernel::decimal::parse(text).unwrap()
    }

    #[test]
    fn amounts_are_minor_units_of_the_currency() {
        let units =
            |amount: &str, code: &str| minor(number(amount), Currency::parse(code).unwrap());
        assert_eq!(units("3220", "USD").unwrap(), 322_000);
        assert_eq!(units("1220", "USD").unwrap(), 122_000);
        assert_eq!(units("100", "JPY").unwrap(), 100);
        assert_eq!(units("1.234", "KWD").unwrap(), 1_234);
        assert!(units("100000000000000000", "KWD").is_err());
    }

    #[test]
    fn quantities_are_written_for_people() {
        assert_eq!(grouped(number("103000025")), "103,000,025");
        assert_eq!(grouped(number("32.2")), "32.20");
        assert_eq!(grouped(number("1000.005")), "1,000.01");
        assert_eq!(grouped(number("100")), "100");
    }

    #[test]
    fn keys_show_no_more_than_their_ends() {
        assert_eq!(mask("sk_test_abcdefghijkl"), "sk_test_***jkl");
        assert_eq!(mask("sk_short"), "***");
        assert!(is_live_key("sk_live_x") && is_live_key("rk_live_x"));
        assert!(!is_live_key("sk_test_x") && !is_live_key("rk_test_x"));
    }

    #[test]
    fn due_days_follow_the_calendar() {
        let days = |text: &str, from: &str| {
            let duration = kernel::calendar::IsoDuration::parse(text).unwrap();
            days_until_due(&duration, from.parse().unwrap()).unwrap()
        };
        assert_eq!(days("P30D", "2024-01-01T00:00:00Z"), 30);
        assert_eq!(days("P1M", "2024-02-01T00:00:00Z"), 29);
        assert_eq!(days("PT1H", "2024-02-01T00:00:00Z"), 1);
        assert_eq!(days("P0D", "2024-02-01T00:00:00Z"), 0);
    }
}
