//! Telemetry: how the program talks about itself. Log lines on standard error, metrics for Prometheus.
//!
//! All metrics with their names, labels and help stand in [`metrics`]; any room but the engine may use this one.

pub mod logging;
pub mod metrics;
