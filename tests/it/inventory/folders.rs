//! Folders as people and Kubernetes lay them out.

use std::fs;

use acr_admission::inventory::{self, LoadErrorCode};
use tempfile::TempDir;

use super::{fixture, normal_form, read};

fn copy(name: &str, folder: &TempDir, to: &str) {
    let to = folder.path().join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(fixture(name), to).unwrap();
}

#[test]
fn file_names_and_sub_folders_mean_nothing() {
    let folder = TempDir::new().unwrap();
    copy("az/acr-list.json", &folder, "b/deeper/x");
    copy("az/role-assignment-list.json", &folder, "a.txt.bak");
    copy("az/identity-list.json", &folder, "c.yaml");
    let loaded = inventory::load(&[folder.path().to_owned()]).unwrap();
    assert_eq!(loaded.inventory.registries.len(), 3);
    assert_eq!(loaded.inventory.role_assignments.len(), 22);
    assert_eq!(loaded.counts.documents, 3);
}

#[test]
fn documents_hidden_files_and_scripts_are_left_out_of_folders_and_named() {
    let folder = TempDir::new().unwrap();
    copy("az/acr-list.json", &folder, "acr-list.json");
    fs::write(folder.path().join("README.md"), "# notes").unwrap();
    fs::write(folder.path().join(".swap"), "x").unwrap();
    fs::write(folder.path().join("export.sh"), "az acr list").unwrap();
    let loaded = inventory::load(&[folder.path().to_owned()]).unwrap();
    let skipped: Vec<_> = loaded.skipped.iter().map(|one| one.path.file_name().unwrap().to_owned()).collect();
    assert_eq!(skipped, ["README.md", "export.sh"]);
    let named = inventory::load(&[folder.path().join("export.sh")]).unwrap_err();
    assert_eq!(named.as_slice().len(), 1, "a file that is named is read");
}

#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_read_once_and_follows_its_link() {
    use std::os::unix::fs::symlink;

    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    copy("az/acr-show.contosoprod.json", &folder, "..2026_11_22_10/registry.json");
    copy("az/acr-show.contosoapps.json", &folder, "..2026_11_22_11/registry.json");
    symlink("..2026_11_22_10", at("..data")).unwrap();
    symlink("..data/registry.json", at("registry.json")).unwrap();
    let before = inventory::load(&[folder.path().to_owned()]).unwrap();
    assert_eq!(before.counts.documents, 1);
    assert_eq!(before.inventory.registries[0].name, "contosoprod");

    fs::remove_file(at("..data")).unwrap();
    symlink("..2026_11_22_11", at("..data")).unwrap();
    let after = inventory::load(&[folder.path().to_owned()]).unwrap();
    assert_eq!(after.inventory.registries[0].name, "contosoapps");
    assert_ne!(before.fingerprint, after.fingerprint);
}

#[cfg(unix)]
#[test]
fn a_circle_of_links_ends() {
    let folder = TempDir::new().unwrap();
    copy("az/acr-list.json", &folder, "data/acr-list.json");
    std::os::unix::fs::symlink("..", folder.path().join("data/up")).unwrap();
    let loaded = inventory::load(&[folder.path().to_owned(), folder.path().join("data")]).unwrap();
    assert_eq!(loaded.counts.documents, 1);
}

#[test]
fn a_missing_path_is_an_environment_error_and_does_not_hide_others() {
    let errors =
        inventory::load(&["no/such/place".into(), fixture("az-real/rest-role-assignments.first-page.json")]);
    let errors = errors.unwrap_err();
    let codes: Vec<_> = errors.as_slice().iter().map(|error| error.code).collect();
    assert_eq!(codes, [LoadErrorCode::Unreadable, LoadErrorCode::IncompleteExport]);
    assert!(codes[0].is_environment() && !codes[1].is_environment());
}

#[test]
fn a_folder_without_data_is_no_empty_tenant() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    fs::write(folder.path().join("README.md"), "# notes").unwrap();
    let codes = |paths: &[&std::path::Path]| {
        let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
        let errors = inventory::load(&paths).err();
        errors.map(|errors| errors.as_slice().iter().map(|error| error.code).collect::<Vec<_>>())
    };
    let registries = fixture("az/acr-list.json");
    assert_eq!(codes(&[folder.path()]), Some(vec![LoadErrorCode::NoFiles]));
    assert_eq!(codes(&[&registries, folder.path()]), Some(vec![LoadErrorCode::NoFiles]));
    copy("az/acr-list.json", &folder, "inner/acr-list.json");
    assert_eq!(codes(&[folder.path()]), None);
    assert_eq!(codes(&[folder.path(), &folder.path().join("inner")]), None, "read already");
}

#[test]
fn every_text_encoding_of_a_shell_gives_the_same() {
    let text = fs::read_to_string(fixture("az/acr-list.json")).unwrap();
    let plain = normal_form(&read(&[("a.json", &text)]).unwrap().inventory);
    let marked = format!("\u{feff}{text}");
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [marked.into_bytes(), utf16, text.replace('\n', "\r\n").into_bytes()] {
        let loaded = inventory::from_documents([("a.json".to_owned(), bytes)]).unwrap();
        assert_eq!(normal_form(&loaded.inventory), plain);
    }
}
