//! How answers look: tables and fields for people, JSON and CSV for scripts.

use std::io::Write;

use contract::json::message_to_json;
use prost::{Message, Name};
use serde_json::{Value, json};

use crate::{
    cli::Output,
    failure::{misused, written},
};

/// What stands in a table where there is nothing.
const NOTHING: &str = "-";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Where answers go, and in which form.
pub struct Screen<'a> {
    out: &'a mut (dyn Write + Send),
    output: Output,
    bold: bool,
}

/// A column of a list: its head, and where in an item's JSON its value is.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    head: &'static str,
    path: &'static str,
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Text,
    /// As it is, at the right.
    Number,
    /// `yes` or `no`.
    Flag,
    /// The name of an enum's value without this.
    Name(&'static str),
}

/// Items of one kind.
#[derive(Clone, Debug)]
pub struct List {
    /// What they are called in JSON.
    pub name: &'static str,
    /// What is shown of them.
    pub columns: &'static [Column],
    /// The items, as JSON.
    pub items: Vec<Value>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// Cells in rows, under heads.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// Heads of the columns; none at all for rows without a head.
    pub heads: Vec<String>,
    /// Whether the columns hold numbers, which stand at the right.
    pub numbers: Vec<bool>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Column {
    /// A column of texts.
    pub const fn text(head: &'static str, path: &'static str) -> Self {
        Self::of(head, path, Form::Text)
    }

    /// A column of numbers.
    pub const fn number(head: &'static str, path: &'static str) -> Self {
        Self::of(head, path, Form::Number)
    }

    /// A column of `yes` and `no`.
    pub const fn flag(head: &'static str, path: &'static str) -> Self {
        Self::of(head, path, Form::Flag)
    }

    /// A column of values of an enum, all of whose names begin with `prefix`.
    pub const fn name(head: &'static str, path: &'static str, prefix: &'static str) -> Self {
        Self::of(head, path, Form::Name(prefix))
    }

    const fn of(head: &'static str, path: &'static str, form: Form) -> Self {
        Self { head, path, form }
    }

    fn cell(&self, item: &Value) -> String {
        let steps = self.path.split('.');
        let value = steps.fold(item, |value, step| &value[step]);
        match self.form {
            Form::Text | Form::Number => text(value),
            // A message that is absent has no flags.
            Form::Flag => {
                let word = if *value == true { "yes" } else { "no" };
                word.to_owned()
            }
            Form::Name(prefix) => text(value).trim_start_matches(prefix).to_lowercase(),
        }
    }
}

impl<'a> Screen<'a> {
    /// A screen with heads in bold or not.
    pub fn new(out: &'a mut (dyn Write + Send), output: Output, bold: bool) -> Self {
        Self { out, output, bold }
    }

    /// The form of answers.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Shows a list.
    pub fn list(&mut self, list: &List) -> anyhow::Result<()> {
        match self.output {
            Output::Json => self.line(&json!({ list.name: list.items }).to_string()),
            Output::Csv => self.csv(&list.grid()),
            Output::Text if list.items.is_empty() => self.line(&format!("no {}", list.name)),
            Output::Text => {
                self.grid(&list.grid(), "")?;
                if list.more {
                    self.line("There are more: --limit 0 shows all.")?;
                }
                Ok(())
            }
        }
    }

    /// Shows the head of something for people, and its parts; the parts alone as CSV.
    pub fn parted(&mut self, head: &List, parts: &List) -> anyhow::Result<()> {
        if self.output == Output::Text {
            self.list(head)?;
            self.line("")?;
        }
        self.list(parts)
    }

    /// Shows a message: its fields, or one JSON object.
    pub fn message<M: Message + Name>(&mut self, message: &M) -> anyhow::Result<()> {
        self.record(&message_to_json(message)?)
    }

    /// Shows an object: its fields, or one JSON object.
    pub fn record(&mut self, answer: &Value) -> anyhow::Result<()> {
        match self.output {
            Output::Json => self.line(&answer.to_string()),
            Output::Csv => Err(no_table()),
            Output::Text => {
                let mut grid = Grid::default();
                fields(String::new(), unwrapped(answer), &mut grid.rows);
                if grid.rows.is_empty() {
                    return self.line("done");
                }
                self.grid(&grid, "")
            }
        }
    }

