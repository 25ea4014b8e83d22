//! The JSONPath subset that meters use: `$`, `.name`, `['name']`, `["name"]` and `[0]`. A path of
//! this subset finds at most one node, so there is no list of matches.

use serde_json::Value;

/// Longest path that is accepted, in bytes.
const LENGTH_MAX: usize = 1_024;

/// A path that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

/// The text is no path of the subset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid JSONPath at character {position}: {what}")]
pub struct BadPath {
    /// Where it goes wrong, in characters from 1.
    pub position: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl JsonPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let mut reader = Reader { rest: text, text };
        if text.len() > LENGTH_MAX {
            return Err(reader.fail("longer than 1024 bytes"));
        }
        if !reader.eat('$') {
            return Err(reader.fail("must start with $"));
        }
        let mut steps = Vec::new();
        while !reader.rest.is_empty() {
            steps.push(reader.step()?);
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both paths lead to the same place, however they are written.
    pub fn leads_where(&self, other: &Self) -> bool {
        self.steps == other.steps
    }

    /// The node that the path leads to.
    pub fn find<'value>(&self, root: &'value Value) -> Option<&'value Value> {
        self.steps.iter().try_fold(root, |node, step| match step {
            Step::Member(name) => node.as_object()?.get(name),
            Step::Element(index) => node.as_array()?.get(*index),
        })
    }

    /// Puts the node that the path leads to at the same place of another document; elements of lists before it are null
    /// there unless they were put too.
    pub fn copy(&self, from: &Value, to: &mut Value) {
        let Some(found) = self.find(from) else { return };
        let mut place = to;
        for step in &self.steps {
            place = match step {
                Step::Member(name) => member(place, name),
                Step::Element(index) => element(place, *index),
            };
        }
        place.clone_from(found);
    }
}

/// A member of what becomes an object, if it is none yet.
fn member<'value>(place: &'value mut Value, name: &str) -> &'value mut Value {
    if !place.is_object() {
        *place = Value::Object(serde_json::Map::new());
    }
    &mut place[name]
}

/// An element of what becomes a list that is long enough, if it is none yet.
fn element(place: &mut Value, index: usize) -> &mut Value {
    let mut list = match place.take() {
        Value::Array(list) => list,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Vec::new()
        }
    };
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    *place = Value::Array(list);
    &mut place[index]
}

struct Reader<'text> {
    text: &'text str,
    rest: &'text str,
}

impl<'text> Reader<'text> {
    fn fail(&self, what: &'static str) -> BadPath {
        let read = self.text.len() - self.rest.len();
        BadPath {
            position: self.text[..read].chars().count() + 1,
            what,
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'text str {
        let end = self
            .rest
            .find(|next| !wanted(next))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn step(&mut self) -> Result<Step, BadPath> {
        if self.eat('.') {
            let name = self.take_while(|next| next.is_alphanumeric() || next == '_' || next == '-');
            if name.is_empty() {
                return Err(self.fail("expected a member name"));
            }
            return Ok(Step::Member(name.to_owned()));
        }
        if !self.eat('[') {
            return Err(self.fail("expected . or ["));
        }
        self.take_while(|next| next == ' ');
        let step = if self.eat('\'') {
            Step::Member(self.quoted('\'')?)
        } else if self.eat('"') {
            Step::Member(self.quoted('"')?)
        } else {
            let digits = self.take_while(|next| next.is_ascii_digit());
            let index = digits
                .parse()
                .map_err(|_| self.fail("expected a quoted name or an index"))?;
            Step::Element(index)
        };
        self.take_while(|next| next == ' ');
        if !self.eat(']') {
            return Err(self.fail("expected ]"));
        }
        Ok(step)
    }

    fn quoted(&mut self, quote: char) -> Result<String, BadPath> {
        let mut name = String::new();
        loop {
            let literal = self.take_while(|next| next != quote && next != '\\');
            name.push_str(literal);
            if self.eat(quote) {
                return Ok(name);
            }
            if !self.eat('\\') {
                return Err(self.fail("unterminated name"));
            }
            let mut rest = self.rest.chars();
            match rest.next() {
                Some(escaped @ ('\'' | '"' | '\\' | '/')) => name.push(escaped),
                Some(_) | None => return Err(self.fail("unknown escape")),
            }
            self.rest = rest.as_str();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(path: &str, expected: Option<Value>) {
        let data = json!({"a": {"b": [1, {"c": "x"}], "it's": true, "k\"": 2}, "duration_ms": 3, "größe": 4, "": 5});
        assert_eq!(
            JsonPath::parse(path).unwrap().find(&data),
            expected.as_ref(),
            "{path}"
        );
    }

    #[test]
    fn the_subset_finds_its_node() {
        check("$.duration_ms", Some(json!(3)));
        check("$['duration_ms']", Some(json!(3)));
        check("$[\"duration_ms\"]", Some(json!(3)));
        check("$.a.b[0]", Some(json!(1)));
        check("$.a['b'][ 1 ].c", Some(json!("x")));
        check("$.a['it\\'s']", Some(json!(true)));
        check("$.a['k\"']", Some(json!(2)));
        check("$.größe", Some(json!(4)));
        check("$['']", Some(json!(5)));
        check("$.missing", None);
        check("$.a.b.c", None);
        check("$.a.b[7]", None);
        check("$.duration_ms[0]", None);
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "",
            "a",
            "@.a",
            "$a",
            "$.",
            "$..a",
            "$.a.",
            "$[",
            "$[]",
            "$[-1]",
            "$[*]",
            "$.*",
            "$['a",
            "$['a'",
            "$['a\\q']",
            "$[?(@.a)]",
            "$.a b",
            "$[99999999999999999999999]",
        ] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
        assert_eq!(
            JsonPath::parse("$.a[x]").unwrap_err().to_string(),
            "invalid JSONPath at character 5: expected a quoted name or an index"
        );
    }

    #[test]
    fn spelling_does_not_matter_for_the_place() {
        let dotted = JsonPath::parse("$.a.b").unwrap();
        assert!(dotted.leads_where(&JsonPath::parse("$['a'][\"b\"]").unwrap()));
        assert!(!dotted.leads_where(&JsonPath::parse("$.a").unwrap()));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "\\$?[.\\[\\]'\"a-zé\\\\0-9 ]{0,20}") {
            if let Ok(path) = JsonPath::parse(&text) {
                prop_assert_eq!(path.as_str(), text);
            }
        }
    }
}
