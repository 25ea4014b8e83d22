//! Terms of reported subscriptions: a time line goes on as one term while its product and interval stay, and through a trial into whatever
//! follows it. Payments are imputed: one at the start of every paid period, as far as time has come; they are never stored.

use jiff::Timestamp;
use kernel::calendar::{IsoDuration, Recurrence};
use kernel::decimal;

use super::{
    Amount, Coverage, Environment, Facts, Origin, Ownership, Payment, Periods, Product, Stage,
    Store,
};
use crate::domain::refusal::Refusal;
use crate::domain::reported::stretch::{Line, Phase, Stretch};
use crate::domain::reported::{ItemKind, Origin as Reporter, Reported};
use crate::domain::revenue::normalize::DECIMALS;
use crate::domain::store_transaction::purchase::Purchase;

/// Most payments of one term.
const PAYMENTS_MAX: usize = 2_400;
/// Months of a year.
const YEAR: u32 = 12;

/// The terms of a reported subscription, with what was paid until now.
pub fn facts(reported: &Reported, now: Timestamp) -> Result<Vec<Facts>, Refusal> {
    let mut found = Vec::new();
    for line in reported.lines()? {
        for run in runs(&line.stretches) {
            found.extend(term(reported, &line, run, now)?);
        }
    }
    Ok(found)
}

/// The things bought once that were reported: each payment for one, by its id.
pub fn purchases(reported: &Reported) -> Result<Vec<(String, Purchase)>, Refusal> {
    let once = reported
        .payments
        .iter()
        .filter(|payment| payment.kind == ItemKind::OneTime);
    once.map(|payment| {
        let paid = Payment {
            id: payment.id.clone(),
            at: payment.start,
            amount: Amount {
                value: payment.total()?,
                currency: payment.currency.code().to_owned(),
            },
            tax: kernel::Decimal::ZERO,
            commission: kernel::Decimal::ZERO,
            imputed: false,
        };
        let purchase = Purchase {
            customer: reported.customer_id,
            original_customer: reported.customer_id,
            store: Store::BuiltIn,
            environment: Environment::Production,
            ownership: Ownership::Purchased,
            identifier: payment.key.clone(),
            product: Product {
                id: String::new(),
                key: payment.product_key.clone(),
                duration: None,
                grace: None,
                trial: None,
            },
            at: payment.start,
            quantity: 1,
            refunded: None,
            payments: vec![paid],
            offering: None,
            country: None,
        };
        Ok((payment.id.clone(), purchase))
    })
    .collect()
}

/// Stretches that are one term, by start.
fn runs(stretches: &[Stretch]) -> Vec<&[Stretch]> {
    stretches.chunk_by(goes_on).collect()
}

fn goes_on(one: &Stretch, next: &Stretch) -> bool {
    let same = one.product_key == next.product_key && one.amount.months == next.amount.months;
    one.end == Some(next.start) && (same || one.phase == Phase::Trial)
}

fn term(
    reported: &Reported,
    line: &Line,
    run: &[Stretch],
    now: Timestamp,
) -> Result<Option<Facts>, Refusal> {
    let Some(first) = run.first() else {
        return Ok(None);
    };
    let of_line = line.product_key.as_deref();
    let name = reported.shown_key();
    let opening = of_line.map_or_else(
        || first.anchor.clone(),
        |product| format!("{}:{product}", first.anchor),
    );
    let identifier = of_line.map_or_else(|| name.to_owned(), |product| format!("{name}:{product}"));
    let stages = run.iter().map(stage).collect::<Result<Vec<_>, _>>()?;
    let interval = interval(run);
    let mut facts = Facts {
        opening,
        origin: match reported.origin {
            Reporter::States => Origin::Profitwell,
            Reporter::Patches => Origin::Probe,
        },
        customer: reported.customer_id,
        original_customer: reported.customer_id,
        store: Store::BuiltIn,
        environment: Environment::Production,
        ownership: Ownership::Purchased,
        identifier,
        stages,
        marks: Vec::new(),
        payments: Vec::new(),
        periods: Periods::Every(interval.clone()),
        offering: None,
        country: None,
        management_url: None,
        entitlement: None,
    };
    facts.payments = imputed(&facts, run, interval, now)?;
    Ok(Some(facts))
}

fn stage(stretch: &Stretch) -> Result<Stage, Refusal> {
    let coverage = match stretch.phase {
        Phase::Trial => Coverage::Trial,
        Phase::Free => Coverage::Free,
        Phase::Paid => Coverage::Paid,
    };
    let monthly = match (coverage, stretch.currency) {
        (Coverage::Paid, Some(currency)) => {
            let value = decimal::div(stretch.amount.value, stretch.amount.months.into())?;
            Some(Amount {
                value: decimal::round_half_away(value, DECIMALS),
                currency: currency.code().to_owned(),
            })
        }
        (..) => None,
    };
    Ok(Stage {
        start: stretch.start,
        end: stretch.end,
        coverage,
        product: Some(Product {
            id: String::new(),
            key: stretch.product_key.clone(),
            duration: Some(length(stretch.amount.months)),
            grace: None,
            trial: None,
        }),
        monthly,
    })
}

/// Length of the periods: that of what is paid, else of what is sold last.
fn interval(run: &[Stretch]) -> IsoDuration {
    let paid = run
        .iter()
        .rev()
        .find(|stretch| stretch.phase == Phase::Paid);
    length(
        paid.or(run.last())
            .map_or(1, |stretch| stretch.amount.months),
    )
}

fn length(months: u32) -> IsoDuration {
    if months == YEAR {
        IsoDuration::parse("P1Y").unwrap_or_else(|_| IsoDuration::from_months(YEAR.into()))
    } else {
        IsoDuration::from_months(months.max(1).into())
    }
}

/// One payment at the start of every paid period until now.
fn imputed(
    facts: &Facts,
    run: &[Stretch],
    interval: IsoDuration,
    now: Timestamp,
) -> Result<Vec<Payment>, Refusal> {
    let mut payments = Vec::new();
    let grid = Recurrence::new(interval, facts.anchor())?;
    let last = facts.end().map_or(now, |end| end.min(now));
    for k in (0_i64..).take(PAYMENTS_MAX) {
        let at = grid.occurrence(k)?;
        if at > last || facts.end().is_some_and(|end| end <= at) {
            break;
        }
        let holds =
            |stretch: &&Stretch| stretch.start <= at && stretch.end.is_none_or(|end| at < end);
        let Some(stretch) = run.iter().find(holds) else {
            continue;
        };
        let Some(currency) = stretch.currency else {
            continue;
        };
        if stretch.phase == Phase::Paid && !stretch.amount.value.is_zero() {
            payments.push(Payment {
                id: at.to_string(),
                at,
                amount: Amount {
                    value: stretch.amount.value,
                    currency: currency.code().to_owned(),
                },
                tax: kernel::Decimal::ZERO,
                commission: kernel::Decimal::ZERO,
                imputed: true,
            });
        }
    }
    Ok(payments)
}
