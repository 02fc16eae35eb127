//! A certificate authority made on the spot, which signs one certificate for loopback.

use std::net::Ipv4Addr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;

/// A certificate for loopback and the authority that signed it. Both live as long as the process.
pub(super) struct ThrowAway {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) authority: CertificateDer<'static>,
}

impl ThrowAway {
    pub(super) fn make() -> anyhow::Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec![Ipv4Addr::LOCALHOST.to_string(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            authority: authority.der().clone(),
        })
    }
}
