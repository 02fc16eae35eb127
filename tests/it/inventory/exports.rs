//! What an export says of itself: its time is the inventory's age, its gaps are warnings.

use std::fs;

use acr_admission::engine::gap::{Gap, GapKind};
use acr_admission::inventory::export::ExportDocument;
use acr_admission::inventory::packed::format::PackedDocument;
use acr_admission::inventory::{LoadErrorCode, LoadWarningCode};
use serde_json::{Value, json};

use super::{fixture, read};

fn export(fields: &Value) -> String {
    let mut document = json!({"apiVersion": "acr-admission.dev/v1", "kind": "InventoryExport"});
    document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    document.to_string()
}

#[test]
fn the_oldest_export_gives_the_age() {
    let of = |time: &str| export(&json!({"exportedAt": time}));
    let loaded = read(&[
        ("a/export.json", &of("2026-11-22T10:00:00Z")),
        ("b/export.json", &of("2026-11-21T23:30:00+02:00")),
        ("c/export.json", &of("2026-11-22T11:00:00Z")),
    ]);
    assert_eq!(loaded.unwrap().exported_at, Some("2026-11-21T21:30:00Z".parse().unwrap()));
    assert_eq!(read(&[("registries.json", "[]")]).unwrap().exported_at, None);
}

#[test]
fn every_gap_is_a_warning_that_says_what_becomes_doubtful() {
    let gaps: Vec<Value> = GapKind::ALL
        .iter()
        .map(|what| json!({"what": what, "scope": "5b00", "command": "az x\n --all", "why": "no\nright"}))
        .collect();
    let again = export(&json!({"exportedAt": "2026-11-22T10:00:00Z", "gaps": [gaps[0]]}));
    let all = export(&json!({
        "exportedAt": "2026-11-22T10:00:00Z",
        "tenantId": "t",
        "subscriptions": ["5b00"],
        "tool": "export-inventory.sh 1",
        "gaps": gaps,
    }));
    let loaded = read(&[("export.json", &all), ("again.json", &again)]).unwrap();
    assert_eq!(loaded.inventory.gaps.len(), GapKind::ALL.len(), "one gap is told once");
    let first = Gap {
        what: GapKind::ALL[0],
        scope: "5b00".into(),
        command: "az x --all".into(),
        why: "no right".into(),
    };
    assert_eq!(loaded.inventory.gaps[0], first);
    for (warning, kind) in loaded.warnings.iter().zip(GapKind::ALL) {
        assert_eq!(warning.code, LoadWarningCode::ExportGap);
        assert_eq!(warning.place.file, "export.json");
        assert!(warning.place.path.starts_with("$.gaps["), "{warning}");
        for part in [kind.words(), kind.weakens(), "`5b00`", "(no right)"] {
            assert!(warning.message.contains(part), "{warning} without {part}");
        }
        assert!(warning.help.contains("`az x --all`"), "{warning}");
    }
    assert_eq!(loaded.warnings.len(), GapKind::ALL.len());
}

#[test]
fn yaml_is_fine_too() {
    let text = "apiVersion: acr-admission.dev/v1
kind: InventoryExport
exportedAt: '2026-11-22T10:00:00Z'
gaps:
  - {what: groupMembers, scope: readers}
";
    let loaded = read(&[("export.yaml", text)]).unwrap();
    assert_eq!(loaded.inventory.gaps.len(), 1);
    assert_eq!(loaded.warnings[0].place.line, Some(5));
}

#[test]
fn what_is_no_description_is_refused_with_its_path() {
    let time = "2026-11-22T10:00:00Z";
    for (fields, code, path) in [
        (json!({}), LoadErrorCode::MissingField, "$"),
        (json!({"exportedAt": "yesterday"}), LoadErrorCode::BadValue, "$.exportedAt"),
        (json!({"exportedAt": 5}), LoadErrorCode::WrongType, "$.exportedAt"),
        (json!({"exportedAt": time, "apiVersion": "v2"}), LoadErrorCode::BadValue, "$.apiVersion"),
        (json!({"exportedAt": time, "hole": []}), LoadErrorCode::UnknownField, "$.hole"),
        (json!({"exportedAt": time, "tool": 5}), LoadErrorCode::WrongType, "$.tool"),
        (json!({"exportedAt": time, "subscriptions": "all"}), LoadErrorCode::WrongType, "$.subscriptions"),
        (json!({"exportedAt": time, "gaps": {}}), LoadErrorCode::WrongType, "$.gaps"),
        (
            json!({"exportedAt": time, "gaps": [{"what": "weather", "scope": "x"}]}),
            LoadErrorCode::BadValue,
            "$.gaps[0].what",
        ),
        (json!({"exportedAt": time, "gaps": [{"what": "tasks"}]}), LoadErrorCode::MissingField, "$.gaps[0]"),
        (
            json!({"exportedAt": time, "gaps": [{"what": "tasks", "scope": "x", "when": 1}]}),
            LoadErrorCode::UnknownField,
            "$.gaps[0].when",
        ),
    ] {
        let errors = read(&[("export.json", &export(&fields))]).unwrap_err();
        let told: Vec<_> = errors.as_slice().iter().map(|one| (one.code, one.place.path.as_str())).collect();
        assert_eq!(told, [(code, path)], "{fields} gave {errors}");
    }
}

/// `ACR_ADMISSION_BLESS=1` writes the schemas anew.
#[test]
fn the_schemas_are_those_of_the_types() {
    for (name, schema) in [
        ("inventory-export", schemars::schema_for!(ExportDocument)),
        ("packed-inventory", schemars::schema_for!(PackedDocument)),
    ] {
        let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = fixture("../../docs/schemas").join(format!("{name}.schema.json"));
        if std::env::var_os("ACR_ADMISSION_BLESS").is_some() {
            fs::write(&path, &generated).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), generated, "run this test with ACR_ADMISSION_BLESS=1");
    }
}
