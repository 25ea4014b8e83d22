//! A meter query as a fold: events go in one by one in any order, rows come out. Memory is bounded by
//! the number of rows (and of distinct values), never by the number of events.

use std::collections::{BTreeMap, HashMap};

use kernel::{
    Decimal, Timestamp,
    window::{NoWindow, Window, Windows, minute_of},
};
use serde_json::Value;

use super::{
    aggregate::{Accumulator, Measure, Moment},
    filter::TextFilter,
    jsonpath::JsonPath,
    meter::Meter,
    rollup::{Partial, RollupKey},
    sum::TooLarge,
    value,
};

/// Most rows that one query may have.
pub const ROWS_MAX: usize = 100_000;
/// Most distinct values that one query may hold.
const DISTINCT_MAX: usize = 5_000_000;

/// What is asked about the events of a meter. Span, event type and subjects are applied before the
/// events get here.
#[derive(Clone, Debug)]
pub struct Query {
    /// What is read and aggregated.
    pub measure: Measure,
    /// How time is cut; not at all when none.
    pub windows: Option<Windows>,
    /// A row per subject.
    pub by_subject: bool,
    /// A row per customer: the customer of each subject. Events of other subjects are left out.
    pub customers: Option<HashMap<String, String>>,
    /// A row per value of these.
    pub group_by: Vec<GroupBy>,
    /// Conditions on group values.
    pub filters: Vec<(GroupBy, TextFilter)>,
}

/// One group-by key of the meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// The key.
    pub key: String,
    /// Where its value is.
    pub path: JsonPath,
}

/// Where a query's groups and filters are among the group values of a partial.
#[derive(Clone, Debug)]
pub struct Shape {
    group_by: Vec<usize>,
    filters: Vec<usize>,
}

impl Shape {
    /// Whether the group values of partials matter; if not, they need not be read.
    pub const fn reads_groups(&self) -> bool {
        !self.group_by.is_empty() || !self.filters.is_empty()
    }
}

/// What a fold sees of one event.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'event> {
    /// Second since 1970, and the order in which it was stored.
    pub moment: Moment,
    /// Its subject.
    pub subject: &'event str,
    /// Its data.
    pub data: Option<&'event Value>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The value.
    pub value: Decimal,
    /// Start of the window or span.
    pub start: Timestamp,
    /// End of the window or span.
    pub end: Timestamp,
    /// The subject, when grouped by it.
    pub subject: Option<String>,
    /// The customer, when grouped by it.
    pub customer: Option<String>,
    /// The group values in the order of the query's keys.
    pub group: Vec<String>,
}

/// Why a query has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// More rows than [`ROWS_MAX`].
    #[error("the answer has more than 100000 rows")]
    TooManyRows,
    /// More distinct values than can be held.
    #[error("the query has more than 5000000 distinct values")]
    TooManyValues,
    /// A value that no number here can hold.
    #[error("a value of the answer is 10^18 or more")]
    TooLarge,
    /// An event outside the calendar.
    #[error("an event lies outside the calendar")]
    NoWindow,
}

impl From<TooLarge> for NoAnswer {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl From<NoWindow> for NoAnswer {
    fn from(NoWindow: NoWindow) -> Self {
        Self::NoWindow
    }
}

impl Query {
    /// Whether the data of the events matters; if not, it need not be read.
    pub fn reads_data(&self) -> bool {
        self.measure.path().is_some() || !self.group_by.is_empty() || !self.filters.is_empty()
    }

    /// Whether full minutes may be added up ahead: no window may begin inside one.
    pub fn takes_minutes(&self) -> bool {
        self.windows.as_ref().is_none_or(Windows::has_whole_minutes)
    }

    /// Whether full hours may be added up ahead, when the question is about this span: no window may begin
    /// inside one, and no row may be bounded by its events alone.
    pub fn takes_hours(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
        match &self.windows {
            Some(windows) => windows.has_whole_hours(from, to),
            None => from.is_some() && to.is_some(),
        }
    }

