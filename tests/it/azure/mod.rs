//! `deploy/azure/export-inventory.sh` and the fix commands, run by the real Azure CLI against a stand-in for Azure.

mod export;
mod fixes;
mod gaps;
mod recorded;
mod script;
mod session;
mod stand_in;
mod workload_identity;
