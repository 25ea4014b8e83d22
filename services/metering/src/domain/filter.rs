//! Conditions on texts and instants, as users write them in event lists and group-by filters.

/// Deepest nesting of `all_of` and `any_of`.
pub const DEPTH_MAX: usize = 10;

/// A condition on one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TextFilter {
    /// Every text.
    #[default]
    Any,
    /// This text.
    Equals(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// A text that matches an SQL pattern.
    Like(Pattern),
    /// A text with this one in it.
    Contains(String),
    /// Greater in byte order.
    Greater(String),
    /// Less in byte order.
    Less(String),
    /// The opposite.
    Not(Box<TextFilter>),
    /// All of these; true for none.
    All(Vec<TextFilter>),
    /// Some of these; true for none.
    Some(Vec<TextFilter>),
}

impl TextFilter {
    /// Whether a text satisfies the condition.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Equals(wanted) => text == wanted,
            Self::OneOf(wanted) => wanted.iter().any(|wanted| wanted == text),
            Self::Like(pattern) => pattern.matches(text),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Greater(bound) => text > bound.as_str(),
            Self::Less(bound) => text < bound.as_str(),
            Self::Not(filter) => !filter.matches(text),
            Self::All(filters) => filters.iter().all(|filter| filter.matches(text)),
            Self::Some(filters) => {
                filters.is_empty() || filters.iter().any(|filter| filter.matches(text))
            }
        }
    }

    /// The opposite condition.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// An SQL pattern: `%` any text, `_` any character, a backslash before a literal one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    ignore_case: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text,
    Character,
    Literal(char),
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(pattern: &str, ignore_case: bool) -> Self {
        let mut parts = Vec::new();
        let mut characters = pattern.chars();
        while let Some(next) = characters.next() {
            match next {
                // Runs of % are one, so that matching cannot explode.
                '%' if parts.last() == Some(&Part::Text) => {}
                '%' => parts.push(Part::Text),
                '_' => parts.push(Part::Character),
                '\\' => parts.push(Part::Literal(characters.next().unwrap_or('\\'))),
                literal => parts.push(Part::Literal(literal)),
            }
        }
        Self { parts, ignore_case }
    }

    /// Matches greedily with one point of return, so in time of at most pattern × text.
    fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut position) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while position < text.len() {
            match self.parts.get(part) {
                Some(Part::Text) => {
                    retry = Some((part, position));
                    part += 1;
                    continue;
                }
                Some(Part::Character) => {
                    part += 1;
                    position += 1;
                    continue;
                }
                Some(Part::Literal(wanted)) if self.same(*wanted, text[position]) => {
                    part += 1;
                    position += 1;
                    continue;
                }
                Some(Part::Literal(_)) | None => {}
            }
            let Some((star, start)) = retry else {
                return false;
            };
            retry = Some((star, start + 1));
            part = star + 1;
            position = start + 1;
        }
        self.parts[part..].iter().all(|part| *part == Part::Text)
    }

    fn same(&self, wanted: char, found: char) -> bool {
        wanted == found || (self.ignore_case && wanted.to_lowercase().eq(found.to_lowercase()))
    }
}

/// A condition on one instant, in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeFilter {
    /// Every instant.
    #[default]
    Any,
    /// At or after this.
    From(i64),
    /// Before this.
    Before(i64),
    /// All of these; true for none.
    All(Vec<TimeFilter>),
    /// Some of these; true for none.
    Some(Vec<TimeFilter>),
}

impl TimeFilter {
    /// Whether the condition is one at all.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// The earliest instant that can fulfil the condition, when there is one.
    pub fn start(&self) -> Option<i64> {
        match self {
            Self::Any | Self::Before(_) => None,
            Self::From(start) => Some(*start),
            Self::All(filters) => filters.iter().filter_map(Self::start).max(),
            Self::Some(filters) => filters
                .iter()
                .map(Self::start)
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        TextFilter::Like(Pattern::new(pattern, false)).matches(text)
    }

    #[test]
    fn a_condition_starts_where_its_first_instant_is() {
        let (all, some) = (TimeFilter::All, TimeFilter::Some);
        let (five, nine) = (TimeFilter::From(5), TimeFilter::From(9));
        for (filter, start) in [
            (TimeFilter::Any, None),
            (TimeFilter::Before(3), None),
            (five.clone(), Some(5)),
            (all(vec![five.clone(), nine.clone()]), Some(9)),
            (all(vec![five.clone(), TimeFilter::Before(7)]), Some(5)),
            (some(vec![five.clone(), nine]), Some(5)),
            (some(vec![five, TimeFilter::Before(7)]), None),
            (some(vec![]), None),
        ] {
            assert_eq!(filter.start(), start, "{filter:?}");
        }
    }

    #[test]
    fn patterns_match_as_in_sql() {
        for (pattern, text, expected) in [
            ("gpt-%", "gpt-4", true),
            ("gpt-%", "GPT-4", false),
            ("gpt-_", "gpt-4o", false),
            ("%4%", "gpt-4o", true),
            ("%", "", true),
            ("", "", true),
            ("", "a", false),
            ("_", "ü", true),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("%%a%%b", "xxaxxb", true),
            ("a%b%c", "abbbc", true),
            ("a%b%c", "abbbd", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
        assert!(Pattern::new("ÄGY%", true).matches("ägypten"));
    }

    #[test]
    fn lists_of_conditions() {
        let equals = |text: &str| TextFilter::Equals(text.to_owned());
        assert!(TextFilter::Some(vec![equals("a"), equals("b")]).matches("b"));
        assert!(!TextFilter::All(vec![equals("a"), equals("b")]).matches("b"));
        assert!(
            TextFilter::All(Vec::new()).matches("x") && TextFilter::Some(Vec::new()).matches("x")
        );
        assert!(!TextFilter::OneOf(Vec::new()).matches("x"));
        assert!(TextFilter::OneOf(Vec::new()).negated().matches("x"));
        assert!(
            TextFilter::Greater("a".into()).matches("b")
                && !TextFilter::Greater("a".into()).matches("a")
        );
        assert!(TextFilter::Less("b".into()).matches("B"));
    }

    /// The textbook definition of LIKE, exponential but plainly right.
    fn oracle(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skip| oracle(rest, &text[skip..])),
            Some(('_', rest)) => !text.is_empty() && oracle(rest, &text[1..]),
            Some((literal, rest)) => text.first() == Some(literal) && oracle(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn like_agrees_with_its_definition(pattern in "[ab%_]{0,7}", text in "[ab]{0,8}") {
            let characters = |text: &str| text.chars().collect::<Vec<char>>();
            prop_assert_eq!(like(&pattern, &text), oracle(&characters(&pattern), &characters(&text)));
        }

        #[test]
        fn literal_text_matches_itself_when_escaped(text in ".{0,20}") {
            let escaped: String = text.chars().flat_map(|next| ['\\', next]).collect();
            prop_assert!(like(&escaped, &text));
        }
    }
}
