//! The chart in a whole cluster: installed by helm, used through kubectl, with real nodes, controllers and rollouts.
//!
//! ```text
//! helm ─→ kube-apiserver ─→ controllers, scheduler, kubelet ─→ pods of the image under test
//! kubectl, loads ─→ kube-apiserver ──Service──→ those pods
//! ```
//!
//! `tests/run` gives it a cluster (`tests/cluster/up`) and runs it. Any other cluster works as well, kind included: set
//! `KUBECONFIG` and `ACR_ADMISSION_TEST_IMAGE`, an image that its nodes have or can pull, and put `kubectl` and `helm`
//! on the search path. Without that variable nothing is touched. The suite takes over the release `acr-admission`.
//!
//! The tests share one release, so they run one after the other, in any order: each begins by installing what it needs.

// It holds anyway; written out, clippy lets helpers unwrap as tests may.
#![cfg(test)]

#[path = "../it/support/kubectl.rs"]
mod kubectl;
#[path = "../it/support/skip.rs"]
#[allow(dead_code, reason = "this suite needs no inputs of others")]
mod skip;
#[path = "../it/azure/stand_in/mod.rs"]
#[allow(dead_code, unused_imports, reason = "this suite asks less of it")]
mod stand_in;
#[path = "../it/support/waiting.rs"]
mod waiting;
/// Where the stand-in looks for what it shares with others.
#[path = "../it/support"]
mod support {
    #[allow(dead_code, reason = "this suite has other clients")]
    pub(crate) mod certificates;
    pub(crate) mod https;
}

mod certificates;
mod direct;
mod exports;
mod figures;
mod first_answers;
mod idle_connections;
mod inventory;
mod lifecycle;
mod load;
mod objects;
mod release;
mod rollouts;
mod verdicts;
mod workload_identity;
