//! What is stored, read: authorities, certificate, notes. Whatever cannot be read counts as not there, and the plan
//! replaces it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::pair::{CertificateError, ServerCertificate, validity};
use super::plan::{Authority, Leaf, Rotate, State};

/// The entry with the server's certificate.
pub(super) const CERTIFICATE: &str = "tls.crt";
/// The entry with its key.
pub(super) const KEY: &str = "tls.key";
/// The entry with the authorities to trust, the newest first.
pub(super) const CA_BUNDLE: &str = "ca.crt";
/// The entry with the key of the newest authority.
pub(super) const CA_KEY: &str = "ca.key";
/// The annotation by which an operator asks for a new certificate or authority.
pub const ROTATE: &str = "acr-admission.dev/rotate";
/// The annotation that notes since when the bundle is trusted.
pub(super) const TRUSTED_SINCE: &str = "acr-admission.dev/trusted-since";
/// The annotation that notes when the certificate was stored.
pub(super) const SERVED_SINCE: &str = "acr-admission.dev/served-since";

/// Clocks of nodes and control planes differ by less.
pub(super) const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

/// What is stored. Holds private keys, so it is never shown.
#[derive(Clone, Default)]
pub struct Held {
    /// Entries by name, PEM texts.
    pub data: BTreeMap<String, Vec<u8>>,
    /// Notes and wishes.
    pub annotations: BTreeMap<String, String>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("annotations", &self.annotations).finish_non_exhaustive()
    }
}

impl Held {
    /// The certificate and its key, if they can be served under this name.
    ///
    /// # Errors
    ///
    /// What is wrong with the pair.
    pub fn certificate(
        &self,
        server_name: &str,
        provider: &CryptoProvider,
        now: Timestamp,
    ) -> Result<ServerCertificate, CertificateError> {
        ServerCertificate::read(self.entry(CERTIFICATE), self.entry(KEY), Some(server_name), provider, now)
    }

    /// Authorities to trust, as PEM; empty where there are none.
    #[must_use]
    pub fn bundle(&self) -> &[u8] {
        self.entry(CA_BUNDLE)
    }

    /// Whether another one holds the same certificate and key.
    #[must_use]
    pub fn has_pair_of(&self, other: &Self) -> bool {
        [CERTIFICATE, KEY].iter().all(|name| self.entry(name) == other.entry(name))
    }

    /// When the newest authority ends.
    #[must_use]
    pub fn authority_ends(&self) -> Option<Timestamp> {
        let newest = authorities(self.bundle()).into_iter().next()?;
        Some(self.authority(0, &newest)?.not_after)
    }

    /// What the plan has to know. `configured` is the bundle of each webhook of the configuration.
    #[must_use]
    pub fn state(
        &self,
        server_name: &str,
        configured: Option<&[Vec<u8>]>,
        provider: &Arc<CryptoProvider>,
        now: Timestamp,
    ) -> State {
        let authorities = authorities(self.bundle());
        let leaf = self.certificate(server_name, provider, now).ok().and_then(|leaf| {
            let signed_by = |authority| is_trusted_by(&leaf, authority, server_name, provider, now);
            Some(Leaf {
                not_after: leaf.not_after,
                since: self.note(SERVED_SINCE, now),
                authority: authorities.iter().position(signed_by)?,
            })
        });
        let is_trusted = configured.is_some_and(|bundles| {
            !bundles.is_empty() && bundles.iter().all(|bundle| bundle_contains(bundle, self.bundle()))
        });
        State {
            authorities: authorities
                .iter()
                .enumerate()
                .filter_map(|(number, der)| self.authority(number, der))
                .collect(),
            leaf,
            is_trusted,
            trusted_since: self.note(TRUSTED_SINCE, now),
            rotate: match self.annotations.get(ROTATE).map(String::as_str) {
                Some("certificate") => Some(Rotate::Certificate),
                Some("authority") => Some(Rotate::Authority),
                _ => None,
            },
        }
    }

    /// Whether the authority of the certificate is in every one of these bundles: whoever reads them can verify it.
    #[must_use]
    pub fn is_verifiable(
        &self,
        server_name: &str,
        configured: &[Vec<u8>],
        provider: &Arc<CryptoProvider>,
        now: Timestamp,
    ) -> bool {
        let Ok(leaf) = self.certificate(server_name, provider, now) else { return false };
        let verifies = |bundle: &Vec<u8>| {
            authorities(bundle)
                .iter()
                .any(|authority| is_trusted_by(&leaf, authority, server_name, provider, now))
        };
        !configured.is_empty() && configured.iter().all(verifies)
    }

    fn authority(&self, number: usize, der: &CertificateDer<'_>) -> Option<Authority> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let [_, not_after] = validity(&parsed);
        let can_sign = number == 0
            && self
                .authority_key()
                .is_some_and(|key| key.subject_public_key_info() == parsed.public_key().raw);
        Some(Authority { not_after, can_sign })
    }

    /// The key of the newest authority.
    pub(super) fn authority_key(&self) -> Option<KeyPair> {
        KeyPair::from_pem(std::str::from_utf8(self.entry(CA_KEY)).ok()?).ok()
    }

    fn entry(&self, name: &str) -> &[u8] {
        self.data.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// A note of a time far ahead is no note: whoever waits for it waits for ever.
    fn note(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        let noted: Timestamp = self.annotations.get(name)?.parse().ok()?;
        (noted.duration_since(now) <= CLOCKS_DIFFER).then_some(noted)
    }
}

/// Whether a bundle holds all certificates of another.
fn bundle_contains(bundle: &[u8], other: &[u8]) -> bool {
    let there = authorities(bundle);
    let wanted = authorities(other);
    !wanted.is_empty() && wanted.iter().all(|authority| there.contains(authority))
}

/// The certificates of a bundle that are authorities.
pub(super) fn authorities(bundle: &[u8]) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_slice_iter(bundle).filter_map(Result::ok);
    certificates
        .filter(|der| X509Certificate::from_der(der).is_ok_and(|(_, parsed)| parsed.is_ca()))
        .collect()
}

/// Verifies as an API server does: signature, time and name.
fn is_trusted_by(
    leaf: &ServerCertificate,
    authority: &CertificateDer<'static>,
    server_name: &str,
    provider: &Arc<CryptoProvider>,
    now: Timestamp,
) -> bool {
    let verify = || {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).ok()?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .ok()?;
        let (own, more) = leaf.key.cert.split_first()?;
        let name = ServerName::try_from(server_name).ok()?;
        let seconds = u64::try_from(now.as_second()).ok()?;
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        verifier.verify_server_cert(own, more, &name, &[], time).ok()
    };
    verify().is_some()
}
