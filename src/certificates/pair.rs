//! A server's certificate and key: read as a pair, checked whole.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Why a certificate cannot be used.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CertificateError {
    /// The files cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The chain's file holds no certificate.
    #[error("no certificate in the PEM file")]
    NoCertificate,
    /// The key's file holds no private key.
    #[error("no private key in the PEM file: {0}")]
    NoKey(String),
    /// The first certificate is none.
    #[error("the certificate does not parse: {0}")]
    Malformed(String),
    /// Key and certificate are not a pair, as in the middle of a change of both.
    #[error("the private key does not belong to the certificate: {0}")]
    NotAPair(String),
    /// It does not count yet.
    #[error("the certificate is not valid before {0}")]
    NotYetValid(Timestamp),
    /// It has ended.
    #[error("the certificate ended at {0}")]
    Expired(Timestamp),
    /// The API server looks at subject alternative names only, never at the common name.
    #[error("the certificate has no subject alternative name")]
    NoName,
    /// It is for other names.
    #[error("the certificate is not valid for `{0}`")]
    OtherName(String),
    /// It may not be used by servers.
    #[error("the certificate is not meant for servers (no `serverAuth` in its extended key usage)")]
    NotForServers,
}

/// A checked pair.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    /// As TLS needs it.
    pub key: Arc<CertifiedKey>,
    /// When it ends.
    pub not_after: Timestamp,
}

impl ServerCertificate {
    /// Reads and checks a pair of PEM texts. With `server_name` the certificate must be valid for that name.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn read(
        chain: &[u8],
        key: &[u8],
        server_name: Option<&str>,
        provider: &CryptoProvider,
        now: Timestamp,
    ) -> Result<Self, CertificateError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Malformed(error.to_string()))?;
        let own = chain.first().ok_or(CertificateError::NoCertificate)?;
        let not_after = check(own, server_name, now)?;
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| CertificateError::NoKey(error.to_string()))?;
        let key = CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| CertificateError::NotAPair(error.to_string()))?;
        Ok(Self { key: Arc::new(key), not_after })
    }
}

fn check(
    certificate: &CertificateDer<'_>,
    server_name: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, CertificateError> {
    let malformed = |error: &dyn std::fmt::Display| CertificateError::Malformed(error.to_string());
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| malformed(&error))?;
    let [not_before, not_after] = validity(&parsed);
    if now < not_before {
        return Err(CertificateError::NotYetValid(not_before));
    }
    if now >= not_after {
        return Err(CertificateError::Expired(not_after));
    }
    let usage = parsed.extended_key_usage().map_err(|error| malformed(&error))?;
    if usage.is_some_and(|usage| !usage.value.server_auth && !usage.value.any) {
        return Err(CertificateError::NotForServers);
    }
    let names = parsed.subject_alternative_name().map_err(|error| malformed(&error))?;
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    if names.is_empty() {
        return Err(CertificateError::NoName);
    }
    match server_name {
        Some(wanted) if !names.iter().any(|name| is_valid_for(name, wanted)) => {
            Err(CertificateError::OtherName(wanted.to_owned()))
        }
        _ => Ok(not_after),
    }
}

/// From when to when a certificate is valid. "Without end" (the last second of the year 9999, RFC 5280) and other times
/// that this program cannot hold are the last that it can.
pub(super) fn validity(certificate: &X509Certificate<'_>) -> [Timestamp; 2] {
    let validity = certificate.validity();
    [validity.not_before, validity.not_after]
        .map(|time| Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX))
}

/// A wildcard stands for one label.
fn is_valid_for(name: &GeneralName<'_>, wanted: &str) -> bool {
    let GeneralName::DNSName(name) = name else { return false };
    name.eq_ignore_ascii_case(wanted)
        || name.strip_prefix("*.").is_some_and(|rest| {
            wanted.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest))
        })
}
