//! The commands that a denial tells, as a person copies them into a shell: the real CLI carries them out at the
//! stand-in, and the next export turns the verdict.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::session::Session;
use super::stand_in::{Estate, Faults};
use crate::cli::run;
use crate::support::skip::skip;

/// Who, what, and by which command it is made good.
const DENIED: [(&str, &str, &str); 3] = [
    // Mode rbac: a new assignment without a condition.
    ("id-tenant-default", "contosoprod.azurecr.io/team/x:1", "az role assignment create"),
    // Mode rbac-abac: a new one with a condition, here from a file.
    ("contoso-legacy-puller", "contosoapps.azurecr.io/team/x:1", "az role assignment create"),
    // A condition that is too narrow; and an assignment that counts for nothing, to be deleted.
    ("id-kubelet-prod", "contosoapps.azurecr.io/team/x:1", "az role assignment update"),
];

#[test]
fn a_copied_fix_turns_the_verdict_of_the_next_export() {
    let session = match Session::start(Estate::contoso(), Faults::default()) {
        Ok(session) => session,
        Err(reason) => return skip(reason),
    };
    for (identity, image, command) in DENIED {
        let document = explain(identity, image, Path::new("tests/fixtures/az"));
        assert_eq!(document["verdict"], "deny", "{document:#}");
        let fix = &document["fix"];
        assert!(text(&fix["command"]).starts_with(command), "{fix:#}");
        let form = if fix["conditionInFile"].is_object() { &fix["conditionInFile"] } else { fix };
        if form["file"].is_object() {
            fs::write(session.path(text(&form["file"]["name"])), text(&form["file"]["content"])).unwrap();
        }
        session.bash(text(&form["command"])).succeeded();
        if fix["cleanUp"].is_string() {
            session.bash(text(&fix["cleanUp"])).succeeded();
        }
    }
    // The whole condition on the command line is the same as in the file: Azure has it already and keeps it.
    let before = assignments(&session);
    let (identity, image, _) = DENIED[1];
    let again = explain(identity, image, Path::new("tests/fixtures/az"));
    let kept = session.bash(text(&again["fix"]["command"])).succeeded();
    assert!(kept.stdout.contains("StringEqualsIgnoreCase 'team/x'"), "{kept}");
    // `create` cannot widen a condition: the CLI prints the assignment that is there and ends well.
    let triple = text(&again["fix"]["command"]).split_once(" --condition ").unwrap().0;
    let lost = session.bash(&format!("{triple} --condition '1 == 1'")).succeeded();
    assert!(lost.stdout.contains("team/x") && !lost.stdout.contains("1 == 1"), "{lost}");
    assert_eq!(assignments(&session), before);
    // Two were made, one put back and one deleted.
    assert_eq!(before, 22 + 2 - 1);

    session.bash("az acr update --name contosoedge --role-assignment-mode rbac-abac").succeeded();
    session.export(&[]).succeeded();
    assert_eq!(session.stand_in.unknown_requests(), [""; 0]);
    let exported = session.path("export");
    for (identity, image, _) in DENIED {
        let document = explain(identity, image, &exported);
        assert_eq!(document["verdict"], "allow", "{document:#}");
    }
    let edge = explain("aks-tenants-agentpool", "contosoedge-f8e2gqa9d4fbhxc7.azurecr.io/a:1", &exported);
    assert_eq!(
        (text(&edge["verdict"]), text(&edge["reason"])),
        ("deny", "RoleIgnoredInAbacMode"),
        "{edge:#}"
    );
}

fn explain(identity: &str, image: &str, inventory: &Path) -> Value {
    let inventory = inventory.to_str().unwrap();
    let now = "2026-11-22T12:00:00Z";
    let run = run(&["explain", identity, image, "--inventory", inventory, "--now", now, "-o", "json"]);
    assert!([0, 1].contains(&run.code), "{run}");
    run.json()
}

/// How many role assignments the stand-in holds.
fn assignments(session: &Session) -> usize {
    session.stand_in.role_assignments()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