    /// Shows a table for people, behind an indentation.
    pub fn grid(&mut self, grid: &Grid, indentation: &str) -> anyhow::Result<()> {
        for line in grid.lines(self.bold) {
            self.line(&format!("{indentation}{line}"))?;
        }
        Ok(())
    }

    /// The same for people, whatever form was asked for.
    pub fn for_people(&mut self) -> Screen<'_> {
        Screen {
            out: &mut *self.out,
            output: Output::Text,
            bold: self.bold,
        }
    }

    /// Shows a line.
    pub fn line(&mut self, line: &str) -> anyhow::Result<()> {
        written(writeln!(self.out, "{line}"))
    }

    fn csv(&mut self, grid: &Grid) -> anyhow::Result<()> {
        for row in std::iter::once(&grid.heads).chain(&grid.rows) {
            let row: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            self.line(&row.join(","))?;
        }
        Ok(())
    }

    /// Shows a text as it is.
    pub fn raw(&mut self, text: &str) -> anyhow::Result<()> {
        written(self.out.write_all(text.as_bytes()))
    }
}

/// What is said where CSV is asked for and there is no table.
pub fn no_table() -> anyhow::Error {
    misused("this is no table: --output text or json")
}

impl List {
    fn grid(&self) -> Grid {
        let columns = self.columns.iter();
        let cells = |item: &Value| {
            self.columns
                .iter()
                .map(|column| column.cell(item))
                .collect()
        };
        Grid {
            heads: columns
                .clone()
                .map(|column| column.head.to_owned())
                .collect(),
            numbers: columns.map(|column| column.form == Form::Number).collect(),
            rows: self.items.iter().map(cells).collect(),
        }
    }
}

impl Grid {
    /// Its lines: columns as wide as their widest cell, two spaces between them.
    fn lines(&self, bold: bool) -> Vec<String> {
        let rows = self
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| shown(cell)).collect());
        let rows: Vec<Vec<String>> = rows.collect();
        let mut widths: Vec<usize> = self.heads.iter().map(|head| width(head)).collect();
        for row in &rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (most, cell) in widths.iter_mut().zip(row) {
                *most = (*most).max(width(cell));
            }
        }
        let line = |cells: &[String]| {
            let mut line = String::new();
            for (index, (cell, most)) in cells.iter().zip(&widths).enumerate() {
                let gap = " ".repeat(most.saturating_sub(width(cell)));
                let number = self.numbers.get(index).copied().unwrap_or_default();
                let (before, behind) = if number {
                    (gap, String::new())
                } else {
                    (String::new(), gap)
                };
                line.push_str(&format!("{before}{cell}{behind}  "));
            }
            line.trim_end().to_owned()
        };
        let mut lines = Vec::with_capacity(rows.len() + 1);
        if !self.heads.is_empty() {
            let head = line(&self.heads);
            lines.push(if bold {
                format!("{BOLD}{head}{PLAIN}")
            } else {
                head
            });
        }
        lines.extend(rows.iter().map(|row| line(row)));
        lines
    }
}

/// Columns of a terminal that a text needs, near enough.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// A cell for people. What controls a terminal must not come from data.
fn shown(cell: &str) -> String {
    if cell.is_empty() {
        return NOTHING.to_owned();
    }
    cell.replace(char::is_control, " ")
}

/// A field of CSV, in quotes where RFC 4180 wants them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// What an answer is about, where it holds one thing.
fn unwrapped(answer: &Value) -> &Value {
    let fields = answer.as_object().into_iter().flatten();
    let mut told = fields.map(|(_, value)| value).filter(|value| tells(value));
    match (told.next(), told.next()) {
        (Some(thing @ Value::Object(_)), None) => thing,
        _ => answer,
    }
}

