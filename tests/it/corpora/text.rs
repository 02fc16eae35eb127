//! The text of an input: as much of it as is UTF-8, so that hardly any input is wasted.

pub(crate) fn text(input: &[u8]) -> &str {
    let length = std::str::from_utf8(input).map_or_else(|error| error.valid_up_to(), str::len);
    input.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}
