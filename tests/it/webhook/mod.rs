//! The webhook over real HTTPS on loopback.

mod bad_input;
mod beginning;
mod bounds;
mod cluster;
mod fixtures;
mod hanging;
mod life;
mod reload;
mod rules;
mod tls;
mod trouble;
mod verdicts;
mod watches;
