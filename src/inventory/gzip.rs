//! Compressed files, told by their first bytes: a `ConfigMap` holds 1 MiB, and exports shrink to a twentieth.

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use thiserror::Error;

/// The most that one file may unpack to. The export of a large tenant is tens of megabytes; 1 MiB of gzip can be
/// made to hold a thousand times its size.
pub(super) const MAX_UNPACKED: u64 = 256 * 1024 * 1024;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a compressed file cannot be read.
#[derive(Debug, Error)]
pub(super) enum GzipError {
    /// It unpacks to more than the given number of bytes.
    #[error("the compressed file holds more than {} MiB", .0 / (1024 * 1024))]
    TooLarge(u64),
    /// It is cut off, or damaged.
    #[error("the file starts like gzip data but cannot be unpacked: {0}")]
    Broken(io::Error),
}

/// The bytes behind gzip, where there is any; other bytes as they are.
pub(super) fn unpack(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, GzipError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes.as_slice()).take(most + 1);
    let length = reader.read_to_end(&mut unpacked).map_err(GzipError::Broken)?;
    if u64::try_from(length).is_ok_and(|length| length <= most) {
        Ok(unpacked)
    } else {
        Err(GzipError::TooLarge(most))
    }
}

/// Compresses, without name or time: equal bytes give equal bytes.
///
/// # Errors
/// Those of the writer.
pub fn pack(bytes: &[u8], to: impl Write) -> io::Result<()> {
    let mut writer = GzBuilder::new().mtime(0).write(to, Compression::best());
    writer.write_all(bytes)?;
    writer.finish()?.flush()
}

#[cfg(test)]
mod tests {
    use super::{GzipError, pack, unpack};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut to = Vec::new();
        pack(bytes, &mut to).unwrap();
        to
    }

    #[test]
    fn what_was_packed_comes_back_and_what_was_not_is_left_alone() {
        assert_eq!(unpack(packed(b"[1]"), 3).unwrap(), b"[1]");
        assert_eq!(unpack(b"[1]".to_vec(), 0).unwrap(), b"[1]");
        let twice = [packed(b"[1"), packed(b"]")].concat();
        assert_eq!(unpack(twice, 3).unwrap(), b"[1]");
    }

    #[test]
    fn bombs_and_ruins_are_refused() {
        assert!(matches!(unpack(packed(&[b' '; 1000]), 999), Err(GzipError::TooLarge(999))));
        let mut cut = packed(b"[1]");
        cut.truncate(12);
        assert!(matches!(unpack(cut, 3), Err(GzipError::Broken(_))));
    }
}
