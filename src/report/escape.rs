//! Making text from strangers safe for a terminal, XML, Markdown and workflow commands.

use crate::review::printable;

/// Text for an XML element or a double-quoted attribute.
pub(super) fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for character in printable(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Not allowed in XML 1.0 even as a reference.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// Text for one cell of a Markdown table: no markup, no HTML, no end of the cell.
pub(super) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for character in printable(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // An `@name` or `#1` would call people and link issues.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '!' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// The message of a workflow command (`::error::…`).
pub(super) fn workflow_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command (`::error file=…`).
pub(super) fn workflow_property(text: &str) -> String {
    workflow_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{markdown, workflow_property, xml};

    #[test]
    fn markup_of_the_target_is_spelled_out() {
        assert_eq!(xml("<a b=\"c\">&\u{0}"), "&lt;a b=&quot;c&quot;&gt;&amp;\\u{0}");
        assert_eq!(markdown("a|b`c` <x> @you"), "a\\|b\\`c\\` &lt;x&gt; &#64;you");
        assert_eq!(workflow_property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
