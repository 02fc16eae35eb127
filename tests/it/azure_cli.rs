//! Commands that repair something: every form of them goes through real shells, and what the program gets is
//! compared byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use acr_admission::azure_cli::{Account, AzCommand, Remedy, Repair, Shell, instruction};
use acr_admission::engine::action::Action;
use acr_admission::engine::assignment::PrincipalType;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::condition::Condition;
use acr_admission::engine::decision::{Reason, Verdict};
use acr_admission::engine::fix::{Change, Fix, Grant, NoFix, Reach, portal_condition};
use acr_admission::engine::index::{IdentityMatch, Index};
use acr_admission::engine::scope::Scope;
use acr_admission::inventory::load;
use serde_json::Value;

const READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

/// Conditions as people and portals write them, and text that no shell should be shown unquoted.
fn nasty_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'",
        "''",
        "it's",
        "a'b'c",
        "\\",
        "\\'",
        "'\\''",
        "!(x)",
        "!!",
        "!$",
        "$HOME",
        "${IFS}",
        "$(id)",
        "`id`",
        "a\nb",
        "a\r\nb",
        "a\tb",
        " lead and trail ",
        "*",
        "~",
        "#x",
        "{a,b}",
        "a;b",
        "a&b|c>d<e",
        "\"",
        "ümlaut ‘quotes’ 中",
        "%PATH%",
        "^",
        "-n",
        "--",
        "",
    ]
    .map(str::to_owned)
    .into();
    let valid: Value =
        serde_json::from_str(&fs::read_to_string("tests/fixtures/conditions/valid.json").unwrap()).unwrap();
    let cases = valid.as_array().or_else(|| valid["cases"].as_array()).unwrap();
    texts.extend(cases.iter().map(|case| case["condition"].as_str().unwrap().to_owned()));
    assert!(texts.len() > 60, "{}", texts.len());
    texts
}

