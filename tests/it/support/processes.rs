//! Servers that a test starts and that never outlive it.
//!
//! `Drop` alone does not keep that promise: it does not run for a `static`, after an interrupt or when the
//! test is killed. So a small shell waits on a pipe that only this process holds open. When the pipe closes,
//! for whatever reason, the shell ends every process it was told of and removes the folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

use super::waiting::wait_until;

/// A folder and the processes that work in it.
pub(crate) struct Processes {
    folder: TempDir,
    janitor: Child,
    running: Vec<(String, Child)>,
}

impl Processes {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("acr-admission-").unwrap();
        let janitor = Command::new("sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(folder.path())
            // Away from the test's process group, so that an interrupt reaches the test and not its janitor.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, janitor, running: Vec::new() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a program whose words go to `NAME.log` in the folder.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) {
        let log = File::create(self.log_path(name)).unwrap();
        let child = command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        writeln!(self.janitor.stdin.as_mut().unwrap(), "{}", child.id()).unwrap();
        self.running.push((name.to_owned(), child));
    }

    /// The name of a program that has ended by itself. Do not go on with the others after that: the number
    /// of an ended process may come to belong to a stranger, and the janitor would end it.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let mut running = self.running.iter_mut();
        running.find_map(|(name, child)| child.try_wait().unwrap().map(|_| name.clone()))
    }

    /// Sends a signal, such as `TERM`, to a program.
    #[track_caller]
    pub(crate) fn tell(&self, name: &str, signal: &str) {
        let (_, child) = self.running.iter().find(|(running, _)| running == name).unwrap();
        let process = child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &process]).status();
        assert!(sent.unwrap().success(), "{name} cannot be sent {signal}");
    }

    /// Sends a signal to a program that should end by it, and returns how it ended.
    #[track_caller]
    pub(crate) fn end(&mut self, name: &str, signal: &str) -> ExitStatus {
        self.tell(name, signal);
        let position = self.running.iter().position(|(running, _)| running == name).unwrap();
        let (_, mut child) = self.running.remove(position);
        let process = child.id().to_string();
        let mut status = None;
        wait_until("the program ends", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        writeln!(self.janitor.stdin.as_mut().unwrap(), "forget {process}").unwrap();
        status.unwrap()
    }

    pub(crate) fn log(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path(name)).unwrap()).into_owned()
    }

    /// The end of every log, for the message of a test that could not start.
    pub(crate) fn last_words(&self) -> String {
        let tail = |(name, _): &(String, Child)| {
            let log = self.log(name);
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(LAST_LINES);
            format!("--- {name}\n{}", lines[from..].join("\n"))
        };
        self.running.iter().map(tail).collect::<Vec<_>>().join("\n")
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        for (_, child) in &mut self.running {
            let _ = child.wait();
        }
        let _ = self.janitor.wait();
    }
}

/// Tries the removal again because a process that was ended may still be finishing a write.
const JANITOR: &str = r#"
trap '' HUP INT TERM
processes=' '
while read -r process ended; do
    case $process in
        forget) processes="${processes%% $ended *} ${processes##* $ended }" ;;
        *) processes="$processes$process " ;;
    esac
done
[ "$processes" = ' ' ] || kill -9 $processes
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.1; done
"#;

const LAST_LINES: usize = 40;
