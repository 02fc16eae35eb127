//! Documents for programs: JSON, YAML, JSON Lines.

use std::io;

use serde::Serialize;

/// One document as indented JSON with a line end.
///
/// # Errors
/// As `to` does.
pub fn write_json(to: &mut dyn io::Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    to.write_all(b"\n")
}

/// One document on one line.
///
/// # Errors
/// As `to` does.
pub fn write_json_line(to: &mut dyn io::Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, document)?;
    to.write_all(b"\n")
}

/// One document as YAML.
///
/// # Errors
/// As `to` does.
pub fn write_yaml(to: &mut dyn io::Write, document: &impl Serialize) -> io::Result<()> {
    let text = serde_saphyr::to_string(document).map_err(io::Error::other)?;
    to.write_all(text.as_bytes())
}
