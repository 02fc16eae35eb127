//! The shape of an export means nothing: what `az` prints and what Resource Manager answers load to the same verdicts,
//! with fields that are null or left out, and to those of the estate that they were written from.

use acr_admission::engine::index::Index;
use acr_admission::inventory::from_documents;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq};
use proptest::proptest;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::estate::{
    Assignment, Deny, Estate, REGISTRIES, ROLES, SUBSCRIPTION, Tree, estate, principal, registry_id, scopes,
};
use super::{ask, cases, questions};

/// Which program wrote an export.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    Az,
    ResourceManager,
}

/// Decides by chance, the same way for one seed, whether a field without a value is null or left out.
struct Coin(u64);

impl Coin {
    fn shows_heads(&mut self) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 63 == 1
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases() / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_export_means_the_same_in_any_shape(mut estate in estate(), seed in any::<u64>()) {
        // Ends of assignments, deleted principals and whole memberships are told by other exports than these.
        estate.listed.fill(true);
        estate.complete.fill(false);
        estate.role_conditions.fill(None);
        estate.lacks = [false; 2];
        for assignment in &mut estate.assignments {
            (assignment.expired, assignment.deleted) = (false, false);
        }
        let built = Index::build(estate.inventory());
        let [az, arm] = [Shape::Az, Shape::ResourceManager].map(|shape| {
            let documents = documents(&estate, shape, &mut Coin(seed ^ shape as u64));
            Index::build(from_documents(documents).unwrap().inventory)
        });
        for asked in questions() {
            prop_assert_eq!(ask(&az, &asked), ask(&arm, &asked));
            prop_assert_eq!(ask(&az, &asked).0, ask(&built, &asked).0);
        }
    }
}

fn documents(estate: &Estate, shape: Shape, coin: &mut Coin) -> Vec<(String, Vec<u8>)> {
    let registries =
        REGISTRIES.iter().zip([Some("LegacyRegistryPermissions"), Some("AbacRepositoryPermissions"), None]);
    let registries = registries.map(|(name, mode)| registry(name, mode, shape, coin)).collect();
    let roles =
        (0..ROLES.len()).filter(|number| !is_known(*number)).map(|number| role(number, shape)).collect();
    let assignments = estate.assignments.iter().map(|one| assignment(one, shape, coin)).collect();
    let denies = estate.denies.iter().map(|one| deny(one, shape, coin)).collect();
    let mut documents = vec![
        document("registries.json", &list(registries, shape)),
        document("roles.json", &list(roles, shape)),
        document("assignments.json", &list(assignments, shape)),
        document("denies.json", &list(denies, shape)),
        document("groups.json", &list((0..estate.members.len()).map(group).collect(), shape)),
        document(
            "ancestors.json",
            &json!({
                "apiVersion": "acr-admission.dev/v1", "kind": "Inventory",
                "managementGroups": [{"subscription": "s1", "ancestors": ["above"]}],
            }),
        ),
    ];
    for (number, members) in estate.members.iter().enumerate() {
        let members = members.iter().map(|member| directory_object(*member)).collect();
        documents.push(document(&format!("members.group-{number}.json"), &list(members, shape)));
    }
    documents
}

fn document(name: &str, content: &Value) -> (String, Vec<u8>) {
    (name.to_owned(), content.to_string().into_bytes())
}

fn list(items: Vec<Value>, shape: Shape) -> Value {
    match shape {
        Shape::Az => Value::Array(items),
        Shape::ResourceManager => json!({"value": items}),
    }
}

/// The program knows these roles under their real ids.
fn is_known(role: usize) -> bool {
    matches!(ROLES[role].0, "AcrPull" | "RepositoryReader")
}

/// Puts properties beside the envelope, as `az` does, or below `properties`.
fn record(envelope: Value, properties: Value, shape: Shape, coin: &mut Coin) -> Value {
    let (Value::Object(mut record), Value::Object(properties)) = (envelope, properties) else {
        unreachable!()
    };
    let properties: Map<String, Value> =
        properties.into_iter().filter(|(_, value)| !value.is_null() || coin.shows_heads()).collect();
    match shape {
        Shape::Az => record.extend(properties),
        Shape::ResourceManager => {
            record.insert("properties".to_owned(), Value::Object(properties));
        }
    }
    Value::Object(record)
}

