//! A service's database: connect, migrate, read, and the one way to write. SQLite has one
//! writer connection and several readers in WAL mode; PostgreSQL has a pool and a schema
//! per service.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use kernel::Timestamp;
pub use sea_orm::DbErr;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, RuntimeErr, SqlErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, sqlx,
};
use sea_orm_migration::{MigrationTrait, SchemaManager, prelude::*};
use tokio::sync::watch;

use crate::{Code, Context, Versions, Write, secret::MasterKey, store, versions::Looks};

/// Longest time of one statement on PostgreSQL; migrations may take longer.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
/// A connection to PostgreSQL that was idle for longer is asked whether it still is one before it is used: one that is in
/// constant use need not be, and of those that were cut hardly any is taken for a good one.
const PING_AFTER: Duration = Duration::from_millis(50);
/// Longest time in which a database that can be reached answers.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// A service's database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    service: &'static str,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// One connection that only `is_reachable` uses; none for a file.
    probe: Option<DatabaseConnection>,
    master: MasterKey,
    committed: watch::Sender<u64>,
    versions: OnceLock<Versions>,
}

impl Db {
    /// Opens the SQLite file `<folder>/<service>.db`, or the service's schema in
    /// PostgreSQL, and applies the migrations that are missing.
    pub async fn open(
        service: &'static str,
        url: &str,
        connections: u32,
        master: &MasterKey,
        migrations: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<Self, DbErr> {
        let alone = url.starts_with("sqlite:");
        let (writer, reader, probe) = if alone {
            (
                counted(service, sqlite(url, 1).await?),
                counted(service, sqlite(url, 4).await?),
                None,
            )
        } else {
            let pool = counted(service, postgres(service, url, connections).await?);
            (pool.clone(), pool, Some(probe(url).await?))
        };
        let db = Self {
            inner: Arc::new(Inner {
                service,
                writer,
                reader,
                probe,
                master: master.clone(),
                committed: watch::Sender::new(0),
                versions: alone
                    .then(Versions::default)
                    .map_or_else(OnceLock::new, OnceLock::from),
            }),
        };
        db.migrate(migrations).await?;
        db.check_master_key(master).await?;
        Ok(db)
    }

    /// The URL of a service's SQLite file in a data folder.
    pub fn sqlite_url(folder: &Path, service: &str) -> String {
        format!("sqlite://{}/{service}.db?mode=rwc", folder.display())
    }

    /// Connections for reads outside a transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// Connections for the chassis' own single statements. Services write through `write`.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.inner.writer
    }