    /// The shape of the query over partials of a meter, whose group values stand in the order of its keys.
    pub fn shape(&self, meter: &Meter) -> Shape {
        let place = |group: &GroupBy| {
            let keys = meter.group_by.keys();
            keys.take_while(|key| **key != group.key).count()
        };
        Shape {
            group_by: self.group_by.iter().map(place).collect(),
            filters: self.filters.iter().map(|(group, _)| place(group)).collect(),
        }
    }

    /// Whether there can be more than one row in a window.
    fn groups(&self) -> bool {
        self.by_subject || self.customers.is_some() || !self.group_by.is_empty()
    }
}

/// What rows are told apart by; its order is the order of the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    window: Option<Window>,
    subject: Option<String>,
    customer: Option<String>,
    group: Vec<String>,
}

#[derive(Debug)]
struct Cell {
    accumulator: Accumulator,
    first: i64,
    last: i64,
}

/// A query in progress.
#[derive(Debug)]
pub struct Fold<'query> {
    query: &'query Query,
    cells: BTreeMap<Key, Cell>,
    distinct: usize,
    window: Option<Window>,
}

impl<'query> Fold<'query> {
    /// A fold that has seen nothing.
    pub fn new(query: &'query Query) -> Self {
        Self {
            query,
            cells: BTreeMap::new(),
            distinct: 0,
            window: None,
        }
    }

    /// Takes one event in.
    pub fn add(&mut self, event: Seen<'_>) -> Result<(), NoAnswer> {
        let query = self.query;
        if !query
            .filters
            .iter()
            .all(|(group, filter)| filter.matches(&value::group(event.data, &group.path)))
        {
            return Ok(());
        }
        let group = || {
            let paths = query.group_by.iter().map(|group| &group.path);
            paths
                .map(|path| value::group(event.data, path).into_owned())
                .collect()
        };
        let Some(cell) = self.cell(event.moment.0, event.moment.0, event.subject, group)? else {
            return Ok(());
        };
        let added = cell
            .accumulator
            .add(&query.measure, event.moment, event.data);
        self.hold(added)
    }

    /// Takes the partial value of a key in.
    pub fn add_partial(
        &mut self,
        shape: &Shape,
        key: &RollupKey,
        partial: Partial,
    ) -> Result<(), NoAnswer> {
        let query = self.query;
        let text = |place: &usize| {
            key.group
                .get(*place)
                .map(String::as_str)
                .unwrap_or_default()
        };
        let filters = shape.filters.iter().zip(&query.filters);
        for (place, (_, filter)) in filters {
            if !filter.matches(text(place)) {
                return Ok(());
            }
        }
        let group = || {
            shape
                .group_by
                .iter()
                .map(|place| text(place).to_owned())
                .collect()
        };
        let Some(cell) = self.cell(key.start, key.start, &key.subject, group)? else {
            return Ok(());
        };
        let before = cell.accumulator.held();
        cell.accumulator.merge(partial.accumulator);
        let added = cell.accumulator.held() - before;
        self.hold(added)
    }

    fn hold(&mut self, added: usize) -> Result<(), NoAnswer> {
        self.distinct += added;
        if self.distinct > DISTINCT_MAX {
            Err(NoAnswer::TooManyValues)
        } else {
            Ok(())
        }
    }

    /// Takes many events of one subject and minute in, which the query need not read.
    pub fn add_counted(
        &mut self,
        first: i64,
        last: i64,
        subject: &str,
        events: u64,
    ) -> Result<(), NoAnswer> {
        if let Some(cell) = self.cell(first, last, subject, Vec::new)? {
            cell.accumulator.add_events(events);
        }
        Ok(())
    }

