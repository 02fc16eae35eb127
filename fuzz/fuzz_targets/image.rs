//! Any text either is an image reference, which prints as one that reads the same, or is refused at a place in it.

#![no_main]

use acr_admission::engine::image::{ImageReference, ImageReferenceError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<ImageReference>() {
        Ok(image) => {
            assert!(text.is_ascii() && image.repository().as_str().len() <= 255);
            let again = image.to_string().parse::<ImageReference>();
            assert!(again.as_ref() == Ok(&image), "{text:?} prints as {image}");
        }
        Err(ImageReferenceError::Invalid { position, .. }) => assert!(position <= text.len(), "{text:?}"),
        Err(ImageReferenceError::Empty) => assert!(text.is_empty()),
        Err(ImageReferenceError::ImageId) => assert!(text.starts_with("sha256:")),
    }
});