    /// Name of the service whose database this is.
    pub fn service(&self) -> &'static str {
        self.inner.service
    }

    /// Which database this is.
    pub fn backend(&self) -> DatabaseBackend {
        self.inner.reader.get_database_backend()
    }

    /// The versions of what is in here. On PostgreSQL they are there for those services whose data others remember.
    pub fn versions(&self) -> Option<&Versions> {
        self.touched().filter(|versions| versions.are_complete())
    }

    /// The versions that commits touch.
    pub(crate) fn touched(&self) -> Option<&Versions> {
        self.inner.versions.get()
    }

    /// Makes versions also where other replicas write: from now on commits leave what they touch. They are for nobody to
    /// read while replicas may be at work that leave nothing.
    pub(crate) async fn share_versions(&self, looks: &Arc<Looks>) -> Result<(), DbErr> {
        if self.touched().is_some() {
            return Ok(());
        }
        let statement = "SELECT value FROM meta WHERE name = 'versions_from'";
        let statement = Statement::from_string(self.backend(), statement);
        let from = match self.reader().query_one_raw(statement).await? {
            Some(row) => row.try_get::<String>("", "value")?.parse().ok(),
            None => Some(0_i64),
        };
        let now = crate::clock::system_now().as_microsecond();
        let complete = from.is_some_and(|from| from <= now);
        let versions = Versions::shared(looks, self.service(), self.reader(), complete).await;
        self.inner.versions.get_or_init(|| versions);
        Ok(())
    }

    /// Removes what commits touched and everybody has seen.
    pub async fn tidy_versions(&self) -> Result<(), DbErr> {
        match self.touched() {
            Some(versions) => versions.tidy().await,
            None => Ok(()),
        }
    }

    /// Opens a transaction that may write. On SQLite it takes the write lock at once: a
    /// transaction that reads first and writes later could fail half-way.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.inner
            .writer
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await
    }

    /// A write transaction for workers and consumers, who call `Write::commit` themselves.
    pub async fn system_write(&self, context: &Context) -> Result<Write, DbErr> {
        Ok(Write::new(
            self.clone(),
            self.begin().await?,
            context.clone(),
        ))
    }

    /// The key that seals what must not lie in the database in clear.
    pub(crate) fn master(&self) -> &MasterKey {
        &self.inner.master
    }

    /// Tells waiting readers of the feed that something was committed.
    pub(crate) fn announce_commit(&self) {
        self.inner.committed.send_modify(|count| *count += 1);
    }

    /// Changes whenever this process commits something that its feed tells of.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.committed.subscribe()
    }

    /// Whether the database answers. It is asked on a connection that nothing else uses, so that a pool whose connections are
    /// all at work is not taken for a database that is gone. A file can always be reached.
    pub async fn is_reachable(&self) -> bool {
        let Some(probe) = &self.inner.probe else {
            return true;
        };
        matches!(
            tokio::time::timeout(PROBE_LIMIT, probe.ping()).await,
            Ok(Ok(()))
        )
    }

    /// What the connections for reads (on PostgreSQL: for all work) are doing.
    pub(crate) fn pool(&self) -> Pool {
        fn of<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> Pool {
            let idle: u32 = pool.num_idle().try_into().unwrap_or(u32::MAX);
            Pool {
                busy: pool.size().saturating_sub(idle),
                idle,
                most: pool.options().get_max_connections(),
            }
        }
        if self.inner.probe.is_some() {
            of(self.reader().get_postgres_connection_pool())
        } else {
            of(self.reader().get_sqlite_connection_pool())
        }
    }

    /// Closes the connections; on SQLite this folds the write-ahead log into the file.
    pub async fn close(&self) -> Result<(), DbErr> {
        if let Some(probe) = &self.inner.probe {
            probe.clone().close().await?;
        }
        self.inner.reader.clone().close().await?;
        self.inner.writer.clone().close().await
    }

    async fn migrate(&self, migrations: Vec<Box<dyn MigrationTrait>>) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        // Replicas that start together wait here for each other.
        if self.backend() == DatabaseBackend::Postgres {
            tx.execute_unprepared("SET LOCAL statement_timeout = 0")
                .await?;
        }
        lock(&tx, &format!("{}.migrate", self.inner.service)).await?;
        let table = format!("{}_migration", self.inner.service);
        tx.execute_unprepared(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (name text PRIMARY KEY, apply_time bigint NOT NULL)"
        ))
        .await?;
        let done: Vec<String> = tx
            .query_all_raw(Statement::from_string(
                self.backend(),
                format!("SELECT name FROM {table}"),
            ))
            .await?
            .iter()
            .map(|row| row.try_get("", "name"))
            .collect::<Result<_, _>>()?;
        for migration in store::migrations().into_iter().chain(migrations) {
            if done.iter().any(|name| name == migration.name()) {
                continue;
            }
            migration.up(&SchemaManager::new(&tx)).await?;
            tx.execute_raw(Statement::from_sql_and_values(
                self.backend(),
                format!("INSERT INTO {table} (name, apply_time) VALUES ($1, $2)"),
                [
                    migration.name().into(),
                    crate::clock::system_now().as_microsecond().into(),
                ],
            ))
            .await?;
        }
        tx.commit().await
    }

    /// Refuses a master key that is not the one this database was made with: its keyed
    /// hashes and sealed secrets would all be wrong.
    async fn check_master_key(&self, master: &MasterKey) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        let found = tx
            .query_one_raw(Statement::from_string(
                self.backend(),
                "SELECT value FROM meta WHERE name = 'master_key_fingerprint'",
            ))
            .await?;
        if let Some(row) = found {
            let stored: String = row.try_get("", "value")?;
            if !master.fingerprints().contains(&stored) {
                return Err(DbErr::Custom(format!(
                    "the database of {} was made with another master key (fingerprint {stored}, given {})",
                    self.inner.service,
                    master.fingerprint(),
                )));
            }
        }
        tx.execute_raw(Statement::from_sql_and_values(
            self.backend(),
            "INSERT INTO meta (name, value) VALUES ('master_key_fingerprint', $1) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [master.fingerprint().into()],
        ))
        .await?;
        tx.commit().await
    }
}

/// Connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Those at work.
    pub busy: u32,
    /// Those that wait for work.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// Counts the statements of a service by the RPC that caused them (none: its own timers and readers of feeds), which
/// is what a call costs its database.
fn counted(service: &'static str, mut connection: DatabaseConnection) -> DatabaseConnection {
    connection.set_metric_callback(move |info| {
        let sql = &info.statement.sql;
        tracing::trace!(target: "perennial::statement", service, statement = %sql);
        crate::telemetry::trace_statement(service, sql, info.elapsed, info.failed);
        metrics::counter!(
            "perennial_database_statements_total",
            "service" => service, "rpc" => crate::rpc::answering()
        )
        .increment(1);
    });
    connection
}

async fn sqlite(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    use sea_orm::sqlx::{
        Connection as _,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    };
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        // A file does not go away.
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: what was acknowledged survives a power cut, not only a crash.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("cache_size", "-32000")
                .pragma("temp_store", "MEMORY")
        })
        // On a full disk SQLite may end a transaction by itself. Then the connection's count of open ones is wrong, and later
        // writes on it would be acknowledged and never committed. A rollback that was under way is over by now: the pool waits
        // for it when it takes a connection back.
        .map_sqlx_sqlite_pool_opts(|options| {
            options.before_acquire(|connection, _| {
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            })
        });
    Database::connect(options).await
}

async fn postgres(service: &str, url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut first = ConnectOptions::new(url);
    first.sqlx_logging(false).max_connections(1);
    let setup = Database::connect(first).await?;
    let tx = setup.begin().await?;
    lock(&tx, &format!("{service}.schema")).await?;
    tx.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS {service}"))
        .await?;
    tx.commit().await?;
    setup.close().await?;
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .record_stmt_in_spans(true)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire_if_idle_for(PING_AFTER)
        .statement_timeout(STATEMENT_LIMIT)
        .set_schema_search_path(service);
    Database::connect(options).await
}

async fn probe(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .connect_lazy(true)
        .max_connections(1)
        .acquire_timeout(PROBE_LIMIT);
    Database::connect(options).await
}

/// Takes a lock by name until the end of the transaction. SQLite needs none: its one
/// writer is the lock.
pub async fn lock(tx: &DatabaseTransaction, name: &str) -> Result<(), DbErr> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        let key = lock_number(name);
        tx.execute_raw(Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT pg_advisory_xact_lock($1)",
            [key.into()],
        ))
        .await?;
    }
    Ok(())
}

/// What an `INSERT … SELECT … FROM` reads its one row from when it is to hold a lock before it writes: the lock costs no statement of its
/// own. To be followed by a WHERE, for SQLite's sake, whose one writer is the lock.
pub fn locked_row(backend: DatabaseBackend, name: &str) -> String {
    if backend == DatabaseBackend::Postgres {
        // A volatile column is worked out though nobody asks for it.
        let key = lock_number(name);
        format!("(SELECT pg_advisory_xact_lock({key}) OFFSET 0) AS held")
    } else {
        "(SELECT 1) AS held".to_owned()
    }
}