/// Whether people want to read a value: no and zero they do.
fn tells(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && !text.ends_with("_UNSPECIFIED"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The fields of a value, each with its path.
fn fields(path: String, value: &Value, rows: &mut Vec<Vec<String>>) {
    let below = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        value if !tells(value) => {}
        Value::Object(of) if amount(value).is_none() => {
            for (name, value) in of {
                fields(below(name), value, rows);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                fields(below(&index.to_string()), item, rows);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => rows.push(vec![path, text(value)]),
    }
}

/// A value in a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => String::new(),
        Value::Object(_) => amount(value).unwrap_or_else(|| value.to_string()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A number or an amount of money of the kernel, as one writes it.
fn amount(value: &Value) -> Option<String> {
    let fields = value.as_object()?;
    let number = |value: &Value| Some(value.get("value")?.as_str()?.to_owned());
    match (
        fields.len(),
        fields.get("amount"),
        fields.get("currencyCode"),
    ) {
        (1, None, None) => number(value),
        (2, Some(amount), Some(currency)) => {
            Some(format!("{} {}", number(amount)?, currency.as_str()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::text("key", "key"),
        Column::number("total", "totals.total"),
        Column::flag("open", "open"),
        Column::name("state", "state", "STATE_"),
    ];

    fn list(items: Vec<Value>, more: bool) -> List {
        List {
            name: "things",
            columns: &COLUMNS,
            items,
            more,
        }
    }

    fn things() -> List {
        let total = json!({ "total": { "value": "1049.5" } });
        let first =
            json!({ "key": "a,\"b\"", "totals": total, "open": true, "state": "STATE_PAID" });
        list(vec![first, json!({ "key": "c\u{1b}[2J" })], true)
    }

    fn said(
        output: Output,
        bold: bool,
        say: impl FnOnce(&mut Screen) -> anyhow::Result<()>,
    ) -> String {
        let mut out = Vec::new();
        say(&mut Screen::new(&mut out, output, bold)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_get_columns_and_nothing_that_controls_their_terminal() {
        let expected = "key     total  open  state\n\
                        a,\"b\"  1049.5  yes   paid\n\
                        c [2J       -  no    -\n\
                        There are more: --limit 0 shows all.\n";
        assert_eq!(
            said(Output::Text, false, |screen| screen.list(&things())),
            expected
        );
        let nothing = list(Vec::new(), false);
        assert_eq!(
            said(Output::Text, true, |screen| screen.list(&nothing)),
            "no things\n"
        );
    }

    #[test]
    fn only_a_terminal_has_bold_heads() {
        let shown = |bold| said(Output::Text, bold, |screen| screen.list(&things()));
        assert!(shown(true).starts_with("\x1b[1mkey"));
        assert_eq!(
            shown(true).replace(BOLD, "").replace(PLAIN, ""),
            shown(false)
        );
    }

    #[test]
    fn scripts_get_all_digits_in_json_and_csv() {
        let json = said(Output::Json, true, |screen| screen.list(&things()));
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["things"][0]["totals"]["total"]["value"], "1049.5");
        let csv = said(Output::Csv, true, |screen| screen.list(&things()));
        let expected = "key,total,open,state\n\"a,\"\"b\"\"\",1049.5,yes,paid\nc\u{1b}[2J,,no,\n";
        assert_eq!(csv, expected);
    }

    #[test]
    fn one_thing_is_its_fields() {
        let money = json!({ "amount": { "value": "5" }, "currencyCode": "GBP" });
        let answer = json!({ "thing": { "id": "1", "keys": ["a", "b"], "lines": [{ "n": 1 }], "price": money } });
        assert_eq!(
            said(Output::Text, false, |screen| screen.record(&answer)),
            "id         1\nkeys       a, b\nlines.0.n  1\nprice      5 GBP\n"
        );
        assert_eq!(
            said(Output::Json, false, |screen| screen.record(&answer)),
            format!("{answer}\n")
        );
        assert_eq!(
            said(Output::Text, false, |screen| screen.record(&json!({}))),
            "done\n"
        );
        let empty = json!({ "thing": { "access": false, "usage": 0, "config": "", "keys": [], "kind": "KIND_UNSPECIFIED" }, "token": "" });
        assert_eq!(
            said(Output::Text, false, |screen| screen.record(&empty)),
            "access  false\nusage   0\n"
        );
        let mut out = Vec::new();
        assert!(
            Screen::new(&mut out, Output::Csv, false)
                .record(&answer)
                .is_err()
        );
    }
}