fn registry(name: &str, mode: Option<&str>, shape: Shape, coin: &mut Coin) -> Value {
    let envelope =
        json!({"id": registry_id(name), "name": name, "type": "Microsoft.ContainerRegistry/registries"});
    let properties = json!({
        "loginServer": format!("{name}.azurecr.io"), "roleAssignmentMode": mode, "adminUserEnabled": null,
        "anonymousPullEnabled": false, "policies": null,
    });
    record(envelope, properties, shape, coin)
}

fn role_id(number: usize) -> String {
    let role = Estate::role_assignment(&Assignment {
        name: 0,
        scope: 0,
        role: number,
        principal: 0,
        deleted: false,
        expired: false,
        condition: None,
    });
    role.role.to_string()
}

fn role(number: usize, shape: Shape) -> Value {
    let (name, built_in, [actions, not_actions, data_actions, not_data_actions]) = ROLES[number];
    let id = role_id(number);
    let kind = if built_in { "BuiltInRole" } else { "CustomRole" };
    let envelope = json!({
        "id": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}"), "name": id,
        "type": "Microsoft.Authorization/roleDefinitions",
    });
    // `az` calls it `roleType`, since `type` is the record's there.
    let key = if shape == Shape::Az { "roleType" } else { "type" };
    let properties = json!({
        "roleName": name, key: kind, "assignableScopes": [SUBSCRIPTION],
        "permissions": [{
            "actions": actions, "notActions": not_actions,
            "dataActions": data_actions, "notDataActions": not_data_actions,
        }],
    });
    record(envelope, properties, shape, &mut Coin(0))
}

fn named(kind: &str, scope: &str, name: u32) -> Value {
    let name = Uuid::from_u128(u128::from(name)).to_string();
    let below = if scope == "/" { "" } else { scope };
    json!({
        "id": format!("{below}/providers/Microsoft.Authorization/{kind}/{name}"), "name": name,
        "type": format!("Microsoft.Authorization/{kind}"),
    })
}

fn assignment(one: &Assignment, shape: Shape, coin: &mut Coin) -> Value {
    let scope = &scopes()[one.scope];
    let condition = one.condition.as_ref().map(Tree::text);
    let kind = if (4..7).contains(&one.principal) { "Group" } else { "ServicePrincipal" };
    let properties = json!({
        "scope": scope, "principalId": principal(one.principal).to_string(), "principalType": kind,
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{}", role_id(one.role)),
        "conditionVersion": condition.as_ref().map(|_| "2.0"), "condition": condition,
        "description": null, "delegatedManagedIdentityResourceId": null,
    });
    record(named("roleAssignments", scope, one.name), properties, shape, coin)
}

fn deny(one: &Deny, shape: Shape, coin: &mut Coin) -> Value {
    let scope = &scopes()[one.scope];
    let (_, _, [actions, not_actions, data_actions, not_data_actions]) = ROLES[one.role];
    let people = |numbers: &[usize]| -> Vec<Value> {
        let people = numbers
            .iter()
            .map(|number| json!({"id": principal(*number).to_string(), "type": "ServicePrincipal"}));
        people.collect()
    };
    let mut principals = people(&one.principals);
    if one.everyone {
        principals.push(json!({"id": Uuid::nil().to_string(), "type": "SystemDefined"}));
    }
    let condition = one.condition.as_ref().map(Tree::text);
    let properties = json!({
        "denyAssignmentName": "deny", "scope": scope, "principals": principals,
        "excludePrincipals": people(&one.excluded), "doNotApplyToChildScopes": one.only_this_scope,
        "denyAssignmentEffect": if one.enforced { "enforced" } else { "audit" },
        "conditionVersion": condition.as_ref().map(|_| "2.0"), "condition": condition,
        "permissions": [{
            "actions": actions, "notActions": not_actions,
            "dataActions": data_actions, "notDataActions": not_data_actions,
        }],
    });
    record(named("denyAssignments", scope, one.name), properties, shape, coin)
}

/// Directory objects are Graph's, whoever prints them.
fn group(number: usize) -> Value {
    json!({"id": principal(4 + number).to_string(), "displayName": format!("group-{number}"), "securityEnabled": true})
}

fn directory_object(number: usize) -> Value {
    let kind = if (4..7).contains(&number) { "group" } else { "servicePrincipal" };
    json!({"@odata.type": format!("#microsoft.graph.{kind}"), "id": principal(number).to_string(), "displayName": format!("d{number}")})
}
