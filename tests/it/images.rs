//! Image references: 94 texts as the reference parser of the container ecosystem reads them, our own messages, and
//! laws about all texts.

use std::fs;

use acr_admission::engine::image::{ImageReference, ImageReferenceError, InvalidImage, RepositoryName};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    image: String,
    valid: bool,
    host: Option<String>,
    repository: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
    runtime_reads_it_as: Option<String>,
}

#[test]
fn reads_all_references_as_the_node_does() {
    #[derive(Deserialize)]
    struct File {
        references: Vec<Row>,
    }
    let file = fs::read_to_string("tests/fixtures/workloads/image-references.json").unwrap();
    let File { references } = serde_json::from_str(&file).unwrap();
    assert_eq!(references.len(), 94);
    for row in references {
        let parsed: Result<ImageReference, _> = row.image.parse();
        let image = &row.image;
        if image.is_empty() {
            assert_eq!(parsed, Err(ImageReferenceError::Empty));
        } else if row.runtime_reads_it_as.is_some() {
            assert_eq!(parsed, Err(ImageReferenceError::ImageId), "{image}");
        } else if row.host.as_deref() == Some("") {
            // The library takes the host for a part of the path. The node does not, and no registry has that name.
            assert!(
                matches!(
                    parsed,
                    Err(ImageReferenceError::Invalid { reason: InvalidImage::HostUnderscore, .. })
                ),
                "{image}: {parsed:?}"
            );
        } else if row.valid {
            let parsed = parsed.unwrap_or_else(|error| panic!("{image}: {error}"));
            assert_eq!(Some(parsed.host_as_spelled()), row.host.as_deref(), "{image}");
            assert_eq!(Some(parsed.repository().as_str()), row.repository.as_deref(), "{image}");
            assert_eq!(parsed.tag(), row.tag.as_deref(), "{image}");
            assert_eq!(parsed.digest(), row.digest.as_deref(), "{image}");
        } else {
            assert!(matches!(parsed, Err(ImageReferenceError::Invalid { .. })), "{image}: {parsed:?}");
        }
    }
}

#[test]
fn says_what_is_wrong_with_a_reference_and_where() {
    #[derive(Deserialize)]
    struct Case {
        image: String,
        error: String,
    }
    let file = fs::read_to_string("tests/cases/images.yaml").unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&file).unwrap();
    for Case { image, error } in cases {
        let parsed = image.parse::<ImageReference>();
        assert_eq!(parsed.map_err(|error| error.to_string()), Err(error), "{image:?}");
    }
}

#[test]
fn normalises_a_host_for_comparing_and_keeps_its_spelling() {
    for (image, host, port, spelled) in [
        ("Contoso.AzureCR.io:0443/x", "contoso.azurecr.io", Some("0443"), "Contoso.AzureCR.io:0443"),
        ("Contoso/x", "contoso", None, "Contoso"),
        ("localhost:5000/x", "localhost", Some("5000"), "localhost:5000"),
        ("[2001:DB8::1]:5000/x", "[2001:db8::1]", Some("5000"), "[2001:DB8::1]:5000"),
        ("index.docker.io/x", "docker.io", None, "docker.io"),
        ("my_registry.example/x", "my_registry.example", None, "my_registry.example"),
        ("x", "docker.io", None, "docker.io"),
    ] {
        let parsed: ImageReference = image.parse().unwrap();
        assert_eq!(
            (parsed.host(), parsed.port(), parsed.host_as_spelled()),
            (host, port, spelled),
            "{image}"
        );
    }
}

#[test]
fn counts_the_path_up_to_its_limit() {
    let of = |length: usize| "r".repeat(length);
    assert!(of(255).parse::<RepositoryName>().is_ok());
    assert!(of(256).parse::<RepositoryName>().is_err());
    assert!(format!("contoso.azurecr.io/{}", of(255)).parse::<ImageReference>().is_ok());
    // `library/` is part of the path.
    assert!(format!("{}:1", of(247)).parse::<ImageReference>().is_ok());
    assert!(format!("{}:1", of(248)).parse::<ImageReference>().is_err());
    // A host with `_` counts with the path.
    assert!(format!("a_b.example/{}", of(243)).parse::<ImageReference>().is_ok());
    assert!(format!("a_b.example/{}", of(244)).parse::<ImageReference>().is_err());
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_at_a_place_inside_it(text in any::<String>()) {
        if let Err(ImageReferenceError::Invalid { position, .. }) = text.parse::<ImageReference>() {
            prop_assert!(position <= text.len());
        }
    }

    #[test]
    fn printing_and_reading_again_gives_the_same_reference(text in REFERENCE_LIKE) {
        if let Ok(image) = text.parse::<ImageReference>() {
            let printed = image.to_string();
            prop_assert_eq!(printed.parse::<ImageReference>(), Ok(image.clone()), "{}", printed);
            let repository: RepositoryName = image.repository().as_str().parse().unwrap();
            prop_assert_eq!(&repository, image.repository());
        }
    }
}

/// Texts that come close to a reference often enough.
const REFERENCE_LIKE: &str =
    "([a-zA-Z_-]{1,4}[.:]?[a-zA-Z0-9]{0,3}/)?[a-z]{1,3}([._/-]{1,2}[a-z0-9]{1,2}){0,3}(:[a-z0-9.]{0,3})?";
