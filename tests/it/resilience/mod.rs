//! What must survive: a killed process, a missing peer, a request that comes twice or many
//! at once.

mod backup;
mod concurrency;
mod crashes;
mod database_away;
mod every_step;
mod feeds;
mod graceful_stop;
mod ingest_log;
mod lost_connections;
mod missing_peers;
mod repeated_requests;
mod replicas;
mod restarts;
pub(crate) mod setup;
mod webhooks;
