//! Privileged Identity Management: time-bound and eligible assignments.

use jiff::Timestamp;

use super::read;

const SCOPE: &str = "/subscriptions/s/resourceGroups/g";
const PRINCIPAL: &str = "10000000-0000-4000-8000-000000000001";
const ACR_PULL: &str =
    "/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d";

fn assignment() -> String {
    format!(
        r#"[{{"id": "{SCOPE}/providers/Microsoft.Authorization/roleAssignments/a", "name": "a", "scope": "{SCOPE}",
             "principalId": "{PRINCIPAL}", "roleDefinitionId": "{ACR_PULL}", "type": "Microsoft.Authorization/roleAssignments"}}]"#
    )
}

fn instance(kind: &str, name: &str, origin: &str) -> String {
    format!(
        r#"{{"value": [{{"id": "{SCOPE}/providers/Microsoft.Authorization/{kind}/{name}", "name": "{name}", "type": "Microsoft.Authorization/{kind}",
             "properties": {{"scope": "{SCOPE}", "principalId": "{PRINCIPAL}", "roleDefinitionId": "{ACR_PULL}", "originRoleAssignmentId": {origin},
             "startDateTime": "2026-11-01T08:00:00.000Z", "endDateTime": "2026-11-01T16:00:00.000Z"}}}}]}}"#
    )
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[test]
fn an_active_instance_gives_its_assignment_a_time() {
    let by_id = format!("\"{SCOPE}/providers/Microsoft.Authorization/RoleAssignments/a\"");
    for origin in [by_id.as_str(), "null"] {
        let instance = instance("roleAssignmentScheduleInstances", "i", origin);
        for files in [
            [("a.json", assignment()), ("b.json", instance.clone())],
            [("a.json", instance.clone()), ("b.json", assignment())],
        ] {
            let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let assignments = read(&files).unwrap().inventory.role_assignments;
            let [one] = assignments.as_slice() else { panic!("one assignment, {}", assignments.len()) };
            let window = one.window.as_ref().unwrap();
            assert_eq!(one.name.to_string(), "a");
            assert!(window.is_active(at("2026-11-01T12:00:00Z")));
            assert!(!window.is_active(at("2026-11-01T16:00:00Z")));
        }
    }
}

#[test]
fn an_eligible_instance_stands_beside_it_and_never_counts() {
    let eligible = instance("roleEligibilityScheduleInstances", "e", "null");
    let inventory = read(&[("a.json", &assignment()), ("b.json", &eligible)]).unwrap().inventory;
    let [active, eligible] = inventory.role_assignments.as_slice() else { panic!("two assignments") };
    assert!(active.window.is_none());
    assert!(!eligible.window.as_ref().unwrap().is_active(at("2026-11-01T12:00:00Z")));
}
