//! The real `az`, signed in at the stand-in, in a folder of its own.

use std::env;
use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::stand_in::{Estate, Faults, StandIn, TENANT};

/// The version that `tests/azure/cli` installs.
const VERSION: &str = "2.91.0";

/// All that the export script may need beside `az`: a container image of the CLI has hardly more.
const PROGRAMS: &[&str] = &[
    "bash", "cat", "date", "dirname", "grep", "ls", "mkdir", "mktemp", "mv", "rm", "rmdir", "sed", "sleep",
    "sort", "split", "tail", "tr",
];

/// A stand-in and somebody who is signed in there.
pub(crate) struct Session {
    pub(crate) stand_in: StandIn,
    /// Where everything goes that is not for this machine.
    proxy: String,
    folder: TempDir,
}

/// How a program ended, and what it said.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    /// The reason is for `skip`.
    pub(crate) fn start(estate: Estate, faults: Faults) -> Result<Self, &'static str> {
        let session = Self::signed_out(estate, faults)?;
        let who = "5f5d5f63-7d3c-4b53-9a0f-6a6f2d4f7a10";
        let sign_in =
            ["login", "--service-principal", "--username", who, "--password", "right", "--tenant", TENANT];
        session.az(&sign_in).succeeded();
        Ok(session)
    }

    /// With the stand-in as the current cloud. What the CLI asks of other hosts goes nowhere.
    pub(crate) fn signed_out(estate: Estate, faults: Faults) -> Result<Self, &'static str> {
        let session = Self::with(StandIn::start(estate, faults), "http://127.0.0.1:9".to_owned())?;
        let url = session.stand_in.url();
        let slash = format!("{url}/");
        // What a cloud that is not Azure's is told of (`az cloud register --help`).
        #[rustfmt::skip]
        session.az(&[
            "cloud", "register", "--name", "stand-in", "--skip-endpoint-discovery",
            "--endpoint-resource-manager", &url,
            "--endpoint-active-directory", &url,
            "--endpoint-active-directory-resource-id", "https://management.core.windows.net/",
            "--endpoint-microsoft-graph-resource-id", &slash,
            "--endpoint-active-directory-graph-resource-id", "https://graph.windows.net/",
            "--endpoint-management", "https://management.core.windows.net/",
            "--suffix-acr-login-server-endpoint", ".azurecr.io",
        ]).succeeded();
        session.az(&["cloud", "set", "--name", "stand-in"]).succeeded();
        Ok(session)
    }

    /// With Azure's own cloud as the current one, all of it behind the stand-in's proxy.
    pub(crate) fn behind_proxy(estate: Estate) -> Result<Self, &'static str> {
        let stand_in = StandIn::behind_proxy(Ipv4Addr::LOCALHOST.into(), estate);
        let proxy = stand_in.proxy();
        Self::with(stand_in, proxy)
    }

    fn with(stand_in: StandIn, proxy: String) -> Result<Self, &'static str> {
        let az = find().ok_or("no Azure CLI; `tests/azure/cli` installs it")?;
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(az, bin.join("az")).unwrap();
        for program in PROGRAMS {
            symlink(on_the_path(program), bin.join(program)).unwrap();
        }
        fs::write(folder.path().join("ca.pem"), stand_in.ca_pem()).unwrap();
        Ok(Self { stand_in, proxy, folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `az` with these arguments.
    #[track_caller]
    pub(crate) fn az(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(&self.path("bin/az")).args(arguments).output().unwrap())
    }

    /// Runs a line of shell, as somebody does who copies a command.
    #[track_caller]
    pub(crate) fn bash(&self, line: &str) -> Run {
        Run::of(self.command(Path::new("bash")).args(["-c", line]).output().unwrap())
    }

    /// Runs the export script, not waiting between tries.
    #[track_caller]
    pub(crate) fn export(&self, arguments: &[&str]) -> Run {
        Run::of(self.export_command(arguments).output().unwrap())
    }

    pub(crate) fn export_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(Path::new("bash"));
        command.arg(script()).args(["--retry-wait", "0"]).args(arguments);
        command
    }

    /// A program in the session's folder and environment, with nothing of the tester's own Azure.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("AZURE_CONFIG_DIR", self.path("azure"))
            .env("AZURE_CORE_COLLECT_TELEMETRY", "0")
            .env("AZURE_CORE_INSTANCE_DISCOVERY", "false")
            .env("AZURE_EXTENSION_USE_DYNAMIC_INSTALL", "no")
            .env("REQUESTS_CA_BUNDLE", self.path("ca.pem"))
            .env("HTTPS_PROXY", &self.proxy)
            .env("NO_PROXY", "127.0.0.1");
        command
    }
}

/// The export script.
pub(crate) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/azure/export-inventory.sh")
}

fn find() -> Option<PathBuf> {
    let given = env::var_os("ACR_ADMISSION_TEST_AZURE_CLI").map(PathBuf::from);
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let installed = caches.map(|caches| caches.join("acr-admission/azure-cli").join(VERSION).join("bin"));
    [given, installed].into_iter().flatten().map(|folder| folder.join("az")).find(|az| az.is_file())
}

/// Where a program is on this machine.
pub(crate) fn on_the_path(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("no {program} on the PATH"))
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit code: {code:?}\n----- stdout -----\n{stdout}----- stderr -----\n{stderr}")
    }
}
