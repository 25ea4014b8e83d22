//! Several statements that go to the database together. On PostgreSQL they are one statement, whose parts are common table
//! expressions; on SQLite one text. What a part writes, another does not see, and no two may write the same row.

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value, Values};

/// Writing statements on their way, in order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    parts: Vec<Part>,
}

/// A statement and what it answers: how many rows it wrote, or a column of the one row that it writes.
#[derive(Clone, Debug)]
struct Part {
    statement: Statement,
    number: Option<&'static str>,
}

impl Batch {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an INSERT, UPDATE or DELETE that returns no rows.
    pub fn push(&mut self, statement: Statement) {
        self.parts.push(Part {
            statement,
            number: None,
        });
    }

    /// Adds an INSERT or UPDATE that returns no rows and always writes exactly one. What that row then has in `column`, a
    /// whole number that is not negative, is answered in place of the count.
    pub fn push_number(&mut self, statement: Statement, column: &'static str) {
        self.parts.push(Part {
            statement,
            number: Some(column),
        });
    }

    /// Adds all that another one has, behind.
    pub fn append(&mut self, other: Self) {
        self.parts.extend(other.parts);
    }

    /// How many were added.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Sends all of them at once; answers of each one how many rows it wrote, or the number that it was asked for.
    pub async fn send(self, connection: &impl ConnectionTrait) -> Result<Vec<u64>, DbErr> {
        if self.parts.is_empty() {
            return Ok(Vec::new());
        }
        let backend = connection.get_database_backend();
        let statement = if backend == DatabaseBackend::Postgres {
            self.as_one(backend, None)
        } else {
            self.as_text(backend)
        };
        self.counts(connection, statement).await
    }

    /// Sends all of them at once, and `last` behind them, once the lock of a number is held; answers the same. SQLite has no
    /// locks: its one writer is the lock.
    pub(crate) async fn send_locked(
        mut self,
        connection: &impl ConnectionTrait,
        lock: i64,
        last: Rows,
    ) -> Result<Vec<u64>, DbErr> {
        let backend = connection.get_database_backend();
        let statement = if backend == DatabaseBackend::Postgres {
            self.as_one(backend, Some((lock, last)))
        } else {
            self.push(last.insert(backend));
            self.as_text(backend)
        };
        self.counts(connection, statement).await
    }

    async fn counts(
        &self,
        connection: &impl ConnectionTrait,
        statement: Statement,
    ) -> Result<Vec<u64>, DbErr> {
        let count = |row: &sea_orm::QueryResult, name: &str| {
            let count: i64 = row.try_get("", name)?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        let rows = connection.query_all_raw(statement).await?;
        if connection.get_database_backend() == DatabaseBackend::Postgres {
            let row = rows
                .first()
                .ok_or_else(|| DbErr::Custom("a batch answered nothing".to_owned()))?;
            (0..self.parts.len())
                .map(|index| count(row, &format!("n{index}")))
                .collect()
        } else {
            if rows.len() != self.parts.len() {
                return Err(DbErr::Custom("a part of a batch wrote no row".to_owned()));
            }
            rows.iter().map(|row| count(row, "n")).collect()
        }
    }

    /// One text: after each statement, the number of rows it wrote.
    fn as_text(&self, backend: DatabaseBackend) -> Statement {
        let mut values = Vec::new();
        let texts: Vec<String> = self
            .parts
            .iter()
            .map(|part| {
                let text = renumber(&part.statement, &mut values);
                match part.number {
                    Some(column) => format!("{text} RETURNING {column} AS n"),
                    None => format!("{text}; SELECT changes() AS n"),
                }
            })
            .collect();
        Statement::from_sql_and_values(backend, texts.join("; "), values)
    }

    /// One statement. The counts are taken in order, and only behind them the lock; so nobody waits for a row while holding
    /// the lock.
    fn as_one(&self, backend: DatabaseBackend, last: Option<(i64, Rows)>) -> Statement {
        let mut values = Vec::new();
        let mut expressions: Vec<String> = self
            .parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let text = renumber(&part.statement, &mut values);
                let told = part.number.unwrap_or("1");
                format!("s{index} AS ({text} RETURNING {told})")
            })
            .collect();
        let mut counts: Vec<String> = self
            .parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let told = part.number.unwrap_or("count(*)");
                format!("(SELECT {told} FROM s{index}) AS n{index}")
            })
            .collect();
        if counts.is_empty() {
            counts.push("1 AS n0".to_owned());
        }
        let names: Vec<String> = (0..counts.len()).map(|index| format!("n{index}")).collect();
        let names = names.join(", ");
        expressions.push(format!(
            "done AS MATERIALIZED (SELECT {})",
            counts.join(", ")
        ));
        let from = match last {
            None => "done",
            Some((lock, rows)) => {
                values.push(lock.into());
                expressions.push(format!(
                    "gate AS MATERIALIZED (SELECT {names}, pg_advisory_xact_lock(${}) FROM done)",
                    values.len()
                ));
                let tuples = rows.tuples(&mut values);
                expressions.push(format!(
                    "told AS (INSERT INTO {} ({}) SELECT given.* FROM gate, (VALUES {tuples}) AS given RETURNING 1)",
                    rows.table,
                    rows.columns.join(", "),
                ));
                "gate"
            }
        };
        Statement::from_sql_and_values(
            backend,
            format!("WITH {} SELECT {names} FROM {from}", expressions.join(", ")),
            values,
        )
    }
}

