//! Path, tag and digest: ASCII tables, no regular expressions, time linear in the length of the text.

use super::error::{ImageReferenceError, InvalidImage};

pub(super) fn check_path(path: &str) -> Result<(), ImageReferenceError> {
    if let Some(position) = path.bytes().position(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidImage::UpperCase.at(position));
    }
    let mut position = 0;
    for part in path.split('/') {
        if part.is_empty() {
            return Err(InvalidImage::EmptyPart.at(position));
        }
        check_path_part(part).map_err(|fault| fault.after(position))?;
        position += part.len() + 1;
    }
    Ok(())
}

/// Splitting at every letter and digit leaves what stands between them: nothing, or a separator.
fn check_path_part(part: &str) -> Result<(), ImageReferenceError> {
    let is_run = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let mut position = 0;
    for between in part.split(is_run) {
        let end = position + between.len();
        if let Some(stray) = between.bytes().position(|byte| !matches!(byte, b'.' | b'_' | b'-')) {
            return Err(InvalidImage::PathCharacter.at(position + stray));
        }
        let inside = position > 0 && end < part.len();
        let separates = matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-');
        let allowed = between.is_empty() || (inside && separates);
        if !allowed {
            return Err(InvalidImage::Separator.at(position));
        }
        position = end + 1;
    }
    Ok(())
}

pub(super) fn check_tag(tag: &str) -> Result<(), ImageReferenceError> {
    if tag.is_empty() {
        return Err(InvalidImage::EmptyTag.at(0));
    }
    if tag.starts_with(['.', '-']) {
        return Err(InvalidImage::TagCharacter.at(0));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if let Some(position) = tag.bytes().position(|byte| !allowed(byte)) {
        return Err(InvalidImage::TagCharacter.at(position));
    }
    if tag.len() > MAX_TAG_LENGTH {
        return Err(InvalidImage::TagTooLong.at(MAX_TAG_LENGTH));
    }
    Ok(())
}

pub(super) fn check_digest(digest: &str) -> Result<(), ImageReferenceError> {
    let (algorithm, digits) = split_optional(digest, ':');
    let expected = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(InvalidImage::DigestAlgorithm.at(0)),
    };
    let digits = digits.unwrap_or_default();
    if digits.len() != expected || !digits.bytes().all(is_lower_hexadecimal) {
        return Err(InvalidImage::DigestDigits.at((algorithm.len() + 1).min(digest.len())));
    }
    Ok(())
}

pub(super) fn is_lower_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

pub(super) fn split_optional(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The library's limit; older versions counted the host as well.
pub(super) const MAX_PATH_LENGTH: usize = 255;

/// The grammar's limit.
const MAX_TAG_LENGTH: usize = 128;