/// What a program gets that a shell starts with this line, where `az` is a function that prints its arguments.
fn through(shell: &str, line: &str) -> Vec<String> {
    let script = format!("az() {{ printf '%s\\0' az \"$@\"; }}\n{line}\n");
    let output = Command::new(shell).args(["-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}

#[test]
fn every_text_arrives_as_it_was() {
    for text in nasty_texts() {
        let command = AzCommand::new(["role", "assignment", "create", "--condition", &text, "--last"]);
        for shell in ["bash", "sh"] {
            assert_eq!(through(shell, &command.line(Shell::Posix)), command.arguments(), "{shell} {text:?}");
        }
    }
}

#[test]
fn history_expansion_of_a_prompt_leaves_conditions_alone() {
    let condition = portal_condition("team/app").unwrap().replace('\n', "");
    let command = AzCommand::new(["role", "assignment", "create", "--condition", &condition]);
    let script = format!("set -o history -H\naz() {{ printf '%s\\0' az \"$@\"; }}\n{command}\n");
    let mut bash = Command::new("bash")
        .arg("-s")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut bash.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.strip_suffix('\0').unwrap().split('\0').collect::<Vec<_>>(), command.arguments());
}

#[test]
fn every_form_of_a_repair_arrives_as_it_was() {
    let forms = repairs();
    assert!(forms.len() >= 4, "{}", forms.len());
    for (_, repair) in &forms {
        let in_file = repair.condition_in_file.as_ref().map(|form| &form.command);
        for command in [Some(&repair.command), in_file, repair.clean_up.as_ref()].into_iter().flatten() {
            for shell in ["bash", "sh"] {
                assert_eq!(through(shell, &command.to_string()), command.arguments());
                assert_eq!(through(shell, &command.over_lines(Shell::Posix, "    ")), command.arguments());
            }
            assert!(!command.to_string().contains('\n'), "{command}");
        }
    }
    for reason in Reason::ALL {
        let account = Account {
            registry: Some("contosoapps"),
            repository: Some("team-a/app"),
            token: Some("edge-puller"),
            scope_map: Some("edge-map"),
        };
        let Some(command) = Remedy::of(*reason, account).and_then(|remedy| remedy.command) else { continue };
        assert_eq!(through("sh", &command.to_string()), command.arguments());
    }
}

#[test]
fn a_condition_in_a_file_is_the_same_condition() {
    for (_, repair) in repairs() {
        let Some(form) = repair.condition_in_file else { continue };
        let inline = argument(&repair.command, "--condition");
        assert_eq!(argument(&form.command, "--condition"), format!("@{}", form.file.name));
        assert_eq!(Condition::parse(&form.file.content).unwrap(), Condition::parse(inline).unwrap());
    }
}

#[test]
fn new_conditions_are_the_portals_to_the_byte() {
    let valid: Value =
        serde_json::from_str(&fs::read_to_string("tests/fixtures/conditions/valid.json").unwrap()).unwrap();
    let cases = valid.as_array().or_else(|| valid["cases"].as_array()).unwrap();
    let text = |id: &str| cases.iter().find(|case| case["id"] == id).unwrap()["condition"].as_str().unwrap();
    assert_eq!(portal_condition("hello-world").unwrap(), text("acr-single-repo"));
    let fix = Fix {
        change: Change::Create(Box::new(Grant {
            principal: "4835d9df-77b3-4cf0-abbf-67272efe2390".parse().unwrap(),
            principal_type: PrincipalType::ServicePrincipal,
            role: READER.parse().unwrap(),
            scope: Scope::parse("/subscriptions/S1/resourceGroups/rg 1").unwrap(),
            condition: portal_condition("hello-world"),
        })),
        reach: Reach::Repository,
        ignored: Vec::new(),
    };
    let repair = Repair::from(&fix);
    assert_eq!(argument(&repair.command, "--condition"), text("acr-single-repo-oneline"));
    let quoted = text("acr-single-repo-oneline").replace('\'', "'\\''");
    assert_eq!(
        repair.command.to_string(),
        format!(
            "az role assignment create --assignee-object-id 4835d9df-77b3-4cf0-abbf-67272efe2390 \
             --assignee-principal-type ServicePrincipal --role {READER} --scope '/subscriptions/S1/resourceGroups/rg 1' \
             --condition '{quoted}' --condition-version 2.0"
        )
    );
}

#[test]
fn an_update_file_is_the_listed_assignment_with_the_new_condition() {
    let listed: Value =
        serde_json::from_str(&fs::read_to_string("tests/fixtures/az/role-assignment-list.json").unwrap())
            .unwrap();
    let mut updates = 0;
    for (index_fix, repair) in repairs() {
        let Some(file) = &repair.file else { continue };
        assert_eq!(repair.command.arguments().last(), Some(&file.name), "{index_fix}");
        let file: Value = serde_json::from_str(&file.content).unwrap();
        let Some(original) = listed.as_array().unwrap().iter().find(|one| one["name"] == file["name"]) else {
            continue;
        };
        for field in ["id", "name", "principalId", "principalType", "scope", "type"] {
            assert_eq!(file[field], original[field], "{field}");
        }
        let (new, old) = (file["condition"].as_str().unwrap(), original["condition"].as_str().unwrap());
        assert!(Condition::parse(new).is_ok() && new != old);
        assert_eq!(file["conditionVersion"], "2.0");
        updates += 1;
    }
    assert!(updates > 0);
}

#[test]
fn every_reason_that_is_not_fine_says_what_to_do() {
    let silent: BTreeSet<Reason> =
        Reason::ALL.iter().copied().filter(|reason| instruction(*reason).is_none()).collect();
    for reason in &silent {
        assert!(matches!(reason.verdict(), Verdict::Allow | Verdict::Unmanaged | Verdict::Skip), "{reason}");
    }
    let hostile = Account { registry: Some("r"), token: Some("@/etc/passwd"), ..Account::default() };
    assert_eq!(Remedy::of(Reason::TokenDisabled, hostile).unwrap().command, None);
}

#[test]
fn no_fix_is_made_up_where_roles_do_not_help() {
    let index = index();
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let IdentityMatch::One(found) = index.find_identity("id-frontend-web") else { panic!() };
    let request = AccessRequest {
        principal: found.principal_id,
        registry: index.find_registry("contosoapps").unwrap(),
        repository: Some("it's"),
        action: Action::Pull,
        now,
    };
    assert_eq!(index.fix(&request).unwrap_err(), NoFix::NameNotExpressible);
    let push = AccessRequest { action: Action::Push, ..request };
    assert_eq!(index.fix(&push).unwrap_err(), NoFix::NotAPull);
    let long = "a".repeat(9000);
    let long = AccessRequest { repository: Some(&long), ..request };
    assert_eq!(index.fix(&long).unwrap_err(), NoFix::ConditionTooLong);
}

fn index() -> Index {
    Index::build(load(&["tests/fixtures/az".into()]).unwrap().inventory)
}

/// Every fix of every identity for some repositories of every registry.
fn repairs() -> Vec<(String, Repair)> {
    let index = index();
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let mut repairs = Vec::new();
    for principal in &index.inventory().principals {
        for (registry, facts) in index.registries() {
            for repository in ["frontend/api", "shared/node-agent"] {
                let request = AccessRequest {
                    principal: principal.principal_id,
                    registry,
                    repository: Some(repository),
                    action: Action::Pull,
                    now,
                };
                if let Ok(fix) = index.fix(&request) {
                    let title = format!("{} {} {repository}", principal.name, facts.name);
                    repairs.push((title, Repair::from(&fix)));
                }
            }
        }
    }
    repairs
}

fn argument<'a>(command: &'a AzCommand, flag: &str) -> &'a str {
    let position = command.arguments().iter().position(|argument| argument == flag).unwrap();
    &command.arguments()[position + 1]
}
