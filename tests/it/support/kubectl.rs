//! kubectl as a person would run it, with nobody's personal settings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// The program and the folder that takes what it keeps between commands.
pub(crate) struct Kubectl {
    program: PathBuf,
    home: PathBuf,
}

/// What a kubectl command did.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Kubectl {
    pub(crate) fn new(program: PathBuf, home: PathBuf) -> Self {
        Self { program, home }
    }

    /// `stdin` is what `--filename -` reads.
    pub(crate) fn run(&self, kubeconfig: &Path, arguments: &[&str], stdin: &str) -> Output {
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .arg("--cache-dir")
            .arg(self.home.join("kubectl-cache"))
            .arg(format!("--request-timeout={}s", REQUEST_LIMIT.as_secs()))
            .args(arguments)
            .env("HOME", &self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads no input may end before it is written.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Output {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Output {
    /// Fails the test, with what kubectl said, unless the command succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert!(self.status.success(), "kubectl failed: {}{}", self.stdout, self.stderr);
        self
    }
}

/// Longer than any webhook timeout (30 s at most), so that a test sees the server's answer to one.
const REQUEST_LIMIT: Duration = Duration::from_secs(45);
