//! Where the programs of a control plane are on this machine.

use std::env;
use std::fmt::Display;
use std::fs;
use std::iter;
use std::path::{self, PathBuf};

/// The programs are not on this machine; the text says where they were looked for.
#[derive(Debug)]
pub(crate) struct Unavailable(pub(crate) String);

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Result<Self, Unavailable> {
        let folder =
            named_folder().or_else(cache_folder).ok_or_else(|| unavailable("no folder for caches"))?;
        let [etcd, kube_apiserver, kubectl] =
            ["etcd", "kube-apiserver", "kubectl"].map(|name| folder.join(name));
        if !etcd.is_file() || !kube_apiserver.is_file() {
            return Err(unavailable(format_args!("no etcd and kube-apiserver in `{}`", folder.display())));
        }
        let search_path = env::var_os("PATH").unwrap_or_default();
        let elsewhere = env::split_paths(&search_path).map(|path| path.join("kubectl"));
        let kubectl = iter::once(kubectl).chain(elsewhere).find(|path| path.is_file());
        let kubectl = kubectl.ok_or_else(|| unavailable("no kubectl on the search path"))?;
        Ok(Self { etcd, kube_apiserver, kubectl })
    }
}

/// Absolute, since the programs run in another folder than the test.
fn named_folder() -> Option<PathBuf> {
    let variables = ["ACR_ADMISSION_TEST_ASSETS", "KUBEBUILDER_ASSETS"];
    let named = variables.into_iter().filter_map(env::var_os).find(|value| !value.is_empty())?;
    path::absolute(named).ok()
}

fn unavailable(why: impl Display) -> Unavailable {
    Unavailable(format!("{why}; `tests/apiserver/components/build` builds what is needed"))
}

/// Where the build script leaves the version that it pins.
fn cache_folder() -> Option<PathBuf> {
    // Read when asked: a packaged crate compiles its tests without that folder.
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apiserver/components/go.mod");
    let module = fs::read_to_string(module).ok()?;
    let version = module.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))?;
    let version = version.split_whitespace().next()?;
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(caches.join("acr-admission/kubernetes").join(version).join("bin"))
}
