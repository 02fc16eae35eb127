//! The `acr-admission` binary.
fn main() {}
