//! Any text either is an image reference, which prints as one that reads the same, or is refused at a place in it.

use acr_admission::engine::image::{ImageReference, ImageReferenceError};

use super::text::text;

pub(crate) fn check(input: &[u8]) {
    let text = text(input);
    match text.parse::<ImageReference>() {
        Ok(image) => {
            assert!(text.is_ascii() && image.repository().as_str().len() <= 255);
            assert!(!image.host().contains(|c: char| c.is_ascii_uppercase()), "{text:?}: {}", image.host());
            let again = image.to_string().parse::<ImageReference>();
            assert!(again.as_ref() == Ok(&image), "{text:?} prints as {image}");
        }
        Err(ImageReferenceError::Invalid { position, .. }) => assert!(position <= text.len(), "{text:?}"),
        Err(ImageReferenceError::Empty) => assert!(text.is_empty()),
        Err(ImageReferenceError::ImageId) => assert!(text.starts_with("sha256:")),
    }
}
