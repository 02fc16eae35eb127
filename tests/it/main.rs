//! One test binary, so that linking costs once. One module for each subject.

// It holds anyway; written out, clippy lets helpers unwrap as tests may.
#![cfg(test)]

mod admission;
mod apiserver;
mod architecture;
mod azure;
mod azure_cli;
mod certificates;
mod chart;
mod cli;
mod conditions;
mod corpora;
mod decisions;
mod demo;
mod documentation;
mod images;
mod instructions;
mod inventory;
mod judgements;
mod lint;
mod oracle;
mod pages;
mod pull_bindings;
mod pulls;
mod release;
mod reviews;
mod settings;
mod support;
mod telemetry;
mod unknown;
mod verdicts;
mod walkthroughs;
mod webhook;
mod workloads;
