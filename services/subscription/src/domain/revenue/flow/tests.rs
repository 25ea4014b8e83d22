//! The laws of the sums: kept up change by change they say what the ledger says from scratch, whatever was changed, in
//! whatever order, and wherever now is.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::basis::bases;
use super::super::change::Class;
use super::super::month::Month;
use super::*;

const DAY: i64 = 86_400;
const PRODUCTS: [&str; 3] = ["x", "y", "z"];

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(day * DAY + 7_200).unwrap()
}

/// What a customer had in the sums, and by which ledger.
#[derive(Default)]
struct Kept {
    sums: Flows,
    customers: BTreeMap<usize, (Vec<Entry>, Timestamp)>,
}

impl Kept {
    fn restate(&mut self, customer: usize, ledger: &[Entry], zone: &TimeZone, until: Timestamp) {
        let flows_of = |entries: &[Entry], until| {
            let mut entries: Vec<&Entry> = entries.iter().collect();
            entries.sort_by_key(|entry| entry.at);
            flows(&entries, zone, until, Wanted::All).unwrap()
        };
        let old = match self.customers.get(&customer) {
            Some((entries, until)) => flows_of(entries, *until),
            None => Flows::new(),
        };
        let new = flows_of(ledger, until);
        restate(&mut self.sums, &old, &new).unwrap();
        self.customers.insert(customer, (ledger.to_vec(), until));
    }

    fn bases(&self, span: Span, product: Option<&str>, numbers: &[i32]) -> Vec<Basis> {
        let own = |slot: &Slot| slot.span == span && slot.product.as_deref() == product;
        let mut level = Level::default();
        let first = numbers.first().copied().unwrap_or_default();
        for (_, flow) in self
            .sums
            .iter()
            .filter(|(slot, _)| own(slot) && slot.number < first)
        {
            level.step(flow).unwrap();
        }
        numbers
            .iter()
            .map(|number| {
                let slot = Slot {
                    span,
                    product: product.map(str::to_owned),
                    number: *number,
                };
                level
                    .step(&self.sums.get(&slot).copied().unwrap_or_default())
                    .unwrap()
            })
            .collect()
    }
}

/// What is done to a customer's ledger.
#[derive(Clone, Debug)]
enum Act {
    /// An entry is put anywhere in time; ends too, and ahead of now.
    Put(usize, i64, usize, usize, i64),
    /// The latest end of a subscription is taken back.
    Unchurn(usize),
    /// The customer is deleted or excluded.
    Remove(usize),
    /// Time goes on; entries that were ahead come to pass.
    Pass(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0..12_usize, 0_i64..200, 0..3_usize, 0..6_usize, 1_i64..1_000_000)
            .prop_map(|(subscription, day, product, class, value)| {
                Act::Put(subscription, day, product, class, value)
            }),
        2 => (0..12_usize).prop_map(Act::Unchurn),
        1 => (0..3_usize).prop_map(Act::Remove),
        2 => (1_i64..60).prop_map(Act::Pass),
    ];
    prop::collection::vec(act, 0..60)
}

fn put(ledger: &mut Vec<Entry>, act: (usize, i64, usize, usize, i64)) {
    let (subscription, day, product, class, value) = act;
    let class = [
        Class::Trial,
        Class::Free,
        Class::Ended,
        Class::Delinquent,
        Class::Paid,
        Class::Paid,
    ][class];
    let paid = class == Class::Paid;
    let id = subscription.to_string();
    let part = i32::from(subscription.is_multiple_of(4));
    ledger.retain(|entry| (entry.subscription_id.as_str(), entry.at) != (id.as_str(), at(day)));
    ledger.push(Entry {
        customer_id: (subscription / 4).to_string(),
        subscription_id: id,
        part,
        product_key: PRODUCTS[product].to_owned(),
        at: at(day),
        monthly_value: if paid {
            Decimal::new(value, 3)
        } else {
            Decimal::ZERO
        },
        class,
    });
}

/// The periods of a span up to an instant, with their numbers.
fn periods(span: Span, zone: &TimeZone, until: Timestamp) -> Vec<(i32, Period)> {
    let months = Month::parse("1970-01")
        .unwrap()
        .through(Month::of(until, zone));
    let all: Vec<(i32, Period)> = match span {
        Span::Ever | Span::Month => months
            .map(|month| (month.number(), month.period(zone).unwrap()))
            .collect(),
        Span::Day => months
            .flat_map(|month| month.days(zone).unwrap())
            .map(|(day, period)| (day.number(), period))
            .filter(|(_, period)| period.start < until)
            .collect(),
    };
    cut(all, until)
}

