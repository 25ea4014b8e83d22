//! The seven aggregations. An [`Accumulator`] takes events in any order and any number of pieces and
//! always comes to the same value.

use std::collections::HashSet;

use kernel::Decimal;
use serde_json::Value;

use super::{
    jsonpath::JsonPath,
    sum::{ExactSum, TooLarge},
    value::{self, NoValue},
};

/// What a meter does with the values of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// Sum of the values.
    Sum,
    /// Number of events.
    Count,
    /// Number of distinct values.
    UniqueCount,
    /// Arithmetic mean of the values.
    Avg,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Value of the latest event.
    Latest,
}

impl Aggregation {
    /// All aggregations.
    pub const ALL: [Self; 7] = [
        Self::Sum,
        Self::Count,
        Self::UniqueCount,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::Latest,
    ];

    /// The word that is stored and sorted by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Count => "COUNT",
            Self::UniqueCount => "UNIQUE_COUNT",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::Latest => "LATEST",
        }
    }

    /// Reads the stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|aggregation| aggregation.word() == word)
    }

    /// Whether the aggregation of nothing is 0 and not no value.
    pub const fn counts(self) -> bool {
        match self {
            Self::Count | Self::UniqueCount => true,
            Self::Sum | Self::Avg | Self::Min | Self::Max | Self::Latest => false,
        }
    }
}

/// What a meter reads from each event: the aggregation and the place of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Counts events; their data does not matter.
    Count,
    /// Counts distinct texts.
    Distinct(JsonPath),
    /// Aggregates numbers.
    Number(NumberAggregation, JsonPath),
}

/// The aggregations of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberAggregation {
    /// Sum.
    Sum,
    /// Mean.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Latest.
    Latest,
}

impl Measure {
    /// The aggregation's name.
    pub const fn aggregation(&self) -> Aggregation {
        match self {
            Self::Count => Aggregation::Count,
            Self::Distinct(_) => Aggregation::UniqueCount,
            Self::Number(NumberAggregation::Sum, _) => Aggregation::Sum,
            Self::Number(NumberAggregation::Avg, _) => Aggregation::Avg,
            Self::Number(NumberAggregation::Min, _) => Aggregation::Min,
            Self::Number(NumberAggregation::Max, _) => Aggregation::Max,
            Self::Number(NumberAggregation::Latest, _) => Aggregation::Latest,
        }
    }

    /// The place of the value; none for COUNT.
    pub const fn path(&self) -> Option<&JsonPath> {
        match self {
            Self::Count => None,
            Self::Distinct(path) | Self::Number(_, path) => Some(path),
        }
    }

    /// What is wrong with an event's data, in the eyes of this meter.
    pub fn complaint(&self, data: Option<&Value>) -> Option<NoValue> {
        match self {
            Self::Count => None,
            Self::Distinct(path) => value::distinct(data, path).err(),
            Self::Number(_, path) => value::number(data, path).err(),
        }
    }

    /// An accumulator that has seen nothing.
    pub fn accumulator(&self) -> Accumulator {
        match self {
            Self::Count => Accumulator::Count(0),
            Self::Distinct(_) => Accumulator::Distinct(HashSet::new()),
            Self::Number(NumberAggregation::Sum, _) => Accumulator::Sum {
                sum: ExactSum::default(),
                count: 0,
            },
            Self::Number(NumberAggregation::Avg, _) => Accumulator::Avg {
                sum: ExactSum::default(),
                count: 0,
            },
            Self::Number(NumberAggregation::Min, _) => Accumulator::Min(None),
            Self::Number(NumberAggregation::Max, _) => Accumulator::Max(None),
            Self::Number(NumberAggregation::Latest, _) => Accumulator::Latest(None),
        }
    }
}

/// When an event happened; events of the same second are ordered by the order they were stored in, so
/// that LATEST is one value however the events are read.
pub type Moment = (i64, i64);

