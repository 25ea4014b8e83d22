//! Usage added up ahead of time: one partial value per meter, subject, minute and group values, and one per
//! hour. Partials merge in any order, so a query over them comes to the same answer as one over the events.

use std::collections::{BTreeMap, HashSet, btree_map::Entry};

use kernel::decimal;
use serde_json::Value;

use super::{
    aggregate::{Accumulator, Moment},
    meter::Meter,
    sum::ExactSum,
    value,
};

/// How long the spans of partials are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Minutes: what a query that begins or ends inside an hour is answered from.
    Minute,
    /// Hours: so that a query over months costs by its hours.
    Hour,
}

impl Level {
    /// Each, the finest first.
    pub const ALL: [Self; 2] = [Self::Minute, Self::Hour];

    /// Length of a span in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }

    /// First second of the span that a second is in.
    pub const fn floor(self, second: i64) -> i64 {
        second - second.rem_euclid(self.seconds())
    }
}

/// What partials of one meter and level are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    /// The subject.
    pub subject: String,
    /// First second of the minute or hour.
    pub start: i64,
    /// The value of each group-by key of the meter, in the order of the keys.
    pub group: Vec<String>,
}

impl RollupKey {
    /// The group values as text.
    pub fn group_text(&self) -> String {
        Value::from(self.group.as_slice()).to_string()
    }

    /// Group values from their text.
    pub fn read_group(text: &str) -> Option<Vec<String>> {
        serde_json::from_str(text).ok()
    }
}

/// Some events of one key, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// How many events, with or without a value.
    pub events: u64,
    /// Their value in the making.
    pub accumulator: Accumulator,
}

/// The partials of one meter.
pub type Rollup = BTreeMap<RollupKey, Partial>;

/// Adds one event to the partials of a meter.
pub fn add(
    rollup: &mut Rollup,
    meter: &Meter,
    moment: Moment,
    subject: &str,
    data: Option<&Value>,
) {
    let key = RollupKey {
        subject: subject.to_owned(),
        start: Level::Minute.floor(moment.0),
        group: meter
            .group_by
            .values()
            .map(|path| value::group(data, path).into_owned())
            .collect(),
    };
    let partial = rollup.entry(key).or_insert_with(|| Partial {
        events: 0,
        accumulator: meter.measure.accumulator(),
    });
    partial.events += 1;
    partial.accumulator.add(&meter.measure, moment, data);
}

/// The same usage by the hour.
pub fn by_hour(minutes: &Rollup) -> Rollup {
    let mut hours = Rollup::new();
    for (key, partial) in minutes {
        take_in(&mut hours, Level::Hour, key.clone(), partial.clone());
    }
    hours
}

/// Adds a partial to those of a level.
pub fn take_in(rollup: &mut Rollup, level: Level, key: RollupKey, partial: Partial) {
    let start = level.floor(key.start);
    match rollup.entry(RollupKey { start, ..key }) {
        Entry::Vacant(place) => drop(place.insert(partial)),
        Entry::Occupied(mut place) => place.get_mut().merge(partial),
    }
}

impl Partial {
    /// Takes other events of the same key in.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.accumulator.merge(other.accumulator);
    }

    /// The value in the making as text; the number of events is kept beside it.
    pub fn encode(&self) -> String {
        match &self.accumulator {
            Accumulator::Count(_) => String::new(),
            Accumulator::Sum { sum, count } | Accumulator::Avg { sum, count } => {
                let (whole, fraction) = sum.parts();
                format!("{whole} {fraction} {count}")
            }
            Accumulator::Min(value) | Accumulator::Max(value) => {
                value.map(decimal::format).unwrap_or_default()
            }
            Accumulator::Latest(None) => String::new(),
            Accumulator::Latest(Some(((second, order), value))) => {
                format!("{second} {order} {}", decimal::format(*value))
            }
            Accumulator::Distinct(seen) => {
                let mut texts: Vec<&str> = seen.iter().map(String::as_str).collect();
                texts.sort_unstable();
                Value::from(texts).to_string()
            }
        }
    }

    /// Reads a partial of a meter back.
    pub fn decode(meter: &Meter, events: u64, text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let accumulator = match meter.measure.accumulator() {
            Accumulator::Count(_) => Accumulator::Count(events),
            Accumulator::Sum { .. } => {
                let (sum, count) = read_sum(&mut words)?;
                Accumulator::Sum { sum, count }
            }
            Accumulator::Avg { .. } => {
                let (sum, count) = read_sum(&mut words)?;
                Accumulator::Avg { sum, count }
            }
            Accumulator::Min(_) if text.is_empty() => Accumulator::Min(None),
            Accumulator::Min(_) => Accumulator::Min(Some(decimal::parse(text).ok()?)),
            Accumulator::Max(_) if text.is_empty() => Accumulator::Max(None),
            Accumulator::Max(_) => Accumulator::Max(Some(decimal::parse(text).ok()?)),
            Accumulator::Latest(_) if text.is_empty() => Accumulator::Latest(None),
            Accumulator::Latest(_) => {
                let moment = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                Accumulator::Latest(Some((moment, decimal::parse(words.next()?).ok()?)))
            }
            Accumulator::Distinct(_) => {
                let texts: HashSet<String> = serde_json::from_str(text).ok()?;
                Accumulator::Distinct(texts)
            }
        };
        Some(Self {
            events,
            accumulator,
        })
    }
}

