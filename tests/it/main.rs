//! One test binary, so that linking costs once. One module for each subject.

mod architecture;
mod images;
mod support;