fn zone(east: bool) -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(if east { 11 } else { -8 }))
}

proptest! {
    #[test]
    fn kept_up_is_from_scratch(acts in acts(), east in any::<bool>()) {
        let zone = zone(east);
        let mut now = 60;
        let mut kept = Kept::default();
        let mut ledgers: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
        for act in acts {
            let touched: Vec<usize> = match act {
                Act::Put(subscription, day, product, class, value) => {
                    let customer = subscription / 4;
                    let ledger = ledgers.entry(customer).or_default();
                    put(ledger, (subscription, day, product, class, value));
                    vec![customer]
                }
                Act::Unchurn(subscription) => {
                    let (customer, id) = (subscription / 4, subscription.to_string());
                    let ledger = ledgers.entry(customer).or_default();
                    let own = ledger.iter().enumerate();
                    let end = own
                        .filter(|(_, entry)| entry.subscription_id == id && entry.class.is_over())
                        .max_by_key(|(_, entry)| entry.at)
                        .map(|(index, _)| index);
                    end.map(|end| ledger.remove(end));
                    vec![customer]
                }
                Act::Remove(customer) => {
                    ledgers.remove(&customer);
                    vec![customer]
                }
                Act::Pass(days) => {
                    let (before, after) = (at(now), at(now + days));
                    now += days;
                    let due = ledgers.iter().filter(|(_, entries)| {
                        entries.iter().any(|entry| entry.at >= before && entry.at < after)
                    });
                    due.map(|(customer, _)| *customer).collect()
                }
            };
            for customer in touched {
                let ledger = ledgers.get(&customer).map_or(&[][..], Vec::as_slice);
                kept.restate(customer, ledger, &zone, at(now));
            }
        }
        let ledger: Vec<Entry> = ledgers.into_values().flatten().collect();
        for span in [Span::Month, Span::Day] {
            let (numbers, periods): (Vec<i32>, Vec<Period>) =
                periods(span, &zone, at(now)).into_iter().unzip();
            for product in std::iter::once(None).chain(PRODUCTS.map(Some)) {
                let scope = product.map_or(Scope::Account, Scope::Product);
                let scratch = bases(&ledger, &periods, scope).unwrap();
                prop_assert_eq!(kept.bases(span, product, &numbers), scratch, "{:?} {:?}", span, product);
            }
        }
        for product in std::iter::once(None).chain(PRODUCTS.map(Some)) {
            let months = periods(Span::Month, &zone, at(now));
            let numbers: Vec<i32> = months.iter().map(|(number, _)| *number).collect();
            let months = kept.bases(Span::Month, product, &numbers);
            let ever = kept.bases(Span::Ever, product, &[0]);
            let last = months.last().copied().unwrap_or_default();
            prop_assert_eq!(ever[0].active, last.active);
            prop_assert_eq!(ever[0].ending, last.ending);
        }
    }
}

#[test]
fn a_life_without_changes_adds_nothing_to_later_months() {
    let entry = |day, class, value: i64| Entry {
        customer_id: "a".to_owned(),
        subscription_id: "1".to_owned(),
        part: 0,
        product_key: "x".to_owned(),
        at: at(day),
        monthly_value: value.into(),
        class,
    };
    let entries = [entry(3, Class::Paid, 10), entry(400, Class::Ended, 0)];
    let entries: Vec<&Entry> = entries.iter().collect();
    let found = flows(&entries, &TimeZone::UTC, at(390), Wanted::All).unwrap();
    let slots: Vec<(Span, i32)> = found
        .keys()
        .filter(|slot| slot.product.is_none())
        .map(|slot| (slot.span, slot.number))
        .collect();
    assert_eq!(
        slots,
        [
            (Span::Ever, 0),
            (Span::Month, 197_001),
            (Span::Day, 19_700_104)
        ]
    );
    let only = Wanted::Only(Span::Month, Scope::Product("x"));
    let one = flows(&entries, &TimeZone::UTC, at(390), only).unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(one.values().next().unwrap().ending, 10.into());
}
