//! Helm as a person would run it, with nobody's personal settings.

use std::env;
use std::fs;
use std::io::Write;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::kubectl::Output;

/// The program, and a folder for what it would keep at home.
pub(crate) struct Helm {
    program: PathBuf,
    home: TempDir,
}

/// What a command is told beside its arguments.
#[derive(Default)]
pub(crate) struct Told<'a> {
    /// What `--values -` reads.
    pub(crate) values: &'a str,
    /// The cluster; without it, none is asked.
    pub(crate) kubeconfig: Option<&'a Path>,
}

impl Helm {
    /// The one of most tests. The reason for `skip` where there is none.
    pub(crate) fn find() -> Result<Self, &'static str> {
        let places = named_folder().into_iter().chain(cache_folder("tests/helm")).chain(search_path());
        Self::of(places).ok_or("no helm; `tests/helm/build` builds it")
    }

    /// The next major version, which applies server-side unless told otherwise.
    pub(crate) fn find_4() -> Result<Self, &'static str> {
        Self::of(cache_folder("tests/helm/4").into_iter())
            .ok_or("no helm 4; `tests/helm/build tests/helm/4` builds it")
    }

    fn of(mut places: impl Iterator<Item = PathBuf>) -> Option<Self> {
        let program = places.find_map(|folder| Some(folder.join("helm")).filter(|path| path.is_file()))?;
        Some(Self { program, home: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn run(&self, arguments: &[&str], told: &Told<'_>) -> Output {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        for variable in ["HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, self.home.path());
        }
        // Without a cluster none must be found by chance.
        let nowhere = self.home.path().join("no-kubeconfig");
        command.env("KUBECONFIG", told.kubeconfig.unwrap_or(&nowhere));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads no input may end before it is written.
        let _ = child.stdin.take().unwrap().write_all(told.values.as_bytes());
        let output = child.wait_with_output().unwrap();
        Output {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The chart's objects with these values.
    #[track_caller]
    pub(crate) fn render(&self, values: &str) -> String {
        self.template(&[], values).succeeded().stdout
    }

    /// `helm template` of our chart, as release `acr-admission` in a namespace of that name.
    pub(crate) fn template(&self, arguments: &[&str], values: &str) -> Output {
        let mut all = vec!["template", "acr-admission", CHART, "--namespace", "acr-admission"];
        all.extend(["--kube-version", KUBERNETES, "--values", "-"]);
        all.extend(arguments);
        self.run(&all, &Told { values, ..Told::default() })
    }
}

/// Each document of a YAML stream.
#[track_caller]
pub(crate) fn documents(yaml: &str) -> Vec<Value> {
    let documents = serde_saphyr::from_multiple::<Value>(yaml).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn named_folder() -> Option<PathBuf> {
    env::var_os("ACR_ADMISSION_TEST_HELM").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Where the build script leaves the version that the module in a folder pins.
fn cache_folder(folder: &str) -> Option<PathBuf> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("go.mod");
    let module = fs::read_to_string(module).ok()?;
    let version = module.lines().find_map(|line| line.trim().strip_prefix("helm.sh/helm/v"))?;
    let version = version.split_whitespace().nth(1)?;
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(caches.join("acr-admission/helm").join(version).join("bin"))
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    iter::once(env::var_os("PATH").unwrap_or_default())
        .flat_map(|path| env::split_paths(&path).collect::<Vec<_>>())
}

pub(crate) const CHART: &str = "charts/acr-admission";
/// The version that templates are told; the oldest supported ones have the same kinds.
const KUBERNETES: &str = "1.36.0";
