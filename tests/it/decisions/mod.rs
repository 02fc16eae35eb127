//! The decision table `tests/cases/decisions.yaml`, through the engine, the command line and the webhook.
//!
//! Each row becomes a hand-written inventory of its own and one question; every door must give the row's verdict and
//! reason.

mod estate;
mod table;
mod webhook;

use acr_admission::engine::account::{decide_admin_user, decide_anonymous};
use acr_admission::engine::action::Action;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::conditional_access::{SignIn, TokenAudience};
use acr_admission::engine::decision::{Advice, Decision, Reason};
use acr_admission::engine::image::ImageReference;
use acr_admission::engine::index::{HostMatch, IdentityMatch, Index};
use acr_admission::engine::quarantine::{NamedBy, mind_quarantine};
use acr_admission::engine::task::{QuickRunIdentity, TaskRequest};
use acr_admission::inventory::from_documents;
use assert_cmd::Command;
use jiff::Timestamp;
use serde_json::{Value, json};
use smol_str::SmolStr;

use self::estate::{SUBSCRIPTION, documents, id, principal, scope};
use self::table::{Question, rows};

const NOW: &str = "2026-11-22T12:00:00Z";

#[test]
fn every_row_holds_in_the_engine() {
    let mut wrong = Vec::new();
    for (row, mode) in rows() {
        let index = Index::build(from_documents(documents(&row, &mode)).unwrap().inventory);
        let decision = ask_engine(&index, &row.asks);
        let advice: Vec<String> = decision.advice.iter().map(|advice| advice.to_string()).collect();
        if let Some(expected) = &row.advice
            && advice != *expected
        {
            wrong.push(format!("row {} in {mode}: advice {advice:?}, not {expected:?}", row.number));
        }
        if decision.reason.to_string() != row.reason || decision.verdict().as_str() != row.expect {
            wrong.push(format!("row {} in {mode}: {}, not {}", row.number, decision.reason, row.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_holds_on_the_command_line() {
    let mut wrong = Vec::new();
    for (row, mode) in rows() {
        let inventory = tempfile::tempdir().unwrap();
        for (name, text) in documents(&row, &mode) {
            std::fs::write(inventory.path().join(name), text).unwrap();
        }
        let run = command(&row.asks).arg("--inventory").arg(inventory.path()).output().unwrap();
        let answer: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
        if answer["verdict"] != json!(row.expect) || answer["reason"] != json!(row.reason) {
            let talk = String::from_utf8_lossy(&run.stderr);
            wrong.push(format!("row {} in {mode}: {answer}, not {}; {talk}", row.number, row.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The question as a batch of one line; questions about tasks only go on the command line.
fn command(asks: &Question) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    command.args(["can-pull", "--now", NOW, "--audience", asks.audience.as_deref().unwrap_or("registry")]);
    if asks.former_mode {
        command.arg("--former-mode-credential");
    }
    if asks.at_connected_registry {
        command.arg("--at-connected-registry");
    }
    command.args(asks.met.iter().flat_map(|control| ["--control-met", control]));
    let identity = asks.identity.as_deref().unwrap_or("U1");
    let action = asks.action.as_deref().unwrap_or("pull");
    if asks.task || asks.quick_run.is_some() {
        command.args(["-o", "json", "--registry", "acme", "--action", action]);
        command.args(asks.repository.iter().flat_map(|repository| ["--repository", repository]));
        match &asks.quick_run {
            Some(word) => command.args([identity, "--quick-run", word]),
            None => command.args(["--task", "build"]),
        };
        return command;
    }
    let registry = asks.image.is_none().then_some("acme");
    let question = json!({
        "id": "row", "identity": identity, "registry": registry, "repository": asks.repository,
        "image": asks.image, "action": action, "quarantined": asks.quarantined,
    });
    command.args(["--batch", "-"]).write_stdin(format!("{question}\n"));
    command
}

fn ask_engine<'index>(index: &'index Index, question: &Question) -> Decision<'index> {
    let now: Timestamp = NOW.parse().unwrap();
    let action: Action = question.action.as_deref().unwrap_or("pull").parse().unwrap();
    let number = index.find_registry("acme").unwrap();
    let registry = index.registry(number).unwrap();
    let image: Option<ImageReference> = question.image.as_ref().map(|image| image.parse().unwrap());
    if let Some(image) = &image
        && let Some(HostMatch::DataEndpoint(_)) = index.host(image.host())
    {
        return Decision::plain(Reason::NotALoginServer);
    }
    let repository = image.as_ref().map(|image| image.repository().as_str());
    let repository = repository.or(question.repository.as_deref());
    let named_by = match image.as_ref().and_then(ImageReference::digest) {
        Some(_) => NamedBy::Digest,
        None => NamedBy::Tag,
    };
    let account = |decision| {
        if question.quarantined { mind_quarantine(registry, action, decision) } else { decision }
    };
    let controls_met: Vec<SmolStr> = question.met.iter().map(SmolStr::from).collect();
    let audience = match question.audience.as_deref() {
        Some("arm") => TokenAudience::ResourceManager,
        _ => TokenAudience::Registry,
    };
    let sign_in = SignIn {
        audience,
        controls_met: &controls_met,
        from_former_mode: question.former_mode,
        at_connected_registry: question.at_connected_registry,
    };
    let request = TaskRequest { registry: number, repository, action, now };
    if question.task {
        return index.decide_task(index.find_task(number, "build").unwrap(), &request);
    }
    if let Some(word) = &question.quick_run {
        let identity = if word == "[caller]" { QuickRunIdentity::Caller } else { QuickRunIdentity::Nobody };
        let caller = principal(question.identity.as_deref().unwrap_or("U1")).parse().unwrap();
        return index.decide_quick_run(caller, identity, &request, &sign_in);
    }
    match question.identity.as_deref().unwrap_or("U1") {
        "acme" => account(sign_in.mind_account(decide_admin_user(registry, repository, action))),
        "anonymous" => account(sign_in.mind_account(decide_anonymous(registry, repository, action))),
        "token" => {
            account(index.decide_token(index.token(number, "token").unwrap(), repository, action, now))
        }
        name => match index.find_identity(name) {
            IdentityMatch::One(found) if question.quarantined => {
                index.decide_quarantined(&request.of(found.principal_id), named_by, &sign_in)
            }
            IdentityMatch::One(found) => index.decide_signed_in(&request.of(found.principal_id), &sign_in),
            IdentityMatch::Several | IdentityMatch::None => Decision::plain(Reason::IdentityNotInEstate),
        },
    }
}

/// Which subscription a management group lies above is not known, so its deny assignment is not applied: with a word.
#[test]
fn a_deny_assignment_that_may_reach_the_registry_is_told() {
    let group = scope("MG1", false);
    let inventory = |denied: &str| {
        json!({
            "apiVersion": "acr-admission.dev/v1", "kind": "Inventory",
            "subscription": SUBSCRIPTION, "resourceGroup": "rg1",
            "registries": [{"name": "acme", "mode": "rbac"}],
            "identities": [{"name": "U1", "principalId": id(1)}, {"name": "U2", "principalId": id(2)}],
            "roleAssignments": [{"principal": "U1", "role": "AcrPull", "scope": "acme"}],
            "denyAssignments": [{"name": "d", "principals": [denied], "actions": ["*"], "scope": group}],
        })
    };
    for (denied, expected) in [("U1", true), ("everyone", true), ("U2", false)] {
        let document = ("a.yaml".to_owned(), inventory(denied).to_string().into_bytes());
        let index = Index::build(from_documents([document]).unwrap().inventory);
        let decision = index.decide(&AccessRequest {
            principal: id(1).parse().unwrap(),
            registry: index.find_registry("acme").unwrap(),
            repository: Some("app"),
            action: Action::Pull,
            now: NOW.parse().unwrap(),
        });
        assert_eq!(decision.reason, Reason::AllowedByRole);
        assert_eq!(decision.advice.contains(Advice::ManagementGroupChainUnknown), expected, "{denied}");
    }
}
