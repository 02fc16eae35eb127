//! Certificates: changed without dropping a connection, and kept out when they are bad.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use acr_admission::server::{self, CertificateSource, ServeOptions, TlsVersion};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use rustls::version::{TLS12, TLS13};
use serde_json::json;

use crate::support::certificates::Authority;
use crate::support::webhook::{Webhook, client_config, mode, pod_review, write_certificate};

const PULLABLE: &str = "fabrikam.azurecr.io/a:1";

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_and_old_ones_go_on() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let review = pod_review("web", "default", &[PULLABLE]);
    let mut old = webhook.connect().await;
    assert_eq!(old.review(&review).await["allowed"], true);
    write_certificate(webhook.folder.path(), &webhook.authority);
    webhook
        .until("the new certificate is shown", async || {
            webhook.connect().await.certificate != old.certificate
        })
        .await;
    assert_eq!(old.review(&review).await["allowed"], true, "the old connection goes on");
    assert_eq!(webhook.review(&review).await["allowed"], true);
}

#[tokio::test]
async fn a_bad_certificate_is_kept_out_and_told() {
    for Spoilt { name, spoil } in SPOILT {
        let webhook = Webhook::with_settings(&mode("enforce")).await;
        let before = webhook.connect().await.certificate;
        spoil(webhook.folder.path());
        webhook
            .until("the failure is told", async || {
                webhook.ready().await["failures"]["certificate"]["error"].is_string()
            })
            .await;
        assert_eq!(webhook.connect().await.certificate, before, "{name}");
        let failed = webhook.metric("acr_admission_certificate_reloads_total{result=\"failure\"}").await;
        assert!((failed - 1.0).abs() < f64::EPSILON, "{name}: {failed}");
        write_certificate(webhook.folder.path(), &webhook.authority);
        webhook
            .until("a good one is taken again", async || webhook.connect().await.certificate != before)
            .await;
        assert!(webhook.ready().await["failures"]["certificate"].is_null(), "{name}");
    }
}

/// A way to spoil a pair in a folder.
struct Spoilt {
    name: &'static str,
    spoil: fn(&Path),
}

const SPOILT: &[Spoilt] = &[
    Spoilt { name: "cut off", spoil: |folder| fs::write(folder.join("tls.crt"), "-----BEGIN CERT").unwrap() },
    Spoilt { name: "gone", spoil: |folder| fs::remove_file(folder.join("tls.key")).unwrap() },
    Spoilt {
        name: "key of another",
        spoil: |folder| {
            fs::write(folder.join("tls.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        },
    },
    Spoilt {
        name: "expired",
        spoil: |folder| write_pair(folder, |params| params.not_after = date_time_ymd(2020, 1, 1)),
    },
    Spoilt {
        name: "not yet valid",
        spoil: |folder| write_pair(folder, |params| params.not_before = date_time_ymd(2999, 1, 1)),
    },
    Spoilt {
        name: "without a name",
        spoil: |folder| write_pair(folder, |params| params.subject_alt_names.clear()),
    },
    Spoilt {
        name: "for clients",
        spoil: |folder| {
            write_pair(folder, |params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            });
        },
    },
];

fn write_pair(folder: &Path, spoil: impl FnOnce(&mut CertificateParams)) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    spoil(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
    fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
}

/// RFC 5280 has a last second for certificates without end, later than any time that this program can hold.
#[tokio::test]
async fn a_certificate_without_end_is_used() {
    let webhook = Webhook::start_waiting(&mode("enforce"), |_, folder| {
        write_pair(folder, |params| params.not_after = date_time_ymd(9999, 12, 31));
    })
    .await;
    webhook.until("it is taken", async || webhook.ready().await["ready"] == true).await;
}

#[tokio::test]
async fn a_bad_certificate_at_the_start_is_told_and_waited_for() {
    for Spoilt { name, spoil } in SPOILT {
        let webhook = Webhook::start_waiting(&mode("enforce"), |_, folder| spoil(folder)).await;
        webhook
            .until("the failure is told", async || {
                webhook.ready().await["failures"]["certificate"]["error"].is_string()
            })
            .await;
        webhook
            .until("everything else is loaded", async || {
                webhook.ready().await["waitingFor"] == json!(["certificate"])
            })
            .await;
        assert_eq!(webhook.health("/readyz").await.status, 503, "{name}");
        assert!(webhook.is_closed().await, "{name}");
        write_certificate(webhook.folder.path(), &webhook.authority);
        webhook.until("the good one is taken", async || webhook.ready().await["ready"] == true).await;
        assert_eq!(webhook.review(&pod_review("web", "default", &[PULLABLE])).await["allowed"], true);
    }
}

#[tokio::test]
async fn a_mounted_secret_changes_by_its_link() {
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        let authority = Authority::new("mounted");
        fs::create_dir_all(folder.join("mount/..1")).unwrap();
        write_certificate(&folder.join("mount/..1"), &authority);
        symlink("..1", folder.join("mount/..data")).unwrap();
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), folder.join("mount").join(name)).unwrap();
        }
        options.certificate = CertificateSource::Files {
            certificate: folder.join("mount/tls.crt"),
            key: folder.join("mount/tls.key"),
        };
    })
    .await;
    let mount = webhook.path("mount");
    fs::create_dir(mount.join("..2")).unwrap();
    write_certificate(&mount.join("..2"), &webhook.authority);
    symlink("..2", mount.join("..new")).unwrap();
    fs::rename(mount.join("..new"), mount.join("..data")).unwrap();
    // Only the new one is signed by the authority that the client trusts.
    webhook.until("the new certificate is shown", async || webhook.tls(&[b"http/1.1"]).await.is_ok()).await;
}

#[tokio::test]
async fn the_oldest_version_of_tls_is_a_setting() {
    for (oldest, version, works) in [
        (TlsVersion::Tls12, &TLS12, true),
        (TlsVersion::Tls12, &TLS13, true),
        (TlsVersion::Tls13, &TLS12, false),
        (TlsVersion::Tls13, &TLS13, true),
    ] {
        let webhook = Webhook::start(&mode("enforce"), |options, _| options.tls_min_version = oldest).await;
        let config = client_config(&webhook.authority, &[version]);
        assert_eq!(webhook.tls_with(config).await.is_ok(), works, "{oldest:?} {version:?}");
    }
}

#[tokio::test]
async fn the_certificate_must_be_for_the_name_that_is_asked_for() {
    for (name, starts) in [("localhost", true), ("acr-admission.acr-admission.svc", false)] {
        let credential = Authority::new("names").loopback_server();
        let mut options = ServeOptions::new(CertificateSource::Memory {
            certificate: credential.certificate,
            key: credential.key,
        });
        options.server_name = Some(name.to_owned());
        options.listen = ([127, 0, 0, 1], 0).into();
        options.health_listen = ([127, 0, 0, 1], 0).into();
        assert_eq!(server::start(options).await.is_ok(), starts, "{name}");
    }
}

#[tokio::test]
async fn when_the_certificate_ends_is_a_metric() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let ends = webhook.metric("acr_admission_certificate_not_after_timestamp_seconds").await;
    assert!(ends > 1_700_000_000.0, "{ends}");
}
