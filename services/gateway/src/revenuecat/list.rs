//! Lists (behaviour text §5): `limit` and `starting_after` in, items with the address of the next page
//! out; the values of `expand`, and the environment of transactions.

use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::error::Refusal;
use crate::Shared;

const DEFAULT_LIMIT: i32 = 20;
const MAX_LIMIT: i32 = 1000;
/// Items of a list that is part of something else.
pub(crate) const EMBEDDED: i32 = DEFAULT_LIMIT;

/// The word `list`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListObject {
    List,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    object: ListObject,
    items: Vec<T>,
    /// Address of the following page; null on the last page.
    #[schema(required)]
    next_page: Option<String>,
    /// Address of the list, without query.
    #[schema(max_length = 5000)]
    url: String,
}

impl<T> List<T> {
    /// A page of the list at an address, and whether more follow it.
    pub(crate) fn new(
        items: Vec<T>,
        url: String,
        kept: &str,
        more: bool,
        id: impl Fn(&T) -> &str,
    ) -> Self {
        let next_page = items.last().filter(|_| more).map(|last| {
            let mut next = url.clone();
            next.push('?');
            if !kept.is_empty() {
                next.push_str(kept);
                next.push('&');
            }
            next.push_str("starting_after=");
            next.push_str(&encode(id(last)));
            next
        });
        Self {
            object: ListObject::List,
            items,
            next_page,
            url,
        }
    }
}

/// How a list is walked.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct PageParams {
    /// ID of the last item of the previous page.
    pub starting_after: Option<String>,
    /// Page size. Values outside 1..1000 are rejected.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    pub limit: Option<i32>,
}

/// A page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub limit: i32,
    /// Empty: from the start.
    pub after: String,
}

impl Paging {
    /// The page that is part of something else.
    pub(crate) fn first() -> Self {
        Self {
            limit: EMBEDDED,
            after: String::new(),
        }
    }
}

/// The query of a request: names and values decoded, and as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String, String)>,
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .filter_map(|raw| {
                let (name, value) = url::form_urlencoded::parse(raw.as_bytes()).next()?;
                Some((name.into_owned(), value.into_owned(), raw.to_owned()))
            })
            .collect();
        Self { pairs }
    }

    fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self
            .pairs
            .iter()
            .filter(|(found, ..)| found == name)
            .map(|(_, value, _)| value.as_str());
        let first = values.next();
        match values.next() {
            Some(_) => Err(Refusal::parameter(name, "may be given only once")),
            None => Ok(first),
        }
    }

    /// A parameter of free text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.one(name)
    }

    /// The page asked for.
    pub(crate) fn paging(&self) -> Result<Paging, Refusal> {
        let limit = match self.one("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse::<i32>()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Refusal::parameter("limit", "must be an integer from 1 to 1000"))?,
        };
        let after = match self.one("starting_after")? {
            Some(text) if text.is_empty() || text.contains('\0') => return Err(unknown_cursor()),
            Some(text) => text.to_owned(),
            None => String::new(),
        };
        Ok(Paging { limit, after })
    }

    /// The values of `expand`, repeated or joined by commas.
    pub(crate) fn expand(&self) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(|(name, ..)| name == "expand")
            .flat_map(|(_, value, _)| value.split(','))
            .map(str::trim)
    }

    /// Whether a value or a deeper one is expanded; a value outside `known` is refused.
    pub(crate) fn expands(&self, known: &[&str], wanted: &str) -> Result<bool, Refusal> {
        let mut found = false;
        for value in self.expand() {
            if !known.contains(&value) {
                return Err(Refusal::parameter(
                    "expand",
                    format!("must be one of {}, not \"{value}\"", known.join(", ")),
                ));
            }
            found |= value == wanted
                || value
                    .strip_prefix(wanted)
                    .is_some_and(|rest| rest.starts_with('.'));
        }
        Ok(found)
    }

    /// What of the query goes on to the next page, as it was written, in alphabetical order.
    pub(crate) fn kept(&self) -> String {
        self.kept_of(&["environment", "expand", "limit"])
    }

    /// What of these parameters was given, as it was written.
    pub(crate) fn kept_of(&self, names: &[&str]) -> String {
        let mut kept = String::new();
        for wanted in names {
            for (_, _, raw) in self.pairs.iter().filter(|(name, ..)| name == wanted) {
                let separator = if kept.is_empty() { "" } else { "&" };
                // Writing to text cannot fail.
                let _ = write!(kept, "{separator}{raw}");
            }
        }
        kept
    }
}

