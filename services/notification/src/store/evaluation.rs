//! Whose balances have to be looked at. A row stays until a look that began after its last change
//! has been committed, so that no trigger is lost.

use chassis::{clock::system_now, db::micros};
use jiff::{SignedDuration, Timestamp};
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DbErr};

use super::{execute, query};

/// How long triggers of one customer are gathered before they are looked at.
const GATHER: SignedDuration = SignedDuration::from_millis(300);

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A customer by id.
    Customer,
    /// Whoever a subject belongs to.
    Subject,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Subject => "subject",
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Who is meant.
    pub kind: Kind,
    /// The id or key.
    pub name: String,
    version: i64,
}

/// Notes that balances may have changed.
pub async fn note(
    db: &impl ConnectionTrait,
    project: ProjectId,
    kind: Kind,
    names: &[String],
) -> Result<(), DbErr> {
    let ready = system_now() + GATHER;
    for chunk in names.chunks(500) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|index| format!("($1, $2, ${}, 1, $3)", index + 4))
            .collect();
        let sql = format!(
            "INSERT INTO evaluation (project_id, kind, name, version, ready_time) VALUES {} \
             ON CONFLICT (project_id, kind, name) DO UPDATE SET version = evaluation.version + 1",
            rows.join(", ")
        );
        let values = [
            project.to_string().into(),
            kind.word().into(),
            micros(ready).into(),
        ]
        .into_iter()
        .chain(chunk.iter().map(|name| name.as_str().into()));
        execute(db, &sql, values).await?;
    }
    Ok(())
}

/// The projects with something to look at, and when its gathering ends.
pub async fn projects(db: &impl ConnectionTrait) -> Result<Vec<(ProjectId, Timestamp)>, DbErr> {
    let sql = "SELECT project_id, MIN(ready_time) AS ready FROM evaluation GROUP BY project_id";
    let rows = query(db, sql, []).await?;
    super::earliest(&rows, "ready")
}

/// What is to be looked at, the longest waiting first; `until`: only what has been gathered.
pub async fn pending(
    db: &impl ConnectionTrait,
    project: ProjectId,
    until: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Pending>, DbErr> {
    let sql = "SELECT kind, name, version FROM evaluation \
               WHERE project_id = $1 AND ready_time <= $2 ORDER BY ready_time LIMIT $3";
    let until = until.map_or(i64::MAX, micros);
    let values = [project.to_string().into(), until.into(), limit.into()];
    query(db, sql, values)
        .await?
        .iter()
        .map(|row| {
            let kind: String = row.try_get("", "kind")?;
            Ok(Pending {
                kind: if kind == Kind::Subject.word() {
                    Kind::Subject
                } else {
                    Kind::Customer
                },
                name: row.try_get("", "name")?,
                version: row.try_get("", "version")?,
            })
        })
        .collect()
}

/// Strikes out what was looked at, but for what was noted again meanwhile.
pub async fn done(
    db: &impl ConnectionTrait,
    project: ProjectId,
    looked_at: &[Pending],
) -> Result<(), DbErr> {
    let sql =
        "DELETE FROM evaluation WHERE project_id = $1 AND kind = $2 AND name = $3 AND version = $4";
    for row in looked_at {
        let values = [
            project.to_string().into(),
            row.kind.word().into(),
            row.name.as_str().into(),
            row.version.into(),
        ];
        execute(db, sql, values).await?;
    }
    Ok(())
}
