//! The image: what is in it, that nothing of the moment gets in, and that both ways to it lead to the same one.
//!
//! The program is a stand-in, so that nothing has to be compiled: the script never looks into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::skip::skip;

const CONTAINER_FILE: &str = include_str!("../../../deploy/Containerfile");
const TAG: &str = "registry.example/acr-admission:1";

/// An image as `deploy/image/build` writes it, and the same unpacked.
pub(super) struct Image {
    folder: TempDir,
}

impl Image {
    /// Of a program with these permissions.
    pub(super) fn build(mode: u32, architecture: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("acr-admission");
        fs::write(&program, "a program").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let image = Self { folder };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        run(Command::new(root.join("deploy/image/build"))
            .args(["--tag", TAG, "--architecture", architecture])
            .args([Path::new("--binary"), &program, Path::new("--output"), &image.archive()])
            .env("SOURCE_DATE_EPOCH", "1700000000"));
        fs::create_dir(image.folder.path().join("layout")).unwrap();
        run(Command::new("tar").arg("--extract").args([
            Path::new("--file"),
            &image.archive(),
            Path::new("--directory"),
            &image.layout(""),
        ]));
        image
    }

    pub(super) fn archive(&self) -> PathBuf {
        self.folder.path().join("image.tar")
    }

    fn layout(&self, file: &str) -> PathBuf {
        self.folder.path().join("layout").join(file)
    }

    fn blob(&self, descriptor: &Value) -> PathBuf {
        let digest = descriptor["digest"].as_str().unwrap();
        self.layout(&format!("blobs/{}", digest.replace(':', "/")))
    }

    fn index(&self) -> Value {
        json(&self.layout("index.json"))
    }

    fn manifest(&self) -> Value {
        json(&self.blob(&self.index()["manifests"][0]))
    }

    fn config(&self) -> Value {
        json(&self.blob(&self.manifest()["config"]))
    }

    /// Permissions, owner and size of every file and folder.
    fn files(&self) -> Vec<String> {
        let layer = self.blob(&self.manifest()["layers"][0]);
        let listed = run(Command::new("tar")
            .args(["--list", "--verbose", "--gzip", "--numeric-owner", "--file"])
            .arg(layer)
            .env("TZ", "UTC"));
        listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

pub(super) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The reason for `skip` where a program that the script needs is missing.
pub(super) fn missing() -> Option<&'static str> {
    Command::new("jq").arg("--version").output().is_err().then_some("no jq on the search path")
}

/// The instructions of the stage that becomes the image, each in one line.
fn final_stage() -> Vec<(&'static str, String)> {
    let (_, stage) = CONTAINER_FILE.rsplit_once("\nFROM scratch\n").expect("the last stage is FROM scratch");
    let lines = stage.split_inclusive('\n').collect::<String>().replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = ["LABEL", "COPY", "USER", "WORKDIR", "ENTRYPOINT"];
    lines
        .lines()
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            let name = names.into_iter().find(|known| *known == name);
            (name.unwrap_or_else(|| panic!("the script does nothing like `{line}`")), words(rest))
        })
        .collect()
}

fn only<'a>(stage: &'a [(&str, String)], name: &str) -> &'a str {
    let mut found = stage.iter().filter(|(instruction, _)| *instruction == name);
    let (Some((_, argument)), None) = (found.next(), found.next()) else {
        panic!("not one {name}: {stage:?}")
    };
    argument
}

#[test]
fn both_ways_to_the_image_agree() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let image = Image::build(0o755, "amd64");
    let stage = final_stage();
    let config = &image.config()["config"];
    assert_eq!(config["User"], only(&stage, "USER"));
    assert_eq!(config["WorkingDir"], only(&stage, "WORKDIR"));
    assert_eq!(config["Entrypoint"], serde_json::from_str::<Value>(only(&stage, "ENTRYPOINT")).unwrap());
    let labels: BTreeMap<&str, &str> = only(&stage, "LABEL")
        .split(' ')
        .map(|label| label.split_once('=').unwrap())
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    assert_eq!(config["Labels"], serde_json::to_value(labels).unwrap());
    let copied = stage.iter().filter(|(instruction, _)| *instruction == "COPY");
    let copied: BTreeSet<&str> = copied.map(|(_, argument)| argument.rsplit(" /").next().unwrap()).collect();
    let files = image.files();
    let files = files.iter().filter(|file| file.starts_with('-'));
    let files: BTreeSet<&str> = files.map(|file| file.rsplit(' ').next().unwrap()).collect();
    assert_eq!(files, copied);
}

#[test]
fn the_image_holds_the_program_and_the_licence_and_nothing_else() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let image = Image::build(0o700, "arm64");
    let licence = fs::metadata(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE")).unwrap().len();
    let day = "2023-11-14 22:13";
    assert_eq!(
        image.files(),
        [
            format!("-rwxr-xr-x 0/0 9 {day} acr-admission"),
            format!("drwxr-xr-x 0/0 0 {day} licenses/"),
            format!("-rw-r--r-- 0/0 {licence} {day} licenses/LICENSE"),
        ]
    );
    let config = image.config();
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    assert_eq!([&config["os"], &config["architecture"]], ["linux", "arm64"]);
    let platform = &image.index()["manifests"][0]["platform"];
    assert_eq!([&platform["os"], &platform["architecture"]], ["linux", "arm64"]);
}

/// Engines look for parts by digest and refuse one that is not what its name says.
#[test]
fn every_part_of_the_image_is_what_it_is_called() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let image = Image::build(0o755, "amd64");
    let (index, manifest) = (image.index(), image.manifest());
    for part in [&index["manifests"][0], &manifest["config"], &manifest["layers"][0]] {
        let file = image.blob(part);
        let printed = run(Command::new("sha256sum").arg(&file));
        assert!(part["digest"].as_str().unwrap().ends_with(printed.split(' ').next().unwrap()), "{part}");
        assert_eq!(part["size"], fs::metadata(&file).unwrap().len(), "{part}");
    }
    assert_eq!(fs::read_dir(image.layout("blobs/sha256")).unwrap().count(), 3);
    // `docker load` of engines that read no OCI layout.
    let [entry] = json(&image.layout("manifest.json")).as_array().unwrap().clone().try_into().unwrap();
    assert_eq!(entry["RepoTags"][0], TAG);
    assert_eq!(image.layout(entry["Config"].as_str().unwrap()), image.blob(&manifest["config"]));
}

#[test]
fn the_same_program_becomes_the_same_bytes() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    // Written elsewhere, at another time, with other permissions.
    let [one, other] = [0o755, 0o711].map(|mode| fs::read(Image::build(mode, "amd64").archive()).unwrap());
    assert!(one == other, "the archives differ");
}