/// Rows for one table.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// The table.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// One list of values per row, as many as there are columns.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// One statement that writes all rows.
    pub fn insert(self, backend: DatabaseBackend) -> Statement {
        let mut values = Vec::new();
        let tuples = self.tuples(&mut values);
        let columns = self.columns.join(", ");
        let text = format!("INSERT INTO {} ({columns}) VALUES {tuples}", self.table);
        Statement::from_sql_and_values(backend, text, values)
    }

    fn tuples(&self, values: &mut Vec<Value>) -> String {
        let tuples: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let names: Vec<String> = row
                    .iter()
                    .map(|value| {
                        values.push(value.clone());
                        format!("${}", values.len())
                    })
                    .collect();
                format!("({})", names.join(", "))
            })
            .collect();
        tuples.join(", ")
    }
}

/// The text of a statement with its parameters (`?` in order, or `$1` by number) renamed to where its values come to lie.
fn renumber(statement: &Statement, values: &mut Vec<Value>) -> String {
    let offset = values.len();
    let Values(own) = statement.values.clone().unwrap_or(Values(Vec::new()));
    values.extend(own);
    let mut text = String::with_capacity(statement.sql.len() + 16);
    let mut quote = None;
    let mut next = offset;
    let mut letters = statement.sql.chars().peekable();
    while let Some(letter) = letters.next() {
        if let Some(open) = quote {
            if letter == open {
                quote = None;
            }
        } else if letter == '\'' || letter == '"' {
            quote = Some(letter);
        } else if letter == '?' {
            next += 1;
            text.push_str(&format!("${next}"));
            continue;
        } else if letter == '$' {
            let mut number = 0;
            while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                number = number * 10 + usize::try_from(digit).unwrap_or_default();
                letters.next();
            }
            text.push_str(&format!("${}", offset + number));
            continue;
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn statement(text: &str, values: impl IntoIterator<Item = i64>) -> Statement {
        let values: Vec<Value> = values.into_iter().map(Value::from).collect();
        Statement::from_sql_and_values(DatabaseBackend::Sqlite, text, values)
    }

    #[test]
    fn parameters_are_renamed_but_not_inside_of_quotes() {
        let mut values = Vec::new();
        let one = statement("INSERT INTO a VALUES ($2, $1, '$1?''$2', \"?\")", [1, 2]);
        let two = statement("UPDATE b SET c = ? WHERE d = ?", [3, 4]);
        let text = renumber(&one, &mut values);
        assert_eq!(text, "INSERT INTO a VALUES ($2, $1, '$1?''$2', \"?\")");
        assert_eq!(
            renumber(&two, &mut values),
            "UPDATE b SET c = $3 WHERE d = $4"
        );
        assert_eq!(values, [1_i64, 2, 3, 4].map(Value::from));
    }

    #[tokio::test]
    async fn a_batch_writes_all_parts_and_counts_the_rows_of_each() {
        let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE t (id bigint PRIMARY KEY, n bigint)";
        connection.execute_unprepared(table).await.unwrap();
        let mut batch = Batch::new();
        batch.push(statement(
            "INSERT INTO t VALUES ($1, $2), ($3, $2)",
            [1, 7, 2],
        ));
        batch.push(statement("UPDATE t SET n = ? WHERE id = ?", [8, 9]));
        batch.push(statement("DELETE FROM t WHERE n = $1", [5]));
        assert_eq!(batch.send(&connection).await.unwrap(), [2, 0, 0]);
        assert_eq!(
            Batch::new().send(&connection).await.unwrap(),
            Vec::<u64>::new()
        );
    }

    #[tokio::test]
    async fn a_batch_tells_a_number_of_the_row_that_a_part_writes() {
        let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE t (id bigint PRIMARY KEY, n bigint)";
        connection.execute_unprepared(table).await.unwrap();
        let count = || {
            statement(
                "INSERT INTO t VALUES ($1, 5) ON CONFLICT (id) DO UPDATE SET n = t.n + 1",
                [1],
            )
        };
        let mut batch = Batch::new();
        batch.push_number(count(), "n");
        batch.push(statement("INSERT INTO t VALUES ($1, $1), ($2, $2)", [2, 3]));
        batch.push_number(count(), "n");
        let one = batch.as_one(DatabaseBackend::Postgres, None);
        let end = "SELECT (SELECT n FROM s0) AS n0, (SELECT count(*) FROM s1) AS n1, (SELECT n FROM s2) AS n2";
        assert!(one.sql.contains(end), "{}", one.sql);
        assert_eq!(batch.send(&connection).await.unwrap(), [5, 2, 6]);
        let mut none = Batch::new();
        none.push_number(statement("UPDATE t SET n = 1 WHERE id = $1", [9]), "n");
        assert!(none.send(&connection).await.is_err());
    }

    #[test]
    fn on_postgresql_the_lock_comes_behind_all_parts_and_before_the_last_rows() {
        let mut batch = Batch::new();
        batch.push(statement("DELETE FROM t WHERE n = $1", [5]));
        let last = Rows {
            table: "outbox",
            columns: &["a", "b"],
            rows: vec![vec![1_i64.into(), 2_i64.into()]],
        };
        let one = batch.as_one(DatabaseBackend::Postgres, Some((77, last)));
        assert_eq!(
            one.sql,
            "WITH s0 AS (DELETE FROM t WHERE n = $1 RETURNING 1), \
             done AS MATERIALIZED (SELECT (SELECT count(*) FROM s0) AS n0), \
             gate AS MATERIALIZED (SELECT n0, pg_advisory_xact_lock($2) FROM done), \
             told AS (INSERT INTO outbox (a, b) SELECT given.* FROM gate, (VALUES ($3, $4)) AS given RETURNING 1) \
             SELECT n0 FROM gate"
        );
        assert_eq!(
            one.values,
            Some(Values([5_i64, 77, 1, 2].map(Value::from).to_vec()))
        );
    }
}