/// A value in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accumulator {
    /// Events so far.
    Count(u64),
    /// Distinct texts so far.
    Distinct(HashSet<String>),
    /// Sum, and how many values are in it.
    Sum {
        /// The sum.
        sum: ExactSum,
        /// Number of values.
        count: u64,
    },
    /// Sum and count of the mean.
    Avg {
        /// The sum.
        sum: ExactSum,
        /// Number of values.
        count: u64,
    },
    /// Smallest value so far.
    Min(Option<Decimal>),
    /// Largest value so far.
    Max(Option<Decimal>),
    /// Latest value so far.
    Latest(Option<(Moment, Decimal)>),
}

impl Accumulator {
    /// Takes one event in; an event without a value for the measure changes nothing. Answers how many
    /// distinct texts were added, which is what memory is spent on.
    pub fn add(&mut self, measure: &Measure, moment: Moment, data: Option<&Value>) -> usize {
        match measure {
            Measure::Count => {
                self.add_events(1);
                0
            }
            Measure::Distinct(path) => match (self, value::distinct(data, path)) {
                (Self::Distinct(seen), Ok(Some(text))) if !seen.contains(text.as_ref()) => {
                    seen.insert(text.into_owned());
                    1
                }
                _ => 0,
            },
            Measure::Number(_, path) => {
                if let Ok(number) = value::number(data, path) {
                    self.add_number(moment, number);
                }
                0
            }
        }
    }

    /// Takes events in that need no reading.
    pub fn add_events(&mut self, events: u64) {
        if let Self::Count(count) = self {
            *count += events;
        }
    }

    fn add_number(&mut self, moment: Moment, number: Decimal) {
        match self {
            Self::Count(_) | Self::Distinct(_) => {}
            Self::Sum { sum, count } | Self::Avg { sum, count } => {
                sum.add(number);
                *count += 1;
            }
            Self::Min(least) => *least = Some(least.map_or(number, |least| least.min(number))),
            Self::Max(most) => *most = Some(most.map_or(number, |most| most.max(number))),
            Self::Latest(latest) => {
                if latest.is_none_or(|(seen, _)| seen <= moment) {
                    *latest = Some((moment, number));
                }
            }
        }
    }

