//! Bytes to text. PowerShell's `>` writes UTF-16 with a mark, Windows editors add a UTF-8 mark; both are fine.

use thiserror::Error;

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(super) enum TextError {
    /// No bytes, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// Bytes that no text has.
    #[error("the file is binary data, not text")]
    Binary,
    /// Not UTF-8 from this byte on.
    #[error("the file is not UTF-8 text (byte {0})")]
    Encoding(usize),
    /// An odd number of bytes, or a broken surrogate pair, after a UTF-16 mark.
    #[error("the file starts like UTF-16 text but is not")]
    Utf16,
}

const UTF8_MARK: &str = "\u{feff}";

/// Reads UTF-8 with or without a mark, and UTF-16 with one.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, TextError> {
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => utf8(bytes)?,
    };
    if text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}').is_empty() {
        return Err(TextError::Empty);
    }
    Ok(text)
}

fn utf8(bytes: Vec<u8>) -> Result<String, TextError> {
    // A NUL byte is legal UTF-8 but no text file has one; archives and UTF-16 without a mark do, early.
    if bytes.iter().take(1024).any(|byte| *byte == 0) {
        return Err(TextError::Binary);
    }
    let text =
        String::from_utf8(bytes).map_err(|error| TextError::Encoding(error.utf8_error().valid_up_to()))?;
    Ok(match text.strip_prefix(UTF8_MARK) {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, TextError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(TextError::Utf16);
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| TextError::Utf16)
}

#[cfg(test)]
mod tests {
    use super::{TextError, decode};

    #[test]
    fn marks_are_taken_off() {
        let little: Vec<u8> = "\u{feff}[é]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}[é]".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in ["\u{feff}[é]".as_bytes().to_vec(), "[é]".as_bytes().to_vec(), little, big] {
            assert_eq!(decode(bytes), Ok("[é]".to_owned()));
        }
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        assert_eq!(decode(Vec::new()), Err(TextError::Empty));
        assert_eq!(decode(b" \n\t".to_vec()), Err(TextError::Empty));
        assert_eq!(decode(b"\xef\xbb\xbf".to_vec()), Err(TextError::Empty));
        assert_eq!(decode(b"\x1f\x8b\x08\0\0".to_vec()), Err(TextError::Binary));
        assert_eq!(decode(b"[\"\xe9\"]".to_vec()), Err(TextError::Encoding(2)));
        assert_eq!(decode(b"\xff\xfe[".to_vec()), Err(TextError::Utf16));
    }
}