    fn cell(
        &mut self,
        first: i64,
        last: i64,
        subject: &str,
        group: impl FnOnce() -> Vec<String>,
    ) -> Result<Option<&mut Cell>, NoAnswer> {
        let customer = match &self.query.customers {
            None => None,
            Some(customers) => match customers.get(subject) {
                None => return Ok(None),
                Some(customer) => Some(customer.clone()),
            },
        };
        let key = Key {
            window: self.window_of(first)?,
            subject: self.query.by_subject.then(|| subject.to_owned()),
            customer,
            group: group(),
        };
        if self.cells.len() >= ROWS_MAX && !self.cells.contains_key(&key) {
            return Err(NoAnswer::TooManyRows);
        }
        let cell = self.cells.entry(key).or_insert_with(|| Cell {
            accumulator: self.query.measure.accumulator(),
            first,
            last,
        });
        cell.first = cell.first.min(first);
        cell.last = cell.last.max(last);
        Ok(Some(cell))
    }

    /// The window of a second; neighbouring events mostly share theirs.
    fn window_of(&mut self, second: i64) -> Result<Option<Window>, NoAnswer> {
        let Some(windows) = &self.query.windows else {
            return Ok(None);
        };
        let window = match self.window {
            Some(window) if window.contains(second) => window,
            Some(_) | None => windows.window_of(second)?,
        };
        self.window = Some(window);
        Ok(self.window)
    }

