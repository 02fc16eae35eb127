//! The server's certificate in use, swapped without touching a connection.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificates::ServerCertificate;

/// The certificate in use, once there is one. New handshakes take it from here; connections go on with the one they
/// began with.
#[derive(Debug, Default)]
pub(super) struct CurrentCertificate(ArcSwapOption<CertifiedKey>);

impl CurrentCertificate {
    pub(super) fn replace(&self, certificate: &ServerCertificate) {
        self.0.store(Some(Arc::clone(&certificate.key)));
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}
