//! What to do next about an authority and the certificate that it signed. A function of what is stored, what is
//! trusted and the time; whoever carries the step out asks again afterwards.
//!
//! ```text
//! nothing ── Begin ──→ one authority, one leaf ←─────────────────────────────────┐
//!                        │ leaf ends soon: IssueLeaf (same authority, at once)   │
//!                        │ authority ends soon: AddAuthority                     │
//!                        ▼                                                       │
//!                      new and old authority in the bundle, old leaf             │
//!                        │ the bundle is seen where API servers read it: NoteTrust
//!                        │ a pause, for all of them to read it: IssueLeaf        │
//!                        ▼                                                       │
//!                      new and old authority in the bundle, new leaf ── a longer pause: DropOld
//! ```
//!
//! INVARIANT: a usable leaf is replaced only by one that everybody trusts already, and an authority is dropped only
//! when nobody shows a leaf of it any more.

use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a new authority is valid.
pub(super) const AUTHORITY_VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// How long a new leaf is valid.
pub(super) const LEAF_VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 365);
/// A leaf is renewed that long before it ends.
const RENEW_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 60);
/// An authority is renewed while a whole leaf of it, and its renewal, still fit.
const RENEW_AUTHORITY_AHEAD: SignedDuration = SignedDuration::from_hours(24 * (365 + 60));

/// What is stored and what is trusted, at one moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// The authorities of the bundle, the newest first. Only the newest signs.
    pub authorities: Vec<Authority>,
    /// The certificate that is served; `None` where there is none, or none that can be used: expired, for another
    /// name, without its key, or signed by none of the authorities.
    pub leaf: Option<Leaf>,
    /// Whether the webhook configuration holds the whole bundle now.
    pub is_trusted: bool,
    /// Since when it is known to hold it, as noted.
    pub trusted_since: Option<Timestamp>,
    /// What an operator wants.
    pub rotate: Option<Rotate>,
}

/// An authority of the bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authority {
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether its key is there to sign with.
    pub can_sign: bool,
}

/// A certificate that can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leaf {
    /// When it ends.
    pub not_after: Timestamp,
    /// When it was stored, where that is known.
    pub since: Option<Timestamp>,
    /// Which of the authorities signed it: 0 is the newest.
    pub authority: usize,
}

/// What an operator wants to be issued anew, by an annotation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rotate {
    /// The server's certificate.
    Certificate,
    /// The authority, and with it the certificate.
    Authority,
}

/// How long is waited for others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// From the moment that a new authority is in the webhook configuration until a leaf of it is shown: every API
    /// server must have heard of it.
    pub trust: SignedDuration,
    /// From the moment that a leaf is stored until the authority of the one before is dropped: every replica must
    /// show it.
    pub drop: SignedDuration,
}

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Make an authority and a leaf: there is nothing that could be kept.
    Begin,
    /// Put a new authority beside the one that signed the leaf.
    AddAuthority,
    /// Sign a new leaf with the newest authority.
    IssueLeaf,
    /// Note that the bundle is trusted as of now.
    NoteTrust,
    /// Take that note away: the bundle is not trusted any more.
    ForgetTrust,
    /// Take all authorities but the newest out of the bundle.
    DropOld,
    /// Nothing, for now.
    Rest,
}

/// The next step.
#[must_use]
pub fn plan(state: &State, pace: Pace, now: Timestamp) -> Step {
    let newest = state.authorities.first();
    let signer = newest.filter(|authority| authority.can_sign && authority.not_after > now + DAY);
    let Some(leaf) = &state.leaf else {
        return if signer.is_some() { Step::IssueLeaf } else { Step::Begin };
    };
    let Some(signer) = signer else { return Step::AddAuthority };
    if leaf.authority > 0 {
        return turn(state, pace, now);
    }
    if state.rotate == Some(Rotate::Authority) || signer.not_after <= now + RENEW_AUTHORITY_AHEAD {
        return Step::AddAuthority;
    }
    if state.rotate == Some(Rotate::Certificate) || leaf.not_after <= now + RENEW_AHEAD {
        return Step::IssueLeaf;
    }
    let is_shown_by_all = leaf.since.is_none_or(|since| now.duration_since(since) >= pace.drop);
    if state.authorities.len() > 1 && is_shown_by_all { Step::DropOld } else { Step::Rest }
}

/// Between two authorities: the leaf is the old one's until the new one is trusted everywhere.
fn turn(state: &State, pace: Pace, now: Timestamp) -> Step {
    match state.trusted_since {
        Some(_) if !state.is_trusted => Step::ForgetTrust,
        None if !state.is_trusted => Step::Rest,
        None => Step::NoteTrust,
        Some(since) if now.duration_since(since) >= pace.trust => Step::IssueLeaf,
        Some(_) => Step::Rest,
    }
}
