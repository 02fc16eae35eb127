//! What `deploy/image` and `deploy/release` make. Whether a registry takes it is tried by `deploy/release/try`, which
//! needs more programs than tests should.

mod image;
mod signing;
