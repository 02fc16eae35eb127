//! Kinds of others that the test server is taught: cert-manager's, the Prometheus operator's, Argo CD's and Flux's.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::apiserver::ApiServer;
use super::waiting::wait_until;

/// The shared API server, once it knows them all. The reason is for `skip`.
pub(crate) fn server_that_knows_them() -> Result<&'static ApiServer, &'static str> {
    static DEFINED: OnceLock<Result<&'static ApiServer, &'static str>> = OnceLock::new();
    *DEFINED.get_or_init(|| {
        let server = ApiServer::shared()?;
        let definitions = definitions()
            .ok_or("no definitions of custom resources; `tests/custom-resources/build` fetches them")?;
        for definition in definitions {
            define(server, definition.to_str().unwrap());
        }
        Ok(server)
    })
}

fn define(server: &ApiServer, definition: &str) {
    server.kubectl(&["apply", "--server-side", "--filename", definition], "").succeeded();
    // Until the server has written a status, kubectl has nothing to wait for and fails.
    let wait = ["wait", "--for=condition=Established", "--timeout=5s", "--filename", definition];
    wait_until("the definition counts", || server.kubectl(&wait, "").status.success());
}

/// Where the script that fetches them leaves the versions that it pins.
fn definitions() -> Option<Vec<PathBuf>> {
    let pins =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/custom-resources/pins")).ok()?;
    let pinned = pins.lines().filter(|line| !line.starts_with('#'));
    let versions: Vec<&str> = pinned.filter_map(|line| line.split(' ').nth(1)).collect();
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let folder = caches.join("acr-admission/custom-resources").join(versions.join("-"));
    let files: Vec<PathBuf> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    (!files.is_empty()).then_some(files)
}
