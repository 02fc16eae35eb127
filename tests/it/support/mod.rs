//! What several tests share.

pub(crate) mod apiserver;
pub(crate) mod certificates;
pub(crate) mod custom_resources;
pub(crate) mod decision_log;
pub(crate) mod expected;
pub(crate) mod helm;
pub(crate) mod https;
pub(crate) mod kubectl;
pub(crate) mod metrics;
pub(crate) mod processes;
pub(crate) mod programs;
pub(crate) mod skip;
pub(crate) mod waiting;
pub(crate) mod webhook;
