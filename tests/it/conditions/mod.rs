//! The condition language: what parses, what it means, what is said about mistakes.

mod diagnostics;
mod evaluation;
mod laws;
mod limits;
mod second_opinion;
mod support;
mod syntax;