impl FromRequestParts<Shared> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// `starting_after` names nothing in the list.
pub(crate) fn unknown_cursor() -> Refusal {
    Refusal::parameter("starting_after", "names nothing in the list")
}

/// A page out of a list that is known whole.
pub(crate) fn cut<T>(
    mut items: Vec<T>,
    paging: &Paging,
    id: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, bool), Refusal> {
    if !paging.after.is_empty() {
        let place = items
            .iter()
            .position(|item| id(item) == paging.after)
            .ok_or_else(unknown_cursor)?;
        items.drain(..=place);
    }
    let limit = usize::try_from(paging.limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    Ok((items, more))
}

/// A path segment or query value, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to text cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn page(query: &str) -> Option<(i32, String)> {
        let paging = Parameters::parse(query).paging().ok()?;
        Some((paging.limit, paging.after))
    }

    #[test]
    fn limits_and_cursors() {
        assert_eq!(page(""), Some((20, String::new())));
        assert_eq!(page("limit=1"), Some((1, String::new())));
        assert_eq!(
            page("limit=1000&starting_after=a%2Fb&x=y"),
            Some((1000, "a/b".to_owned()))
        );
        for query in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=",
            "limit=ten",
            "limit=1.5",
            "limit=1&limit=2",
            "starting_after=",
            "starting_after=a&starting_after=b",
        ] {
            assert_eq!(page(query), None, "{query}");
        }
    }

    #[test]
    fn expansions_repeat_or_join() {
        let known = ["package", "package.product"];
        let expands = |query: &str, value: &str| {
            Parameters::parse(query)
                .expands(&known, value)
                .map_err(|refusal| refusal.param.unwrap())
        };
        assert_eq!(expands("", "package"), Ok(false));
        assert_eq!(expands("expand=package", "package"), Ok(true));
        assert_eq!(expands("expand=package", "package.product"), Ok(false));
        assert_eq!(expands("expand=package.product", "package"), Ok(true));
        assert_eq!(
            expands("expand=package,package.product", "package.product"),
            Ok(true)
        );
        assert_eq!(
            expands("expand=package&expand=package.product", "package.product"),
            Ok(true)
        );
        assert_eq!(expands("expand=app", "package"), Err("expand".to_owned()));
    }

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let next = |query: &str| {
            let kept = Parameters::parse(query).kept();
            let list = List::new(vec!["a", "a b"], "/v2/x".to_owned(), &kept, true, |id| id);
            list.next_page.unwrap()
        };
        assert_eq!(next(""), "/v2/x?starting_after=a%20b");
        assert_eq!(
            next("limit=5&starting_after=z&expand=items.product&environment=sandbox&other=1"),
            "/v2/x?environment=sandbox&expand=items.product&limit=5&starting_after=a%20b"
        );
        assert_eq!(
            next("expand=b%2Cc&expand=a"),
            "/v2/x?expand=b%2Cc&expand=a&starting_after=a%20b"
        );
    }

    #[test]
    fn known_lists_are_cut_behind_the_cursor() {
        let items = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let cut = |after: &str, limit| {
            let paging = Paging {
                limit,
                after: after.to_owned(),
            };
            cut(items.clone(), &paging, |item| item.as_str()).ok()
        };
        assert_eq!(
            cut("", 2),
            Some((vec!["a".to_owned(), "b".to_owned()], true))
        );
        assert_eq!(cut("b", 2), Some((vec!["c".to_owned()], false)));
        assert_eq!(cut("c", 2), Some((vec![], false)));
        assert_eq!(cut("d", 2), None);
    }
}