    /// Takes in what another accumulator of the same measure has seen.
    pub fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Distinct(seen), Self::Distinct(more)) => seen.extend(more),
            (
                Self::Sum { sum, count },
                Self::Sum {
                    sum: more,
                    count: events,
                },
            )
            | (
                Self::Avg { sum, count },
                Self::Avg {
                    sum: more,
                    count: events,
                },
            ) => {
                sum.merge(more);
                *count += events;
            }
            (
                this @ (Self::Min(_) | Self::Max(_)),
                Self::Min(Some(number)) | Self::Max(Some(number)),
            ) => this.add_number((0, 0), number),
            (this @ Self::Latest(_), Self::Latest(Some((moment, number)))) => {
                this.add_number(moment, number);
            }
            // Nothing seen, or another measure, which a caller cannot have.
            (
                Self::Count(_)
                | Self::Distinct(_)
                | Self::Sum { .. }
                | Self::Avg { .. }
                | Self::Min(_)
                | Self::Max(_)
                | Self::Latest(_),
                _,
            ) => {}
        }
    }

    /// How many distinct texts are held.
    pub fn held(&self) -> usize {
        match self {
            Self::Distinct(seen) => seen.len(),
            Self::Count(_)
            | Self::Sum { .. }
            | Self::Avg { .. }
            | Self::Min(_)
            | Self::Max(_)
            | Self::Latest(_) => 0,
        }
    }

    /// The value; none when no event contributed.
    pub fn value(&self) -> Result<Option<Decimal>, TooLarge> {
        match self {
            Self::Count(0) => Ok(None),
            Self::Count(count) => Ok(Some(Decimal::from(*count))),
            Self::Distinct(seen) if seen.is_empty() => Ok(None),
            Self::Distinct(seen) => Ok(Some(Decimal::from(seen.len()))),
            Self::Sum { count: 0, .. } | Self::Avg { count: 0, .. } => Ok(None),
            Self::Sum { sum, .. } => sum.total().map(Some),
            Self::Avg { sum, count } => sum.mean(*count).map(Some),
            Self::Min(value) | Self::Max(value) => Ok(*value),
            Self::Latest(latest) => Ok(latest.map(|(_, value)| value)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::decimal::format;
    use proptest::prelude::*;

    use super::*;

    fn measure(aggregation: Aggregation) -> Measure {
        let path = JsonPath::parse("$.v").unwrap();
        match aggregation {
            Aggregation::Sum => Measure::Number(NumberAggregation::Sum, path),
            Aggregation::Count => Measure::Count,
            Aggregation::UniqueCount => Measure::Distinct(path),
            Aggregation::Avg => Measure::Number(NumberAggregation::Avg, path),
            Aggregation::Min => Measure::Number(NumberAggregation::Min, path),
            Aggregation::Max => Measure::Number(NumberAggregation::Max, path),
            Aggregation::Latest => Measure::Number(NumberAggregation::Latest, path),
        }
    }

    /// The value of events at the given seconds.
    fn value_of(aggregation: Aggregation, events: &[(i64, &str)]) -> Option<String> {
        let measure = measure(aggregation);
        let mut accumulator = measure.accumulator();
        for (order, (time, data)) in events.iter().enumerate() {
            let data: Option<Value> =
                (!data.is_empty()).then(|| serde_json::from_str(data).unwrap());
            accumulator.add(&measure, (*time, order as i64), data.as_ref());
        }
        accumulator.value().unwrap().map(format)
    }

    fn check(events: &[(i64, &str)], expected: [Option<&str>; 7]) {
        for (aggregation, expected) in Aggregation::ALL.into_iter().zip(expected) {
            assert_eq!(
                value_of(aggregation, events).as_deref(),
                expected,
                "{aggregation:?}"
            );
        }
    }

    #[test]
    fn nothing_has_no_value() {
        check(&[], [None; 7]);
    }

    #[test]
    fn events_without_a_value_only_count() {
        let events = [
            (1, ""),
            (2, "{}"),
            (3, r#"{"v":null}"#),
            (4, r#"{"v":[1]}"#),
        ];
        check(&events, [None, Some("4"), None, None, None, None, None]);
    }

    #[test]
    fn every_aggregation_of_one_list() {
        let events = [
            (5, r#"{"v":2}"#),
            (9, r#"{"v":"3.5"}"#),
            (1, r#"{"v":-1}"#),
            (9, r#"{"v":"x"}"#),
            (3, r#"{"v":2.0}"#),
        ];
        check(
            &events,
            [
                Some("6.5"),
                Some("5"),
                Some("4"),
                Some("1.625"),
                Some("-1"),
                Some("3.5"),
                Some("3.5"),
            ],
        );
    }

    #[test]
    fn one_and_its_text_are_the_same_distinct_value() {
        assert_eq!(
            value_of(
                Aggregation::UniqueCount,
                &[(1, r#"{"v":1}"#), (2, r#"{"v":"1"}"#)]
            )
            .as_deref(),
            Some("1")
        );
    }

    #[test]
    fn the_documented_invalid_events_add_nothing() {
        let events = [
            (1, "null"),
            (1, ""),
            (1, "{}"),
            (1, r#"{"v":"NaN"}"#),
            (1, r#"{"v":"Inf"}"#),
            (1, r#"{"v":"100"}"#),
        ];
        assert_eq!(value_of(Aggregation::Sum, &events).as_deref(), Some("100"));
    }

    proptest! {
        #[test]
        fn the_order_of_events_does_not_matter(
            values in proptest::collection::vec((0_i64..5, -1000_i64..1000), 0..20),
            seed in any::<u64>(),
        ) {
            for aggregation in Aggregation::ALL {
                let measure = measure(aggregation);
                let data: Vec<(Moment, Value)> = values
                    .iter()
                    .enumerate()
                    .map(|(order, (time, value))| ((*time, order as i64), serde_json::json!({ "v": value })))
                    .collect();
                let fold = |events: &[(Moment, Value)]| {
                    let mut accumulator = measure.accumulator();
                    for (moment, data) in events {
                        accumulator.add(&measure, *moment, Some(data));
                    }
                    accumulator.value()
                };
                let mut shuffled = data.clone();
                let length = shuffled.len().max(1);
                for index in 0..shuffled.len() {
                    shuffled.swap(index, (seed as usize).wrapping_mul(index + 7) % length);
                }
                prop_assert_eq!(fold(&data), fold(&shuffled));
            }
        }
    }
}
