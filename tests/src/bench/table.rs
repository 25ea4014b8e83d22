//! The table that every benchmark prints: ours beside the ceiling, and their ratio.
#![expect(
    clippy::float_arithmetic,
    reason = "rates and ratios are measured, they are not money"
)]

use std::time::Duration;

/// A table in the making.
#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    unit: &'static str,
    ours: f64,
    ceiling: Option<(String, f64)>,
}

impl Table {
    /// A table with a heading; it names the store and the cores by itself.
    pub fn new(title: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            title: format!("{title} · {} · {cores} cores", super::store()),
            rows: Vec::new(),
        }
    }

    /// Adds a row: the median of our runs, and what the ceiling is with the median of its runs.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        ceiling: Option<(&str, &[f64])>,
    ) {
        self.rows.push(Row {
            what: what.into(),
            unit,
            ours: median(ours),
            ceiling: ceiling.map(|(name, runs)| (name.to_owned(), median(runs))),
        });
    }

    /// Prints it.
    pub fn print(&self) {
        println!("\n{}\n", self.title);
        println!("| what | ours | ceiling | ratio | the ceiling is |");
        println!("|---|---:|---:|---:|---|");
        for row in &self.rows {
            let ours = format!("{} {}", figure(row.ours), row.unit);
            match &row.ceiling {
                Some((name, ceiling)) => println!(
                    "| {} | {ours} | {} {} | {:.2} | {name} |",
                    row.what,
                    figure(*ceiling),
                    row.unit,
                    row.ours / ceiling
                ),
                None => println!("| {} | {ours} | | | |", row.what),
            }
        }
        println!();
    }
}

/// The middle one of some figures; 0 of none.
pub fn median(runs: &[f64]) -> f64 {
    let mut runs = runs.to_vec();
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// How many in a second.
pub fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// A figure with thousands apart; small ones with two decimals.
fn figure(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_run_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_string(), "2");
        assert_eq!(median(&[]).to_string(), "0");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(figure(1_234_567.4), "1,234,567");
        assert_eq!(figure(999.0), "999");
        assert_eq!(figure(0.456), "0.46");
    }
}
