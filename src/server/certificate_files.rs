//! A certificate in files.

use std::path::PathBuf;
use std::sync::Arc;

use super::certificate::CurrentCertificate;
use super::inputs::{Input, Inputs};
use super::load::read_certificate;
use super::reload::{InputFiles, guarded, told, use_certificate};
use super::stamp::Watched;
use crate::telemetry::metrics::Metrics;

/// Certificate and key in files, and where they go.
pub(super) struct CertificateFiles {
    pub(super) files: Watched,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) server_name: Option<String>,
    pub(super) current: Arc<CurrentCertificate>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) inputs: Inputs,
}

impl InputFiles for CertificateFiles {
    fn input(&self) -> Input {
        Input::Certificate
    }

    fn look(&mut self) {
        if !self.files.is_due() {
            return;
        }
        let Self { certificate, key, server_name, current, metrics, inputs, .. } = self;
        let outcome = guarded(metrics, || Ok(read_certificate(certificate, key, server_name.as_deref())?));
        // Certificate and key are two files: until they match, they are read again.
        let again = outcome.is_err();
        if let Some(certificate) = told(Input::Certificate, outcome, inputs, &metrics.certificate_reloads) {
            use_certificate(&certificate, current, metrics, inputs);
        }
        if again {
            self.read_again();
        }
    }

    fn read_again(&mut self) {
        self.files.read_again(true);
    }
}
