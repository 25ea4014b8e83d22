//! The one binary of the suite as a library, so that tests start the same process that
//! users do.

use std::sync::{Arc, OnceLock};

use metrics_exporter_prometheus::PrometheusHandle;

pub mod cli;
pub mod commands;
mod daily;
pub mod demo;
pub mod embedded;
pub mod failure;
mod figures;
mod profile;
pub mod rates;
pub mod reconcile;
pub mod revenue;
pub mod screen;

pub use embedded::Process;

static METRICS: OnceLock<Arc<PrometheusHandle>> = OnceLock::new();

/// The recorder of metrics, installed once per process.
pub(crate) fn metrics_handle() -> Option<Arc<PrometheusHandle>> {
    if METRICS.get().is_none() {
        match chassis::telemetry::install_metrics() {
            Ok(handle) => {
                METRICS.get_or_init(|| Arc::new(handle));
            }
            Err(error) => tracing::debug!(%error, "metrics have a recorder already"),
        }
    }
    METRICS.get().cloned()
}
