//! The lists of the contract: `page` and `pageSize`, and beside them `offset` and `limit`
//! of the older operations.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::Problem;

const DEFAULT_SIZE: i32 = 100;
const MAX_SIZE: i32 = 1000;

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Number of the page, from 1.
    #[param(minimum = 1)]
    pub page: Option<i32>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 1000)]
    pub page_size: Option<i32>,
}

/// The older way to ask for a part of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct OffsetQuery {
    /// Items to skip.
    #[param(minimum = 0)]
    pub offset: Option<i32>,
    /// Items to return.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<i32>,
}

/// A page that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub page: i32,
    pub size: i32,
}

impl PageQuery {
    /// The page, with the defaults of the contract.
    pub(crate) fn window(self) -> Result<Window, Problem> {
        let window = Window {
            page: self.page.unwrap_or(1),
            size: self.page_size.unwrap_or(DEFAULT_SIZE),
        };
        if window.page < 1 {
            return Err(Problem::invalid("page: must be at least 1"));
        }
        if !(1..=MAX_SIZE).contains(&window.size) {
            return Err(Problem::invalid("pageSize: must be 1 to 1000"));
        }
        Ok(window)
    }

    /// Whether a paginated object is wanted, where the contract leaves that to the caller.
    pub(crate) fn is_given(self) -> bool {
        self.page.is_some() || self.page_size.is_some()
    }

    /// The page, where `offset` and `limit` may stand instead.
    pub(crate) fn or_offset(self, offset: OffsetQuery) -> Result<Span, Problem> {
        let limit = offset.limit.unwrap_or(DEFAULT_SIZE);
        if !(1..=MAX_SIZE).contains(&limit) {
            return Err(Problem::invalid("limit: must be 1 to 1000"));
        }
        let skip = offset.offset.unwrap_or(0);
        if skip < 0 {
            return Err(Problem::invalid("offset: must not be negative"));
        }
        if self.is_given() {
            return self.window().map(Span::page);
        }
        Ok(Span::offset(skip, limit))
    }
}

/// A part of a list, as the pages of a service that have to be read for it: an offset that
/// is no multiple of the limit lies across two pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The pages to read, in order; one or two.
    pub pages: Vec<Window>,
    /// Items to leave out at the start.
    pub skip: usize,
    /// Items to keep.
    pub take: usize,
    /// The page as it is reported.
    pub shown: Window,
}

impl Span {
    fn page(window: Window) -> Self {
        Self {
            pages: vec![window],
            skip: 0,
            take: usize::try_from(window.size).unwrap_or_default(),
            shown: window,
        }
    }

    fn offset(skip: i32, limit: i32) -> Self {
        let first = Window {
            page: (skip / limit).saturating_add(1),
            size: limit,
        };
        let rest = skip % limit;
        let second = (rest > 0).then_some(Window {
            page: first.page.saturating_add(1),
            size: limit,
        });
        Self {
            pages: std::iter::once(first).chain(second).collect(),
            skip: usize::try_from(rest).unwrap_or_default(),
            take: usize::try_from(limit).unwrap_or_default(),
            shown: first,
        }
    }

    /// The items of the span out of those of its pages.
    pub(crate) fn cut<T>(&self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip(self.skip).take(self.take).collect()
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    /// How many items the whole list has.
    pub total_count: i64,
    /// Number of this page.
    pub page: i32,
    /// Most items on a page.
    pub page_size: i32,
    /// The items of this page.
    pub items: Vec<T>,
}

impl<T> Page<T> {
    /// A page out of what a service answered.
    pub(crate) fn new(window: Window, total_size: i64, items: impl IntoIterator<Item = T>) -> Self {
        Self {
            total_count: total_size,
            page: window.page,
            page_size: window.size,
            items: items.into_iter().collect(),
        }
    }
}

/// An answer that is a bare array, or a page when one was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Listing<T> {
    /// All items.
    All(Vec<T>),
    /// One page.
    Page(Page<T>),
}

/// Direction of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SortOrder {
    /// Smallest first.
    #[default]
    Asc,
    /// Largest first.
    Desc,
}

impl SortOrder {
    /// Whether the largest comes first.
    pub(crate) fn descending(self) -> bool {
        self == Self::Desc
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn pages_have_defaults_and_limits() {
        let window = |page, page_size| PageQuery { page, page_size }.window();
        assert_eq!(window(None, None).unwrap(), Window { page: 1, size: 100 });
        assert_eq!(
            window(Some(3), None).unwrap(),
            Window { page: 3, size: 100 }
        );
        assert!(window(Some(0), None).is_err());
        assert!(window(None, Some(1001)).is_err());
        assert!(window(None, Some(0)).is_err());
    }

    #[test]
    fn an_offset_may_lie_across_two_pages() {
        let span = PageQuery::default()
            .or_offset(OffsetQuery {
                offset: Some(5),
                limit: Some(3),
            })
            .unwrap();
        assert_eq!(
            span.pages,
            [Window { page: 2, size: 3 }, Window { page: 3, size: 3 }]
        );
        assert_eq!(span.cut(vec![3, 4, 5, 6, 7, 8]), [5, 6, 7]);
    }

    #[test]
    fn the_largest_offset_is_a_page_far_behind_the_end() {
        let offset = OffsetQuery {
            offset: Some(i32::MAX),
            limit: Some(1),
        };
        let span = PageQuery::default().or_offset(offset).unwrap();
        assert_eq!(span.shown.page, i32::MAX);
    }
}