/// Takes many locks with one statement, in an order that is the same for everybody, so that two who take some of the same
/// ones never wait for each other.
pub async fn lock_all(
    tx: &DatabaseTransaction,
    names: impl Iterator<Item = String>,
) -> Result<(), DbErr> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        let mut keys: Vec<i64> = names.map(|name| lock_number(&name)).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = keys.iter().map(|key| format!("({key}::bigint)")).collect();
        let statement = format!(
            "SELECT pg_advisory_xact_lock(key) FROM (VALUES {}) AS wanted (key)",
            keys.join(", ")
        );
        tx.execute_raw(Statement::from_string(DatabaseBackend::Postgres, statement))
            .await?;
    }
    Ok(())
}

/// The number by which PostgreSQL knows a lock.
pub(crate) fn lock_number(name: &str) -> i64 {
    let digest = crate::secret::sha256(name.as_bytes());
    i64::from_be_bytes(std::array::from_fn(|index| digest[index]))
}

/// Whether a statement failed because a unique index already holds the value.
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// What a database failure is to a caller when it is nobody's mistake and the same call may
/// well succeed later: the database cannot be reached, or two transactions stood in each
/// other's way and this one had to give way.
pub fn passing(error: &DbErr) -> Option<Code> {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return Some(Code::Unavailable);
    }
    if matches!(error, DbErr::RecordNotUpdated) {
        return Some(Code::Aborted);
    }
    let cause = cause(error)?;
    if let sqlx::Error::Database(answer) = cause {
        return match answer.code()?.as_ref() {
            // Serialization failure, deadlock; on SQLite: the writer was busy for too long.
            "40001" | "40P01" | "5" | "517" => Some(Code::Aborted),
            // The server is ending, starting or full.
            "57P01" | "57P02" | "57P03" | "53300" => Some(Code::Unavailable),
            _ if is_full(error) => Some(Code::Unavailable),
            // It took longer than a statement may.
            "57014" => Some(Code::DeadlineExceeded),
            _ => None,
        };
    }
    matches!(
        cause,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
    .then_some(Code::Unavailable)
}

/// Whether a text of a statement has the character U+0000, which PostgreSQL can neither store nor look for.
pub(crate) fn has_nul(error: &DbErr) -> bool {
    matches!(cause(error), Some(sqlx::Error::Database(answer)) if answer.code().as_deref() == Some("22021"))
}

/// Whether there is no room for what is written: the disk is full.
pub(crate) fn is_full(error: &DbErr) -> bool {
    matches!(cause(error), Some(sqlx::Error::Database(answer)) if matches!(answer.code().as_deref(), Some("13" | "53100")))
}

/// Why a statement failed.
fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return None;
    };
    Some(cause.as_ref())
}

/// Whether a database could not be opened because it cannot be reached, or is still starting: another try may find it.
/// One that answers and refuses, such as for a wrong password, is not away.
pub fn is_away(error: &DbErr) -> bool {
    if let DbErr::Conn(RuntimeErr::SqlxError(cause)) = error
        && let sqlx::Error::Database(answer) = cause.as_ref()
    {
        return matches!(answer.code().as_deref(), Some("57P03" | "53300"));
    }
    passing(error) == Some(Code::Unavailable)
}

/// An instant as it is stored: microseconds since 1970.
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A stored instant.
pub fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Escapes `%`, `_` and `\` for a LIKE pattern with `ESCAPE '\'`.
pub fn like_escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// A `NOT NULL` column for an `Exact`: numeric on PostgreSQL, text on SQLite.
pub fn exact(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = exact_null(manager, name);
    column.not_null();
    column
}

/// A nullable column for an `Exact`.
pub fn exact_null(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        column.text();
    } else {
        column.decimal();
    }
    column
}

/// Has PostgreSQL compress long values of columns with LZ4, where the server can. Its own way takes several times longer, as long as
/// all the rest of writing the row. What is stored stays as it is, and readers notice nothing.
pub async fn compress_fast(
    manager: &SchemaManager<'_>,
    table: &str,
    columns: &[&str],
) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    for column in columns {
        manager
            .get_connection()
            .execute_unprepared(&format!(
                "DO $$ BEGIN \
                 EXECUTE 'ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION lz4'; \
                 EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; \
                 END $$"
            ))
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