    /// The rows, by window, subject, customer and group values. `from` and `to` are the asked span.
    pub fn rows(
        self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Row>, NoAnswer> {
        let mut rows = Vec::with_capacity(self.cells.len());
        for (key, cell) in self.cells {
            let Some(value) = cell.accumulator.value()? else {
                continue;
            };
            let (start, end) = match key.window {
                Some(window) => (instant(window.start)?, instant(window.end)?),
                None => (
                    from.map_or_else(|| instant(minute_of(cell.first).start), Ok)?,
                    to.map_or_else(|| instant(minute_of(cell.last).end), Ok)?,
                ),
            };
            rows.push(Row {
                value,
                start,
                end,
                subject: key.subject,
                customer: key.customer,
                group: key.group,
            });
        }
        let single = self.query.windows.is_none() && !self.query.groups();
        if rows.is_empty() && single && self.query.measure.aggregation().counts() {
            rows.push(Row {
                value: Decimal::ZERO,
                start: from.unwrap_or(Timestamp::UNIX_EPOCH),
                end: to.map_or_else(|| instant(60), Ok)?,
                subject: None,
                customer: None,
                group: Vec::new(),
            });
        }
        Ok(rows)
    }
}

fn instant(second: i64) -> Result<Timestamp, NoAnswer> {
    Timestamp::from_second(second).map_err(|_| NoAnswer::NoWindow)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::{
        decimal::format,
        window::{WindowSize, zone},
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::aggregate::NumberAggregation;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn sum() -> Query {
        Query {
            measure: Measure::Number(NumberAggregation::Sum, JsonPath::parse("$.v").unwrap()),
            windows: None,
            by_subject: false,
            customers: None,
            group_by: Vec::new(),
            filters: Vec::new(),
        }
    }

    fn windows(size: WindowSize, name: &str) -> Option<Windows> {
        Some(Windows {
            size,
            zone: zone(name).unwrap(),
        })
    }

    type Event = (i64, String, Value);

    fn run(query: &Query, events: &[Event], span: (Option<&str>, Option<&str>)) -> Vec<Row> {
        let mut fold = Fold::new(query);
        for (order, (second, subject, data)) in events.iter().enumerate() {
            fold.add(Seen {
                moment: (*second, order as i64),
                subject,
                data: Some(data),
            })
            .unwrap();
        }
        let time = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        fold.rows(time(span.0), time(span.1)).unwrap()
    }

    fn values(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| format(row.value)).collect()
    }

    /// Five subjects, one event of "100" each at T, T+1 min, T+1 h and T+1 d.
    fn total_example() -> Vec<Event> {
        let start = at("2025-01-01T00:00:00Z");
        (1..=5)
            .flat_map(|subject| {
                [0, 60, 3_600, 86_400].map(|after| {
                    (
                        start + after,
                        format!("customer-{subject}"),
                        json!({"v": "100"}),
                    )
                })
            })
            .collect()
    }

    #[test]
    fn the_documented_total() {
        let rows = run(&sum(), &total_example(), (None, None));
        assert_eq!(values(&rows), ["2000"]);
        assert_eq!(rows[0].start.to_string(), "2025-01-01T00:00:00Z");
        assert_eq!(rows[0].end.to_string(), "2025-01-02T00:01:00Z");
        for (size, expected) in [
            (WindowSize::Minute, vec!["500", "500", "500", "500"]),
            (WindowSize::Hour, vec!["1000", "500", "500"]),
            (WindowSize::Day, vec!["1500", "500"]),
            (WindowSize::Month, vec!["2000"]),
        ] {
            let query = Query {
                windows: windows(size, "UTC"),
                ..sum()
            };
            assert_eq!(
                values(&run(&query, &total_example(), (None, None))),
                expected
            );
        }
        let query = Query {
            by_subject: true,
            ..sum()
        };
        let rows = run(&query, &total_example(), (None, None));
        assert_eq!(values(&rows), ["400"; 5]);
        assert_eq!(rows[1].subject.as_deref(), Some("customer-2"));
    }

    #[test]
    fn the_documented_days_of_clock_changes() {
        let query = Query {
            windows: windows(WindowSize::Day, "America/Los_Angeles"),
            ..sum()
        };
        for (first, odd, expected) in [
            (
                "2025-03-06T18:00:00Z",
                3,
                ("2025-03-09T08:00:00Z", "2025-03-10T07:00:00Z"),
            ),
            (
                "2025-10-30T17:00:00Z",
                3,
                ("2025-11-02T07:00:00Z", "2025-11-03T08:00:00Z"),
            ),
        ] {
            let events: Vec<Event> = (0..7)
                .map(|day| (at(first) + day * 86_400, "s".to_owned(), json!({"v": 100})))
                .collect();
            let rows = run(&query, &events, (None, None));
            assert_eq!(values(&rows), ["100"; 7]);
            assert_eq!(
                (
                    rows[odd].start.to_string().as_str(),
                    rows[odd].end.to_string().as_str()
                ),
                expected
            );
            assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }

    #[test]
    fn the_span_names_the_row_when_there_are_no_windows() {
        let span = (Some("2024-12-31T00:00:30Z"), Some("2026-01-01T00:00:00Z"));
        let rows = run(&sum(), &total_example(), span);
        assert_eq!(rows[0].start.to_string(), "2024-12-31T00:00:30Z");
        assert_eq!(rows[0].end.to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn nothing_is_zero_only_for_counts_without_groups() {
        assert!(run(&sum(), &[], (None, None)).is_empty());
        let count = Query {
            measure: Measure::Count,
            ..sum()
        };
        let rows = run(&count, &[], (None, None));
        assert_eq!(values(&rows), ["0"]);
        assert_eq!(rows[0].start.to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(rows[0].end.to_string(), "1970-01-01T00:01:00Z");
        assert_eq!(
            run(&count, &[], (Some("2025-01-01T00:00:00Z"), None))[0]
                .start
                .to_string(),
            "2025-01-01T00:00:00Z"
        );
        assert!(
            run(
                &Query {
                    by_subject: true,
                    ..count.clone()
                },
                &[],
                (None, None)
            )
            .is_empty()
        );
        assert!(
            run(
                &Query {
                    windows: windows(WindowSize::Day, ""),
                    ..count
                },
                &[],
                (None, None)
            )
            .is_empty()
        );
        assert!(run(&sum(), &[(1, "s".into(), json!({"v": "x"}))], (None, None)).is_empty());
    }

    #[test]
    fn groups_customers_and_filters() {
        let path = |text: &str| JsonPath::parse(text).unwrap();
        let events = vec![
            (100, "s1".to_owned(), json!({"v": 1, "model": "gpt-4"})),
            (100, "s2".to_owned(), json!({"v": 2, "model": "gpt-3"})),
            (100, "s3".to_owned(), json!({"v": 4})),
            (100, "s4".to_owned(), json!({"v": 8, "model": null})),
        ];
        let model = || GroupBy {
            key: "model".into(),
            path: path("$.model"),
        };
        let query = Query {
            group_by: vec![model()],
            ..sum()
        };
        let groups: Vec<(String, Vec<String>)> = run(&query, &events, (None, None))
            .into_iter()
            .map(|row| (format(row.value), row.group))
            .collect();
        let expected = [("4", ""), ("2", "gpt-3"), ("1", "gpt-4"), ("8", "null")];
        assert_eq!(
            groups,
            expected.map(|(value, group)| (value.to_owned(), vec![group.to_owned()]))
        );
        let query = Query {
            customers: Some(HashMap::from([
                ("s1".into(), "C1".into()),
                ("s2".into(), "C1".into()),
                ("s3".into(), "C2".into()),
            ])),
            ..sum()
        };
        let rows = run(&query, &events, (None, None));
        assert_eq!(values(&rows), ["3", "4"]);
        assert_eq!(rows[0].customer.as_deref(), Some("C1"));
        let filter = TextFilter::OneOf(vec!["gpt-4".into(), String::new()]);
        let query = Query {
            filters: vec![(model(), filter)],
            ..sum()
        };
        assert_eq!(values(&run(&query, &events, (None, None))), ["5"]);
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = (0_i64..400_000, 0_u8..3, -1_000_000_i64..1_000_000, 0_u32..8).prop_map(
            |(second, subject, mantissa, scale)| {
                let text = format(Decimal::new(mantissa, scale));
                (
                    second,
                    format!("s{subject}"),
                    json!({ "v": text, "g": subject % 2 }),
                )
            },
        );
        proptest::collection::vec(event, 0..60)
    }

    proptest! {
        #[test]
        fn windows_add_up_to_the_whole(events in events(), size in 0_usize..4) {
            let sizes = [WindowSize::Minute, WindowSize::Hour, WindowSize::Day, WindowSize::Month];
            let query = Query { windows: windows(sizes[size], "Europe/Berlin"), ..sum() };
            let whole = run(&sum(), &events, (None, None));
            let parts = run(&query, &events, (None, None));
            let added: Decimal = parts.iter().map(|row| row.value).sum();
            prop_assert_eq!(added, whole.first().map(|row| row.value).unwrap_or_default());
            prop_assert!(parts.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }

        #[test]
        fn groups_add_up_to_the_whole(events in events()) {
            let query = Query { by_subject: true, group_by: vec![GroupBy { key: "g".into(), path: JsonPath::parse("$.g").unwrap() }], ..sum() };
            let whole = run(&sum(), &events, (None, None));
            let added: Decimal = run(&query, &events, (None, None)).iter().map(|row| row.value).sum();
            prop_assert_eq!(added, whole.first().map(|row| row.value).unwrap_or_default());
        }

        #[test]
        fn counting_ahead_gives_the_same_rows(events in events()) {
            let query = Query { measure: Measure::Count, windows: windows(WindowSize::Hour, ""), by_subject: true, ..sum() };
            let mut ahead: BTreeMap<(i64, &str), (i64, i64, u64)> = BTreeMap::new();
            for (second, subject, _) in &events {
                let minute = ahead.entry((second / 60, subject)).or_insert((*second, *second, 0));
                *minute = (minute.0.min(*second), minute.1.max(*second), minute.2 + 1);
            }
            let mut fold = Fold::new(&query);
            for ((_, subject), (first, last, count)) in ahead {
                fold.add_counted(first, last, subject, count).unwrap();
            }
            prop_assert_eq!(fold.rows(None, None).unwrap(), run(&query, &events, (None, None)));
        }
    }
}
