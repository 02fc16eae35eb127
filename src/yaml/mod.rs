//! YAML beyond what a typed structure can tell: a tree that knows where everything stood.

mod tree;

pub use self::tree::Node;
