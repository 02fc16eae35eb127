//! Whole exports: what comes out is what the services hold, however they page and stutter.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use acr_admission::engine::index::Index;
use acr_admission::inventory::{self, RecordKind};
use serde_json::{Value, json};

use super::session::{Run, Session};
use super::stand_in::{Estate, Faults, OTHER_SUBSCRIPTION, SUBSCRIPTION, TENANT};
use crate::support::skip::skip;
use crate::verdicts::assert_expected_verdicts;

#[test]
fn one_subscription_in_pages_of_one_record_from_a_busy_service() {
    let estate = Estate::contoso().with_role_below_the_subscription("Contoso Image Puller", "rg-registry");
    let busy = [("/beta/groups/", 2), ("roledefinitions", 1), ("getbyids", 1)].into();
    let faults = Faults { page_size: 1, busy, ..Faults::default() };
    let session = match Session::start(estate, faults) {
        Ok(session) => session,
        Err(reason) => return skip(reason),
    };
    let run = session.export(&["--conditional-access"]).succeeded();
    assert_eq!(session.stand_in.unknown_requests(), [""; 0], "{run}");
    assert!(
        run.stderr
            .contains("Contoso Production: 3 registries, 22 role assignments, 6 identities, 2 clusters"),
        "{run}"
    );

    let folder = session.path("export");
    let export = document(&folder.join("export.json"));
    assert_eq!(export["apiVersion"], "acr-admission.dev/v1");
    assert_eq!(export["kind"], "InventoryExport");
    assert_eq!(export["tenantId"], TENANT);
    assert_eq!(export["subscriptions"], json!([SUBSCRIPTION]));
    assert_eq!(export["tool"], concat!("export-inventory.sh ", env!("CARGO_PKG_VERSION")));
    assert_eq!(export["gaps"], json!([]));
    assert!(
        export["exportedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= jiff::Timestamp::now()
    );

    // What the CLI's typed commands print was recorded with the real service's shapes.
    let here = folder.join("subscriptions").join(SUBSCRIPTION);
    for (exported, recorded) in [
        ("registries.json", "acr-list.json"),
        ("deny-assignments.json", "role-deny-assignment-list.json"),
        ("identities.json", "identity-list.json"),
        ("role-assignments.json", "role-assignment-list.no-role-names.json"),
        ("clusters.json", "aks-list.json"),
        ("registry-tokens/contosoapps.json", "acr-token-list.contosoapps.json"),
        ("registry-scope-maps/contosoapps.json", "acr-scope-map-list.contosoapps.json"),
        ("registry-tasks/contosoapps.json", "acr-task-list.contosoapps.json"),
        (
            "federated-credentials/rg-identities/id-payments-api.json",
            "identity-federated-credential-list.id-payments-api.json",
        ),
    ] {
        let recorded = Path::new("tests/fixtures/az-real").join(recorded);
        assert_eq!(document(&here.join(exported)), document(&recorded), "{exported}");
    }
    // An empty list is a list.
    assert_eq!(document(&here.join("registry-tokens/contosoprod.json")), json!([]));
    // Every page, none of which says that another follows.
    let pages: BTreeSet<String> =
        files(&folder).iter().map(|path| name(path)).filter(|name| name.contains('-')).collect();
    for page in ["role-definitions-2.json", "conditional-access-policies-2.json"] {
        assert!(pages.contains(page), "{pages:?}");
    }
    assert!(files(&folder.join("groups")).len() >= 6, "three and two members, one on a page");
    for file in files(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("nextLink") && text.ends_with('\n'), "{}", file.display());
    }

    let loaded = inventory::load(&[folder]).unwrap_or_else(|errors| panic!("{errors}"));
    let custom = loaded.inventory.role_definitions.iter().filter(|role| !role.built_in).count();
    assert_eq!(custom, 2, "the role that only a resource group can be given is among them");
    assert_eq!(loaded.counts.records[&RecordKind::ConditionalAccessPolicy], 2);
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.iter().all(|warning| warning.starts_with("Unknown")), "{warnings:#?}");
    assert_expected_verdicts(&Index::build(loaded.inventory));
    assert_only_reads(&session);
    assert!(files(&session.path("")).iter().all(|file| !file.display().to_string().contains("/.export")));
}

#[test]
fn several_subscriptions_and_many_principals() {
    let session =
        match Session::start(Estate::in_two_subscriptions().with_many_principals(1001), Faults::default()) {
            Ok(session) => session,
            Err(reason) => return skip(reason),
        };
    let run = session.export(&["--output", "deep/er/contoso"]).succeeded();
    assert_eq!(session.stand_in.unknown_requests(), [""; 0], "{run}");
    let folder = session.path("deep/er/contoso");
    assert_eq!(
        document(&folder.join("export.json"))["subscriptions"],
        json!([SUBSCRIPTION, OTHER_SUBSCRIPTION])
    );
    assert!(
        files(&folder.join("directory")).len() == 2,
        "a thousand ids in one question, and the rest in another"
    );
    let loaded = inventory::load(std::slice::from_ref(&folder)).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.inventory.role_assignments.len(), 22 + 1001);
    assert_eq!(loaded.inventory.registries.len(), 3);
    assert_expected_verdicts(&Index::build(loaded.inventory));

    // One of them, by its name, over the earlier export; then what is not replaced.
    let one = ["--output", "deep/er/contoso", "--subscription", "contoso edge"];
    let run = session.export(&one).ended_with(2);
    assert!(run.stderr.contains("the folder deep/er/contoso is not empty"), "{run}");
    session.export(&[&one[..], &["--force"]].concat()).succeeded();
    assert_eq!(document(&folder.join("export.json"))["subscriptions"], json!([OTHER_SUBSCRIPTION]));
    assert!(!folder.join("subscriptions").join(SUBSCRIPTION).exists());
    fs::create_dir(session.path("mine")).unwrap();
    fs::write(session.path("mine/thesis"), "").unwrap();
    let run = session.export(&["--output", "mine", "--force"]).ended_with(2);
    assert!(run.stderr.contains("holds no earlier export, so it is not replaced"), "{run}");
    assert!(session.path("mine/thesis").exists());

    let run = session.export(&["--subscription", "Contoso Staging", "--output", "other"]).ended_with(2);
    assert!(
        run.stderr.starts_with("export-inventory.sh: Subscription 'Contoso Staging' not found."),
        "{run}"
    );
    assert!(
        run.stderr.contains("help: `az account list --refresh --output table` lists what az knows"),
        "{run}"
    );
    let mut command = session.export_command(&["--output", "other"]);
    let run =
        Run::of(command.env("AZURE_CONFIG_DIR", session.path("nobody")).output().unwrap()).ended_with(2);
    assert!(
        run.stderr.starts_with("export-inventory.sh: az is not signed in, or has no current subscription: "),
        "{run}"
    );
    assert!(!session.path("other").exists());
}

/// Nothing is changed in Azure: what is sent by POST is the sign-in and two questions.
pub(crate) fn assert_only_reads(session: &Session) {
    for request in session.stand_in.requests() {
        let path = request.to_lowercase();
        let reads = path.starts_with("get ")
            || path.ends_with("/oauth2/v2.0/token")
            || path.ends_with("/getentities")
            || path.ends_with("/getbyids");
        assert!(reads, "{request}");
    }
}

pub(crate) fn document(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
