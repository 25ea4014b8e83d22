//! Files of exchange rates: CSV whose head names the columns `from`, `to`, `rate` and, where they are wanted, `time` and
//! `project`, in any order; then a rate in each line that is not empty.

use kernel::{Decimal, Timestamp};

/// Columns that a file may have; the first three it must.
const COLUMNS: [&str; 5] = ["from", "to", "rate", "time", "project"];
const REQUIRED: usize = 3;

/// A rate as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRate {
    /// Number of its line, from 1.
    pub line: usize,
    /// Name or id of the project. `None`: not said.
    pub project: Option<String>,
    /// Currency converted from, not checked.
    pub from: String,
    /// Currency converted to, not checked.
    pub to: String,
    /// Units of the second currency for one of the first.
    pub rate: Decimal,
    /// From when on it holds. `None`: not said.
    pub time: Option<Timestamp>,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Not even a head.
    #[error("is empty")]
    Empty,
    /// A line is wrong.
    #[error("line {line}: {message}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl FileError {
    /// A line is wrong.
    pub fn at(line: usize, message: impl Into<String>) -> Self {
        Self::Line {
            line,
            message: message.into(),
        }
    }
}

/// Reads a file.
pub fn parse(text: &str) -> Result<Vec<FileRate>, FileError> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let (_, head) = lines.next().ok_or(FileError::Empty)?;
    let head: Vec<String> = cells(head).map(str::to_lowercase).collect();
    if let Some(other) = head.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let all = COLUMNS.join(", ");
        return Err(FileError::at(
            1,
            format!("`{other}` is none of the columns {all}"),
        ));
    }
    for name in &COLUMNS[..REQUIRED] {
        if !head.iter().any(|column| column == name) {
            return Err(FileError::at(1, format!("there is no column `{name}`")));
        }
    }
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(index, text)| {
            let line = index + 1;
            rate(&head, line, text).map_err(|message| FileError::at(line, message))
        })
        .collect()
}

fn rate(head: &[String], line: usize, text: &str) -> Result<FileRate, String> {
    let cells: Vec<&str> = cells(text).collect();
    if cells.len() > head.len() {
        return Err(format!(
            "has more than the {} cells of the head",
            head.len()
        ));
    }
    let cell = |name: &str| {
        let place = head.iter().position(|column| column == name)?;
        cells.get(place).copied().filter(|cell| !cell.is_empty())
    };
    let needed = |name: &str| cell(name).ok_or_else(|| format!("`{name}` is missing"));
    let number = needed("rate")?;
    let time = cell("time")
        .map(|text| {
            text.parse()
                .map_err(|_| format!("`{text}` is not an RFC 3339 time"))
        })
        .transpose()?;
    Ok(FileRate {
        line,
        project: cell("project").map(str::to_owned),
        from: needed("from")?.to_owned(),
        to: needed("to")?.to_owned(),
        rate: kernel::decimal::parse(number)
            .map_err(|error| format!("the rate `{number}`: {error}"))?,
        time,
    })
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_names_its_columns() {
        let text =
            "to,from,rate,time\nUSD,EUR,1.08,2026-01-01T00:00:00Z\n\n\"USD\", GBP ,1.27,\r\n";
        let rates = parse(text).unwrap();
        assert_eq!(
            (rates.len(), rates[0].from.as_str(), rates[1].from.as_str()),
            (2, "EUR", "GBP")
        );
        assert_eq!((rates[0].time.is_some(), rates[1].time), (true, None));
        assert_eq!(rates[1].rate, kernel::decimal::parse("1.27").unwrap());
        assert_eq!((rates[1].line, rates[1].project.clone()), (4, None));
        let named = parse("project,from,to,rate\nacme,EUR,USD,1\n").unwrap();
        assert_eq!(named[0].project.as_deref(), Some("acme"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, expected) in [
            ("", "is empty"),
            ("from,to", "line 1: there is no column `rate`"),
            (
                "from,to,rate,luck",
                "line 1: `luck` is none of the columns from, to, rate, time, project",
            ),
            ("from,to,rate\nEUR,USD", "line 2: `rate` is missing"),
            ("from,to,rate\n,USD,1", "line 2: `from` is missing"),
            (
                "from,to,rate\nEUR,USD,1,2",
                "line 2: has more than the 3 cells of the head",
            ),
            (
                "from,to,rate\nEUR,USD,1\nEUR,USD,x",
                "line 3: the rate `x`: ",
            ),
            (
                "from,to,rate,time\nEUR,USD,1,today",
                "line 2: `today` is not an RFC 3339 time",
            ),
        ] {
            let told = parse(text).unwrap_err().to_string();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
