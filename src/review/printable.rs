//! Making texts of strangers safe to show.

use std::borrow::Cow;

/// The text with everything that could break a line, move a cursor, or hide or reorder other text spelled out as
/// `\u{…}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_treacherous(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// At most `limit` characters of a text: what is left out of its middle becomes `…`. The end of an image is what
/// tells it from its neighbours, so it keeps more of the end than of the beginning.
#[must_use]
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= limit {
        return Cow::Borrowed(text);
    }
    let kept = limit.saturating_sub(1);
    let head = kept * 2 / 5;
    let tail = kept - head;
    let mut short: String = text.chars().take(head).collect();
    short.push('…');
    short.extend(text.chars().skip(length - tail));
    Cow::Owned(short)
}

/// Control characters, separators of lines, invisible characters and the marks that turn text around.
fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::{printable, shortened};

    #[test]
    fn nothing_can_break_a_line_or_turn_text_around() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d|e"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d|e");
        assert_eq!(printable("plain ünïcode"), "plain ünïcode");
    }

    #[test]
    fn the_middle_is_left_out_and_the_end_kept() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghijk", 10), "abc…fghijk");
        assert_eq!(shortened("äöüßäöüß", 4), "ä…üß");
        assert_eq!(shortened("abc", 0), "…");
    }
}
