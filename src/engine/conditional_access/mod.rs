//! Conditional Access: Entra's rules about the sign-in of people, which end a pull before any role is looked at.
//!
//! Only people meet it. Managed identities and service principals, tokens, the admin user and anonymous pulls never
//! do (Azure Container Registry, "Configure conditional access"). A policy counts where it is switched on, includes
//! the person and does not exclude them, and targets Azure Container Registry or all applications; its controls are
//! checked when the token is issued. It never grants anything.
//!
//! ```text
//! switched on ∧ person included ∧ ¬excluded ∧ registry targeted ∧ every other condition ─► its controls must be met
//! ```
//!
//! Each of these may be impossible to tell from exports (locations, risk, directory roles, a group that nobody
//! listed). Then the answer is *unknown*, never *allow*.

mod policy;
mod sign_in;

pub use self::policy::{
    Applications, ConditionalAccessPolicy, GrantControls, People, PolicyState, REGISTRY_APPLICATION,
};
pub use self::sign_in::{SignIn, TokenAudience};
