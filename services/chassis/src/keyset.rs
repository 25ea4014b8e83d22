//! Pages of a list: by page number, or behind the last row of the page before.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Value, sea_query::Expr,
};
use tonic::Status;

use crate::error::invalid;

/// Most rows of a page that was asked for by number.
const NUMBERED_PAGE_SIZE_MAX: u64 = 1000;

/// One column that a list is sorted by.
#[derive(Clone, Copy, Debug)]
pub struct SortColumn<C> {
    /// The column.
    pub column: C,
    /// Whether it holds a number; its place in a page token is text.
    pub numeric: bool,
}

/// What part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Most rows.
    pub limit: u64,
    /// Page number from 1, or none to go by `after`.
    pub page: Option<u64>,
    /// Sort values of the last row of the page before.
    pub after: Option<Vec<String>>,
    /// Greatest first.
    pub descending: bool,
}

/// Rows of one page.
#[derive(Clone, Debug)]
pub struct Rows<M> {
    /// The rows.
    pub rows: Vec<M>,
    /// Whether there are more behind them.
    pub more: bool,
    /// How many match in all; only when a page number was given.
    pub total: u64,
}

/// Reads one page of `select`, sorted by `columns`, which must be unique together.
pub async fn read<E>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    columns: &[SortColumn<E::Column>],
    slice: &Slice,
) -> Result<Rows<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: Send + Sync + Sized,
{
    let total = match slice.page {
        Some(_) => select.clone().count(db).await?,
        None => 0,
    };
    let mut rows = page_of(select, columns, slice).all(db).await?;
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, more, total })
}

/// The question for one page of `select`, and for one row more, which tells whether there are more.
pub fn page_of<E: EntityTrait>(
    mut select: Select<E>,
    columns: &[SortColumn<E::Column>],
    slice: &Slice,
) -> Select<E> {
    if let Some(after) = &slice.after {
        select = select.filter(behind(columns, after, slice.descending));
    }
    let order = if slice.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    for sort in columns {
        select = select.order_by(sort.column, order.clone());
    }
    if let Some(page) = slice.page {
        select = select.offset(
            page.saturating_sub(1)
                .saturating_mul(slice.limit)
                .min(i64::MAX as u64),
        );
    }
    select.limit(slice.limit + 1)
}

/// Rows behind the given sort values: greater in the first column in which they differ. One
/// comparison of rows and not of columns one by one, which no database answers by starting
/// in the middle of an index.
pub fn behind<C: ColumnTrait>(
    columns: &[SortColumn<C>],
    last: &[String],
    descending: bool,
) -> Condition {
    use sea_orm::sea_query::ExprTrait as _;
    let pairs = || columns.iter().zip(last);
    let row = Expr::tuple(pairs().map(|(sort, _)| Expr::col(sort.column.as_column_ref())));
    let values = Expr::tuple(pairs().map(|(sort, value)| Expr::value(sort.value(value))));
    Condition::all().add(if descending {
        row.lt(values)
    } else {
        row.gt(values)
    })
}

impl<C> SortColumn<C> {
    fn value(&self, text: &str) -> Value {
        if self.numeric {
            // Tokens are signed, so the text is a number that we wrote.
            text.parse::<i64>().unwrap_or_default().into()
        } else {
            text.into()
        }
    }
}

/// A page that a list was asked for.
pub struct Page {
    /// The part of the list.
    pub slice: Slice,
    request: crate::page::PageRequest,
}

impl Page {
    /// Reads page size, token and number. `query` is whatever else shapes the list.
    pub fn from_proto(
        (size, token, number): (i32, &str, i32),
        descending: bool,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, Status> {
        let request = crate::page::PageRequest::parse(size, token, key, query)?;
        let page = u64::try_from(number).map_err(|_| invalid("page", "must not be negative"))?;
        let page = (page > 0).then_some(page);
        if page.is_some() && request.after.is_some() {
            return Err(invalid("page", "must not be given with page_token"));
        }
        let limit = match (page, u64::try_from(size)) {
            (Some(_), Ok(size)) if size > 0 => size.min(NUMBERED_PAGE_SIZE_MAX),
            (Some(_) | None, _) => request.limit,
        };
        Ok(Self {
            slice: Slice {
                limit,
                page,
                after: request.after.clone(),
                descending,
            },
            request,
        })
    }

    /// The token of the page behind a row with these sort values; empty when there is none.
    pub fn next_token(&self, more: bool, last: Option<Vec<String>>) -> String {
        match last {
            Some(values) if more => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                self.request.token(&values)
            }
            Some(_) | None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn numbered_pages_may_be_longer_and_take_no_token() {
        let read = |size, number| Page::from_proto((size, "", number), false, [1; 32], &[]);
        assert_eq!(read(1000, 1).unwrap().slice.limit, 1000);
        assert_eq!(read(1000, 0).unwrap().slice.limit, 250);
        assert_eq!(read(0, 2).unwrap().slice.limit, 50);
        assert!(read(10, -1).is_err());
    }
}
