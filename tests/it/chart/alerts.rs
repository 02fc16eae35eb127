//! When the alerts fire: the cases of `tests/cases/alerts.yaml`, answered by Prometheus's own engine.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::helm::{Helm, documents};
use crate::support::skip::skip;

#[derive(Deserialize)]
struct Case {
    what: String,
    /// Values by series.
    series: BTreeMap<String, String>,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    at: String,
    alert: String,
    /// The labels of each that fires.
    #[serde(default)]
    fires: Vec<BTreeMap<String, String>>,
}

#[test]
fn alerts_fire_when_they_should_and_not_before() {
    let (helm, program) = match (Helm::find(), program()) {
        (Ok(helm), Some(program)) => (helm, program),
        (Err(reason), _) => return skip(reason),
        (_, None) => return skip("no engine of Prometheus; `tests/alerts/build` builds it"),
    };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/alerts.yaml");
    let cases: Vec<Case> = serde_saphyr::from_str(&fs::read_to_string(cases).unwrap()).unwrap();
    // With the labels that a ServiceMonitor gives, and without any that are certain.
    for monitor in [true, false] {
        let rules = rules(&helm, monitor);
        let answers = ask(&program, &rules, &cases);
        let mut wrong = Vec::new();
        for (case, answers) in cases.iter().zip(answers) {
            for (Question { at, alert, fires }, answer) in case.questions.iter().zip(answers) {
                if *fires != answer {
                    wrong.push(format!(
                        "{}: {alert} at {at} fires as {answer:?}, expected {fires:?}",
                        case.what
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(names_of(&rules), those_that_fire(&cases));
    }
}

fn rules(helm: &Helm, monitor: bool) -> Vec<Value> {
    let values = json!({"prometheusRule": {"enabled": true}, "serviceMonitor": {"enabled": monitor}});
    let objects = documents(&helm.render(&values.to_string()));
    let rule = objects.into_iter().find(|object| object["kind"] == "PrometheusRule").unwrap();
    rule["spec"]["groups"][0]["rules"].as_array().unwrap().clone()
}

fn names_of(rules: &[Value]) -> BTreeSet<&str> {
    rules.iter().map(|rule| rule["alert"].as_str().unwrap()).collect()
}

fn those_that_fire(cases: &[Case]) -> BTreeSet<&str> {
    let questions = cases.iter().flat_map(|case| &case.questions);
    questions.filter(|question| !question.fires.is_empty()).map(|question| &*question.alert).collect()
}

/// For each case and each of its questions the labels of what fires.
fn ask(program: &Path, rules: &[Value], cases: &[Case]) -> Vec<Vec<Vec<BTreeMap<String, String>>>> {
    let cases = cases.iter().map(|Case { series, questions, .. }| {
        let questions = questions.iter().map(|Question { at, alert, .. }| json!({"at": at, "alert": alert}));
        json!({"series": series, "questions": questions.collect::<Vec<_>>()})
    });
    let input = json!({"rules": rules, "cases": cases.collect::<Vec<_>>()}).to_string();
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where `tests/run` says, or where the last build left it.
fn program() -> Option<PathBuf> {
    let named = env::var_os("ACR_ADMISSION_TEST_ALERTS").filter(|value| !value.is_empty()).map(PathBuf::from);
    let folders = named.into_iter().chain(cached());
    folders.map(|folder| folder.join("alerts")).find(|path| path.is_file())
}

/// The newest of those that the build script has left.
fn cached() -> Option<PathBuf> {
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let builds = fs::read_dir(caches.join("acr-admission/alerts")).ok()?;
    let builds = builds.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    builds.max_by_key(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}
