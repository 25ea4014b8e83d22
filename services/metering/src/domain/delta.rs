//! The partials that one commit adds to the rollup of a meter, as one text: a line each, with the subject, the second its
//! minute begins, the group values, the number of events and the value in the making between tabs. Subject and group
//! values are JSON, in which tabs and line ends are escaped; numbers have none.

use super::{
    meter::Meter,
    rollup::{Partial, Rollup, RollupKey},
};

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'text> {
    /// The subject as [`quoted`].
    pub subject: &'text str,
    /// First second of the minute.
    pub start: i64,
    group: &'text str,
    events: u64,
    state: &'text str,
}

/// A subject as it stands in a line.
pub fn quoted(subject: &str) -> String {
    serde_json::Value::from(subject).to_string()
}

/// The text of some partials.
pub fn encode(minutes: &Rollup) -> String {
    let mut text = String::with_capacity(minutes.len() * 64);
    for (key, partial) in minutes {
        let line = [
            quoted(&key.subject),
            key.start.to_string(),
            key.group_text(),
            partial.events.to_string(),
            partial.encode(),
        ];
        text.push_str(&line.join("\t"));
        text.push('\n');
    }
    text
}

/// The lines of a text; none stands for a line that is no such.
pub fn lines(text: &str) -> impl Iterator<Item = Option<Line<'_>>> {
    text.lines().map(|line| {
        let mut parts = line.split('\t');
        Some(Line {
            subject: parts.next()?,
            start: parts.next()?.parse().ok()?,
            group: parts.next()?,
            events: parts.next()?.parse().ok()?,
            state: parts.next()?,
        })
    })
}

impl Line<'_> {
    /// The partial of a line; its group values are read only where they are needed.
    pub fn read(&self, meter: &Meter, groups: bool) -> Option<(RollupKey, Partial)> {
        let key = RollupKey {
            subject: serde_json::from_str(self.subject).ok()?,
            start: self.start,
            group: if groups {
                RollupKey::read_group(self.group)?
            } else {
                Vec::new()
            },
        };
        Some((key, Partial::decode(meter, self.events, self.state)?))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::{
        aggregate::Aggregation,
        rollup::{self, tests::meter},
    };

    proptest! {
        /// Whatever subjects, groups and values look like, the text reads back as what was written.
        #[test]
        fn a_text_reads_back(
            events in proptest::collection::vec((".{0,6}", "\\PC{0,4}|[\t\n\r\"\\\\]{0,4}", 0_i64..600, -50_i64..50), 0..20),
        ) {
            for aggregation in Aggregation::ALL {
                let meter = meter(aggregation);
                let mut minutes = Rollup::new();
                for (order, (subject, group, second, value)) in events.iter().enumerate() {
                    let data = json!({"v": if aggregation == Aggregation::UniqueCount { json!(group) } else { json!(value) }, "a": group, "b": order});
                    let subject = format!("{subject}{group}");
                    rollup::add(&mut minutes, &meter, (*second, order as i64), &subject, Some(&data));
                }
                let text = encode(&minutes);
                let again: Option<Rollup> = lines(&text).map(|line| line?.read(&meter, true)).collect();
                prop_assert_eq!(again.as_ref(), Some(&minutes));
                let subjects: Vec<String> = minutes.keys().map(|key| quoted(&key.subject)).collect();
                let written: Option<Vec<&str>> = lines(&text).map(|line| Some(line?.subject)).collect();
                prop_assert_eq!(written.unwrap(), subjects);
            }
        }
    }
}
