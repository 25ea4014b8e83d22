//! One page of a list: by page number, or behind the last row of the page before.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

/// What a list is sorted by: a column of instants, or nothing but the id.
#[derive(Clone, Copy, Debug)]
pub struct Sort<C> {
    /// The instants; the id decides between equals.
    pub time: Option<C>,
    /// The id.
    pub id: C,
    /// Greatest first.
    pub descending: bool,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Most rows.
    pub limit: u64,
    /// Page number from 1; none to go by `after`.
    pub page: Option<u64>,
    /// Instant and id of the last row of the page before.
    pub after: Option<(i64, String)>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more follow.
    pub more: bool,
    /// How many match in all; only with a page number.
    pub total: u64,
}

/// Reads a part of `select`.
pub async fn read<E>(
    connection: &impl ConnectionTrait,
    select: Select<E>,
    sort: Sort<E::Column>,
    slice: &Slice,
) -> Result<Rows<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let total = match slice.page {
        Some(_) => select.clone().count(connection).await?,
        None => 0,
    };
    let mut select = select;
    if let Some((time, id)) = &slice.after {
        select = select.filter(behind(sort, *time, id));
    }
    let order = if sort.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    if let Some(time) = sort.time {
        select = select.order_by(time, order.clone());
    }
    select = select.order_by(sort.id, order);
    if let Some(page) = slice.page {
        let offset = page.saturating_sub(1).saturating_mul(slice.limit);
        select = select.offset(offset.min(i64::MAX.unsigned_abs()));
    }
    let mut rows = select.limit(slice.limit + 1).all(connection).await?;
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, more, total })
}

fn behind<C: ColumnTrait>(sort: Sort<C>, time: i64, id: &str) -> Condition {
    let past = |column: C, value: sea_orm::Value| {
        if sort.descending {
            column.lt(value)
        } else {
            column.gt(value)
        }
    };
    let Some(column) = sort.time else {
        return Condition::all().add(past(sort.id, id.into()));
    };
    Condition::any().add(past(column, time.into())).add(
        Condition::all()
            .add(column.eq(time))
            .add(past(sort.id, id.into())),
    )
}
