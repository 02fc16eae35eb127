//! `deploy/release/sign`: what it has cosign sign, and when it refuses. The programs that it calls are stand-ins, so
//! this says nothing about registries and signatures: `deploy/release/try` does, with the real ones.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::image::{Image, missing, run};
use crate::support::skip::skip;

const REFERENCE: &str = "registry.example/tools/acr-admission:1";

/// A folder as `build` makes it, and the world of `sign`.
struct Release {
    folder: TempDir,
}

impl Release {
    fn new() -> Self {
        let release = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["bin", "files"] {
            fs::create_dir(release.path(name)).unwrap();
        }
        for program in ["skopeo", "helm", "cosign"] {
            let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/release/stand-in");
            symlink(stand_in, release.path("bin").join(program)).unwrap();
        }
        for architecture in ["amd64", "arm64"] {
            let name = format!("files/acr-admission-1-linux-{architecture}");
            let image = Image::build(0o755, architecture);
            fs::copy(image.archive(), release.path(&format!("{name}.image.tar"))).unwrap();
            fs::write(release.path(&format!("{name}.cdx.json")), "{}").unwrap();
        }
        fs::write(release.path("files/acr-admission-1.tgz"), "a chart").unwrap();
        let sums = run(Command::new("sh").args(["-c", "sha256sum -- *"]).current_dir(release.path("files")));
        fs::write(release.path("files/SHA256SUMS"), sums).unwrap();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The exit code, and what was said.
    fn sign(&self, options: &[&str]) -> (Option<i32>, String) {
        let search_path = env::var_os("PATH").unwrap();
        let search_path = [self.path("bin")].into_iter().chain(env::split_paths(&search_path));
        let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/release/sign"))
            .args(options)
            .args([self.path("files").to_str().unwrap(), REFERENCE])
            .env("PATH", env::join_paths(search_path).unwrap())
            .env("CALLS", self.path("calls"))
            .env("PUBLISHED", self.path("published"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// What the programs were asked to do, without places on this machine.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let without_places = |word: &str| match word.rsplit_once('/') {
            Some((folder, name)) if folder.starts_with('/') => format!("FOLDER/{name}"),
            Some((layout, name)) if layout.starts_with("oci:/") && !layout.starts_with("oci://") => {
                format!("oci:FOLDER/{name}")
            }
            _ => word.to_owned(),
        };
        let call = |line: &str| line.split(' ').map(without_places).collect::<Vec<_>>().join(" ");
        calls.lines().map(call).collect()
    }
}

/// Digests by where they first come, since they change with every word of the licence.
fn numbered(text: &str) -> String {
    let digests = text.split("sha256:").skip(1).map(|part| part.split_at(64).0);
    (1..)
        .zip(digests)
        .fold(text.to_owned(), |text, (number, digest)| text.replace(digest, &format!("DIGEST-{number}")))
}

#[test]
fn image_and_chart_are_signed_by_digest_and_every_architecture_has_its_parts_list() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let release = Release::new();
    let (code, said) = release.sign(&["--key", "azurekms://vault.example/key", "--no-log"]);
    assert_eq!(code, Some(0), "{said}");
    let calls = release.calls();
    let signs = |call: &&String| call.starts_with("cosign sign ") || call.starts_with("cosign attest ");
    assert_eq!(calls.iter().filter(signs).count(), 6, "{calls:?}");
    for call in calls.iter().filter(signs) {
        assert!(call.rsplit(' ').next().unwrap().contains("@sha256:"), "{call}");
        assert!(call.contains(" --key azurekms://vault.example/key --signing-config "), "{call}");
    }
    insta::assert_snapshot!("sign", numbered(&calls.join("\n")));
}

/// Neither a key nor a log may be missing by accident.
#[test]
fn without_a_key_the_job_proves_who_it_is_and_the_log_remembers() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let release = Release::new();
    let (code, said) = release.sign(&["--no-log"]);
    assert_eq!((code, said.as_str()), (Some(2), "sign: --no-log needs --key\n"));
    assert!(release.calls().is_empty());
    let (code, said) = release.sign(&[]);
    assert_eq!(code, Some(0), "{said}");
    let calls = release.calls();
    let options = ["--key", "--signing-config", "tlog"];
    assert!(calls.iter().all(|call| options.iter().all(|option| !call.contains(option))), "{calls:?}");
}

#[test]
fn what_is_published_already_is_neither_replaced_nor_signed() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let release = Release::new();
    fs::write(release.path("published"), "another image").unwrap();
    let (code, said) = release.sign(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("registry.example/tools/acr-admission:1 is sha256:"), "{said}");
    let calls = release.calls();
    assert!(calls.iter().all(|call| call.starts_with("skopeo inspect ")), "{calls:?}");
}

#[test]
fn files_that_differ_from_their_checksums_are_not_signed() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let release = Release::new();
    fs::write(release.path("files/acr-admission-1.tgz"), "another chart").unwrap();
    let (code, said) = release.sign(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("acr-admission-1.tgz: FAILED"), "{said}");
    assert!(release.calls().is_empty());
}
