//! An exact decimal column: `numeric` on PostgreSQL, `text` on SQLite, where the driver's
//! own decimal type would pass through a float. Never sum or order it in SQL on SQLite.

use kernel::Decimal;
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

/// A decimal that keeps every digit on both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Exact(pub Decimal);

impl From<Decimal> for Exact {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl From<Exact> for Value {
    fn from(value: Exact) -> Self {
        Self::Decimal(Some(value.0))
    }
}

impl Nullable for Exact {
    fn null() -> Value {
        Value::Decimal(None)
    }
}

impl ValueType for Exact {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        if let Value::Decimal(Some(value)) = value {
            Ok(Self(value))
        } else {
            Err(ValueTypeErr)
        }
    }
    fn type_name() -> String {
        "Exact".to_owned()
    }
    fn array_type() -> ArrayType {
        ArrayType::Decimal
    }
    fn column_type() -> ColumnType {
        ColumnType::Decimal(None)
    }
}

impl TryGetable for Exact {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        if row.try_as_sqlite_row().is_some() {
            let text = String::try_get_by(row, index)?;
            Decimal::from_str_exact(&text).map(Self).map_err(|error| {
                TryGetError::DbErr(DbErr::Type(format!("decimal column: {error}")))
            })
        } else {
            Decimal::try_get_by(row, index).map(|value| Self(value.normalize()))
        }
    }
}

impl sea_orm::TryFromU64 for Exact {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Exact"))
    }
}

impl sea_orm::sea_query::postgres_array::NotU8 for Exact {}

impl sea_orm::IntoActiveValue<Self> for Exact {
    fn into_active_value(self) -> sea_orm::ActiveValue<Self> {
        sea_orm::Set(self)
    }
}