fn read_sum<'text>(words: &mut impl Iterator<Item = &'text str>) -> Option<(ExactSum, u64)> {
    let whole = words.next()?.parse().ok()?;
    let fraction = words.next()?.parse().ok()?;
    Some((
        ExactSum::from_parts(whole, fraction),
        words.next()?.parse().ok()?,
    ))
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::window::{WindowSize, Windows, zone};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::{
        aggregate::Aggregation,
        filter::TextFilter,
        jsonpath::JsonPath,
        meter::MeterDraft,
        query::{Fold, GroupBy, Query, Seen},
    };

    /// A meter of the events `t` by their `v`, grouped by `a` and `b`.
    pub(in crate::domain) fn meter(aggregation: Aggregation) -> Meter {
        let draft = MeterDraft {
            slug: "m".into(),
            event_type: "t".into(),
            aggregation: Some(aggregation),
            value_property: if aggregation == Aggregation::Count {
                ""
            } else {
                "$.v"
            }
            .into(),
            group_by: BTreeMap::from([("a".into(), "$.a".into()), ("b".into(), "$.b".into())]),
            ..MeterDraft::default()
        };
        let id = kernel::id::MeterId::from_ulid(kernel::id::Ulid::nil());
        Meter::new(id, draft, kernel::Timestamp::UNIX_EPOCH).unwrap()
    }

    fn data() -> impl Strategy<Value = Value> {
        let value = prop_oneof![
            (-1_000_000_i64..1_000_000, 0_u32..19).prop_map(|(mantissa, scale)| json!(
                decimal::format(kernel::Decimal::new(mantissa, scale))
            )),
            (0_i64..5).prop_map(|value| json!(value)),
            Just(json!(null)),
            Just(json!("x y\"z")),
        ];
        (value, 0_u8..3, 0_u8..2).prop_map(|(value, a, b)| json!({"v": value, "a": a, "b": b}))
    }

    fn events() -> impl Strategy<Value = Vec<(i64, u8, Value)>> {
        proptest::collection::vec((0_i64..20_000, 0_u8..3, data()), 0..40)
    }

    proptest! {
        /// The two ways to answer a query agree: over the events, and over partials of them that were cut
        /// into batches, stored, read back and merged.
        #[test]
        fn partials_answer_like_events(
            events in events(),
            cut in 0_usize..40,
            windowed in any::<bool>(),
            by_subject in any::<bool>(),
            by_group in any::<bool>(),
            filtered in any::<bool>(),
        ) {
            for aggregation in Aggregation::ALL {
                let meter = meter(aggregation);
                let group = |key: &str| GroupBy { key: key.into(), path: JsonPath::parse(&format!("$.{key}")).unwrap() };
                let query = Query {
                    measure: meter.measure.clone(),
                    windows: windowed.then(|| Windows { size: WindowSize::Hour, zone: zone(if by_subject { "Asia/Tokyo" } else { "Asia/Kolkata" }).unwrap() }),
                    by_subject,
                    customers: None,
                    group_by: if by_group { vec![group("b")] } else { Vec::new() },
                    filters: if filtered { vec![(group("a"), TextFilter::Equals("1".into()))] } else { Vec::new() },
                };
                let mut raw = Fold::new(&query);
                let cut = cut.min(events.len());
                let mut ahead = Fold::new(&query);
                let shape = query.shape(&meter);
                for (start, batch) in [(0, &events[..cut]), (cut, &events[cut..])] {
                    let mut rollup = Rollup::new();
                    for (index, (second, subject, data)) in batch.iter().enumerate() {
                        let (moment, subject) = ((*second, (start + index) as i64), format!("s{subject}"));
                        raw.add(Seen { moment, subject: &subject, data: Some(data) }).unwrap();
                        add(&mut rollup, &meter, moment, &subject, Some(data));
                    }
                    // The windows are full hours in UTC only.
                    let rollup = if !windowed || !by_subject { rollup } else { by_hour(&rollup) };
                    for (key, partial) in rollup {
                        let again = Partial::decode(&meter, partial.events, &partial.encode()).unwrap();
                        prop_assert_eq!(&again, &partial);
                        ahead.add_partial(&shape, &key, again).unwrap();
                    }
                }
                prop_assert_eq!(raw.rows(None, None), ahead.rows(None, None));
            }
        }

        #[test]
        fn merging_is_the_same_as_adding(events in events(), cut in 0_usize..40) {
            for aggregation in Aggregation::ALL {
                let meter = meter(aggregation);
                let roll = |range: std::ops::Range<usize>| {
                    let mut rollup = Rollup::new();
                    for index in range {
                        let (second, subject, data) = &events[index];
                        add(&mut rollup, &meter, (*second, index as i64), &subject.to_string(), Some(data));
                    }
                    rollup
                };
                let cut = cut.min(events.len());
                let mut merged = roll(cut..events.len());
                for (key, partial) in roll(0..cut) {
                    match merged.get_mut(&key) {
                        Some(there) => there.merge(partial),
                        None => drop(merged.insert(key, partial)),
                    }
                }
                prop_assert_eq!(merged, roll(0..events.len()));
            }
        }
    }
}
