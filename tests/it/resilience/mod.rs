//! What must survive: a killed process, a missing peer, a request that comes twice or many
//! at once.

mod backup;
mod chaos;
mod clock_jumps;
mod concurrency;
mod crashes;
mod database_away;
mod every_step;
mod feeds;
mod graceful_stop;
mod ingest_log;
mod invoicing_steps;
mod lost_connections;
mod missing_peers;
mod one_trace;
mod repeated_requests;
mod replicas;
mod restarts;
pub(crate) mod setup;
mod tls;
mod upgrade;
mod webhooks;
