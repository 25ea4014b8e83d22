//! Messages and events that cannot be stored are set aside, with the reason, in a stream of their own:
//! they block nobody, and nothing that was accepted is lost. Events lie there as CloudEvents in JSON, ready
//! to be sent again.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use kernel::id::ProjectId;
use sea_orm::{DbErr, RuntimeErr};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Log, MESSAGE_ID, connection::Connection, jetstream::StreamError, message};
use crate::{domain::event::NewEvent, error::MeteringError};

/// How long setting aside may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 300;

/// What is to be done about events that could not be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is wrong with them: the database, or this process, is.
    Later,
    /// They will never be stored.
    Never,
    /// Nobody knows; they are tried some times.
    Unclear,
}

impl Fate {
    /// What follows from an error.
    pub fn of(error: &MeteringError, stopping: bool) -> Self {
        if let MeteringError::Database(cause) = error {
            return of_database(cause);
        }
        if matches!(error, MeteringError::LogUnavailable) {
            return Self::Later;
        }
        // The writers end with the process; else a commit broke off.
        if stopping && matches!(error, MeteringError::Stopping) {
            return Self::Later;
        }
        Self::Unclear
    }
}

fn of_database(error: &DbErr) -> Fate {
    if chassis::db::passing(error).is_some() {
        return Fate::Later;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return Fate::Unclear;
    };
    let code = match cause.as_database_error() {
        Some(answer) => answer.code().unwrap_or_default(),
        None => return Fate::Unclear,
    };
    of_code(&code)
}

fn of_code(code: &str) -> Fate {
    // PostgreSQL's codes have five characters, the first two of which are the class.
    if code.len() == 5 {
        return match code.split_at(2).0 {
            // What was given is no such value, or breaks a constraint.
            "22" | "23" => Fate::Never,
            // Connection, transaction, resources (a full disk), intervention, system.
            "08" | "25" | "40" | "53" | "55" | "57" | "58" => Fate::Later,
            _ => Fate::Unclear,
        };
    }
    // SQLite's are numbers, the last eight bits of which are the kind: too big, constraint, mismatch. The
    // others are about the file.
    match code.parse::<u32>().map(|code| code % 256) {
        Ok(18..=20) => Fate::Never,
        Ok(1) | Err(_) => Fate::Unclear,
        Ok(_) => Fate::Later,
    }
}

#[derive(Serialize)]
struct CloudEvent<'event> {
    specversion: &'static str,
    id: &'event str,
    source: &'event str,
    r#type: &'event str,
    subject: &'event str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'event RawValue>,
}

impl Log {
    /// Sets an event aside. It can be done again: the same is kept once.
    pub(super) async fn park_event(
        &self,
        connection: &Connection,
        project: ProjectId,
        event: &NewEvent,
        reason: &str,
    ) -> Result<(), StreamError> {
        tracing::error!(
            project.id = %project, event.id = event.id, event.source = event.source, reason,
            "a usage event cannot be stored; it was set aside"
        );
        let data = event.data.as_deref().map(serde_json::from_str);
        let payload = serde_json::to_vec(&CloudEvent {
            specversion: "1.0",
            id: &event.id,
            source: &event.source,
            r#type: &event.kind,
            subject: &event.subject,
            time: event.time.to_string(),
            data: data.transpose()?,
        })?;
        let mut headers = HeaderMap::new();
        headers.insert("Perennial-Project", project.to_string());
        headers.insert(MESSAGE_ID, message::id_of(project, &[event]));
        self.park(connection, headers, payload.into(), reason).await
    }

    /// Sets a message aside as it is.
    pub(super) async fn park_message(
        &self,
        connection: &Connection,
        payload: Bytes,
        reason: &str,
    ) -> Result<(), StreamError> {
        tracing::error!(
            reason,
            "a message of the ingest log cannot be read; it was set aside"
        );
        let mut headers = HeaderMap::new();
        let digest = chassis::secret::sha256(&payload);
        headers.insert(MESSAGE_ID, chassis::secret::hex(&digest));
        self.park(connection, headers, payload, reason).await
    }

    async fn park(
        &self,
        connection: &Connection,
        mut headers: HeaderMap,
        payload: Bytes,
        reason: &str,
    ) -> Result<(), StreamError> {
        let plain = |letter: char| {
            if letter.is_ascii_graphic() {
                letter
            } else {
                ' '
            }
        };
        let reason: String = reason.chars().map(plain).take(REASON_MAX).collect();
        headers.insert("Perennial-Reason", reason.trim());
        connection
            .jetstream
            .publish(self.names().parked(), headers, payload, TIMEOUT)
            .await?;
        metrics::counter!("perennial_ingest_log_events_total", "outcome" => "parked").increment(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_event_counts_against_it() {
        for (code, fate) in [
            ("22021", Fate::Never),
            ("23514", Fate::Never),
            ("53100", Fate::Later),
            ("57P01", Fate::Later),
            ("40001", Fate::Later),
            ("P0001", Fate::Unclear),
            ("42703", Fate::Unclear),
            ("19", Fate::Never),
            ("1811", Fate::Never),
            ("18", Fate::Never),
            ("13", Fate::Later),
            ("10", Fate::Later),
            ("5", Fate::Later),
            ("1", Fate::Unclear),
            ("", Fate::Unclear),
        ] {
            assert_eq!(of_code(code), fate, "{code}");
        }
        assert_eq!(Fate::of(&MeteringError::Stopping, true), Fate::Later);
        assert_eq!(Fate::of(&MeteringError::Stopping, false), Fate::Unclear);
        assert_eq!(Fate::of(&MeteringError::LogUnavailable, false), Fate::Later);
        let lost = DbErr::Conn(RuntimeErr::Internal("x".into()));
        assert_eq!(Fate::of(&lost.into(), false), Fate::Later);
    }
}
