//! What several tests share.

pub mod skip;
