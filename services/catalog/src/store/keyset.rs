//! Pages of a list: by page number, or behind the last row of the page before.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Value,
};

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
    let mut select = select;
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
    let mut rows = select.limit(slice.limit + 1).all(db).await?;
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, more, total })
}

/// Rows behind the given sort values: greater in the first column in which they differ.
fn behind<C: ColumnTrait>(
    columns: &[SortColumn<C>],
    last: &[String],
    descending: bool,
) -> Condition {
    let mut any = Condition::any();
    for (index, (sort, value)) in columns.iter().zip(last).enumerate() {
        let mut all = Condition::all();
        for (equal, value) in columns.iter().zip(last).take(index) {
            all = all.add(equal.column.eq(equal.value(value)));
        }
        let value = sort.value(value);
        all = all.add(if descending {
            sort.column.lt(value)
        } else {
            sort.column.gt(value)
        });
        any = any.add(all);
    }
    any
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
