//! Where the pages of the documentation lead: every link, every path and every test that they name is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders that hold pages, or things that pages speak of.
const FOLDERS: &[&str] =
    &["benches", "charts", "deploy", "docs", "examples", "fuzz", "src", "tests", ".ci", ".github"];

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            // What others wrote is theirs.
            if !path.ends_with("fixtures") && !path.ends_with("target") {
                files(&path, extension, found);
            }
        } else if path.extension().unwrap_or_default() == extension {
            found.push(path);
        }
    }
}

/// Every page with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    for folder in FOLDERS {
        files(&root().join(folder), "md", &mut pages);
    }
    pages.sort();
    pages.into_iter().map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_in_it() {
    let pages = pages();
    let mut followed = 0;
    let mut broken = Vec::new();
    for (page, text) in &pages {
        for target in links(text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let target_page = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let is_there = target_page.exists() && (anchor.is_empty() || has_heading(&target_page, anchor));
            if !is_there {
                broken.push(format!("{}: {target}", page.display()));
            }
            followed += 1;
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    assert!(followed > 20, "only {followed} links were found");
}

/// Targets of links inside the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).unwrap_or_default();
    text.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line) == anchor)
}

/// As code hosts make anchors of headings: small letters, blanks as hyphens, no punctuation.
fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let mut named = 0;
    let mut missing = BTreeSet::new();
    for (page, text) in pages() {
        for path in paths(&text) {
            named += 1;
            // Charts are packed alone, so their pages also count from their own folder.
            let is_there = [root(), page.parent().unwrap()].iter().any(|from| from.join(path).exists());
            if !is_there {
                missing.insert(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "paths that are not there:\n{}", Vec::from_iter(missing).join("\n"));
    assert!(named > 50, "only {named} paths were found");
}

/// Words that begin with a folder of the repository, without those that stand for many files or for files to come.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || "`'\"()[]<>|,;=@{}".contains(c);
    // With or without a line or a heading behind it.
    let words = text.split(is_between).map(|word| word.trim_start_matches("./"));
    let words = words.map(|word| word.split([':', '#']).next().unwrap_or_default().trim_end_matches('.'));
    let words = words.filter(|word| !word.contains(['*', '…', '$']) && !word.starts_with("fuzz/corpus/"));
    let words = words.filter(|word| !word.split(['/', '.']).any(is_placeholder));
    words.filter(|word| word.split_once('/').is_some_and(|(first, _)| FOLDERS.contains(&first)))
}

/// `tests/it/corpora/TARGET.rs`.
fn is_placeholder(part: &str) -> bool {
    part.len() > 1 && part != "README" && part.chars().all(|c| c.is_ascii_uppercase())
}

/// Who follows one page must find on the next one what the first made.
#[test]
fn the_inventory_has_one_name_wherever_a_config_map_of_it_is_made_or_read() {
    const NAME: &str = "acr-admission-inventory";
    let mut sources = Vec::new();
    for folder in ["charts", "deploy", "docs"] {
        for extension in ["md", "yaml", ""] {
            files(&root().join(folder), extension, &mut sources);
        }
    }
    let mut named = 0;
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for name in inventory_names(&text) {
            assert_eq!(name, NAME, "{}", source.display());
            named += 1;
        }
    }
    assert!(named > 10, "only {named} names were found");
}

/// What is made by kubectl or by this program, and what values and volumes read. A list of several is an example of that.
fn inventory_names(text: &str) -> impl Iterator<Item = &str> {
    const BEFORE: [&str; 5] =
        ["create configmap ", "--config-map ", "configMaps: [", "configMaps={", "inventory/configmap-"];
    let names = BEFORE.iter().flat_map(|before| text.split(before).skip(1));
    let names = names.map(|rest| {
        rest.split(|c: char| c.is_whitespace() || "]}'`/".contains(c)).next().unwrap_or_default()
    });
    let names = names.map(|name| name.trim_matches('"'));
    names.filter(|name| {
        !name.is_empty() && !name.ends_with(',') && !is_placeholder(name) && !name.starts_with('{')
    })
}

/// All keys of a `ConfigMap` count, so a second one would be an older inventory that stays.
#[test]
fn the_inventory_has_one_key_wherever_a_config_map_of_it_is_made() {
    let mut named = 0;
    for (page, text) in pages() {
        for key in text.split("--from-file ").skip(1) {
            let key = key.split_whitespace().next().unwrap_or_default();
            assert_eq!(key, "inventory.json.gz", "{}", page.display());
            named += 1;
        }
        // What the program stores has that name where it is compressed.
        let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        for commands in blocks.filter(|commands| commands.contains("--config-map")) {
            assert!(commands.contains("--gzip"), "{}: {commands}", page.display());
            named += 1;
        }
    }
    assert!(named > 4, "only {named} were found");
}

/// What `tests/cluster` prints and what the page shows go by the same names.
#[test]
fn every_figure_of_the_cluster_suite_has_its_row() {
    let page = fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let (_, measured) = page.split_once("In a whole cluster (").unwrap();
    let rows: BTreeSet<&str> =
        measured.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let mut sources = Vec::new();
    files(&root().join("tests/cluster"), "rs", &mut sources);
    let mut printed = 0;
    for source in sources {
        let text = fs::read_to_string(&source).unwrap().replace("fn figure(", "");
        for call in text.split("figure(").skip(1) {
            let name = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            let Some(name) = name else { panic!("{}: a figure without a plain name", source.display()) };
            assert!(rows.contains(name), "{}: `{name}` has no row under Measured", source.display());
            printed += 1;
        }
    }
    assert!(printed >= 8, "only {printed} figures were found");
}

const THREATS: &str = include_str!("../../docs/threat-model.md");

#[test]
fn every_threat_names_tests_that_exist_or_says_what_is_missing() {
    let tests = names_of_tests();
    let mut numbers = Vec::new();
    for row in THREATS.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, threat, measure, proof] = cells[..] else { panic!("not four cells: {row}") };
        numbers.push(number.parse::<usize>().unwrap());
        assert!(!threat.is_empty() && !measure.is_empty(), "{row}");
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let admits = proof.contains("Limit") || proof.contains("Not covered yet");
        assert!(!named.is_empty() || admits, "no test, and no word about it: {row}");
        for name in named {
            assert!(tests.contains(name), "threat {number} names `{name}`, which is no test");
        }
    }
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
    assert!(numbers.len() >= 34, "the table lost threats");
}

/// Functions below an attribute that makes them tests.
fn names_of_tests() -> BTreeSet<String> {
    let mut sources = Vec::new();
    files(&root().join("tests"), "rs", &mut sources);
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                names.insert(rest.split(['(', '<']).next().unwrap_or_default().to_owned());
                is_test = false;
            }
        }
    }
    names
}
