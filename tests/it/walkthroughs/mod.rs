//! The scripts of `deploy/kind` and `deploy/aks`, with the programs of others replaced by one that notes what it was
//! asked to do. Whether the commands do in a cluster what they should is for `tests/cluster` to show.

mod aks;
mod kind;

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::helm::{Helm, documents};

/// A script and the world it sees.
struct WalkThrough {
    script: PathBuf,
    folder: TempDir,
}

impl WalkThrough {
    /// With these programs, beside the ordinary ones of the machine.
    fn new(script: &str, programs: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = TempDir::new().unwrap();
        for name in ["bin", "world"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for program in programs {
            let stand_in = root.join("tests/it/walkthroughs/stand-in");
            symlink(stand_in, folder.path().join("bin").join(program)).unwrap();
        }
        for program in ["bash", "cat", "dirname", "grep", "mkdir", "sed", "sleep", "wc"] {
            symlink(on_the_path(program), folder.path().join("bin").join(program)).unwrap();
        }
        Self { script: root.join(script), folder }
    }

    /// Makes something exist.
    fn with(self, name: &str, content: &str) -> Self {
        fs::write(self.folder.path().join("world").join(name), content).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.script)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("WORLD", self.path("world"))
            .env("CALLS", self.path("calls"))
            .output()
            .unwrap()
    }

    /// What the programs were asked to do, in order, without the places on this machine.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let calls = calls.replace(env!("CARGO_MANIFEST_DIR"), ".");
        calls.replace(self.folder.path().to_str().unwrap(), "FOLDER").lines().map(str::to_owned).collect()
    }
}

#[test]
fn scripts_print_the_whole_of_their_head_as_help() {
    for script in [
        "deploy/aks/quickstart",
        "deploy/image/build",
        "deploy/kind/quickstart",
        "tests/cluster/up",
        "tests/run",
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let output = Command::new(&script).arg("--help").output().unwrap();
        let source = fs::read_to_string(&script).unwrap();
        let head = source.lines().skip(1).take_while(|line| line.starts_with('#'));
        let head: Vec<&str> =
            head.map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
        assert!(output.status.success() && head.len() > 5, "{}", script.display());
        assert_eq!(text(&output).1.lines().collect::<Vec<_>>(), head, "{}", script.display());
    }
}

/// What the real helm makes of the installation among these calls, or why there is no real helm.
fn rendered(calls: &[String]) -> Result<Vec<Value>, &'static str> {
    let helm = Helm::find()?;
    let call = calls.iter().find(|call| call.contains(" upgrade --install ")).expect("an installation");
    let values: Vec<&str> = call.split(" --").skip(1).filter(|part| is_about_values(part)).collect();
    let arguments: Vec<String> = values
        .iter()
        .filter_map(|part| part.split_once(' '))
        .flat_map(|(option, value)| [format!("--{option}"), value.to_owned()])
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Ok(documents(&helm.template(&arguments, "").succeeded().stdout))
}

fn is_about_values(part: &str) -> bool {
    ["values ", "set-file ", "set-string "].iter().any(|option| part.starts_with(option))
}

/// The documents of that kind.
fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

fn on_the_path(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}

fn text(output: &Output) -> (Option<i32>, String, String) {
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code(), stdout, stderr)
}
