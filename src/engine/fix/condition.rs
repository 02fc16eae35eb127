//! Conditions that let one repository through: new ones in the portal's shape, and old ones widened.
//!
//! The shape is the one that the portal's editor writes and can show again: the guards of the two actions that
//! read, then the expression (Azure Container Registry, "ABAC repository permissions").

use std::fmt::Write as _;

use crate::engine::action::Permission;
use crate::engine::condition::{Condition, Connective, Expression, REPOSITORY_NAME};

/// The actions that the portal guards for a reader, in its order.
const GUARDED: [Permission; 2] = [Permission::ContentRead, Permission::MetadataRead];

/// A condition that lets exactly this repository be read, in the portal's shape and layout.
///
/// `None` where the name cannot stand in a condition: strings know no escape for a quote, and no line break.
#[must_use]
pub fn portal_condition(repository: &str) -> Option<String> {
    Some(portal_shape(&guards(), &equals(repository)?))
}

/// `old`, and this repository besides. Where `old` has the portal's shape the result has it too.
///
/// `None` where `old` does not parse, or the name cannot stand in a condition.
#[must_use]
pub fn widened_condition(old: &str, repository: &str) -> Option<String> {
    let condition = Condition::parse(old).ok()?;
    let more = equals(repository)?;
    let widened = match guards_and_expression(&condition) {
        Some((old_guards, expression)) => {
            let usual = guards();
            // Many write the portal's guards on one line; written its way, its editor shows them.
            let same = Condition::parse(old_guards).ok() == Condition::parse(&usual).ok();
            let guards = if same { &usual } else { old_guards };
            portal_shape(guards, &format!("{}\n  OR\n  {more}", expression.replace("\r\n", "\n")))
        }
        None => format!("(\n{}\n)\nOR\n({more})", old.trim()),
    };
    Some(widened)
}

fn equals(repository: &str) -> Option<String> {
    let fits = !repository.is_empty() && !repository.chars().any(|one| one == '\'' || one.is_control());
    fits.then(|| format!("@Request[{REPOSITORY_NAME}] StringEqualsIgnoreCase '{repository}'"))
}

fn guards() -> String {
    let mut guards = String::new();
    for (number, permission) in GUARDED.iter().enumerate() {
        let separator = if number == 0 { "" } else { "\n  AND\n  " };
        let _ = write!(guards, "{separator}!(ActionMatches{{'{}'}})", permission.as_str());
    }
    guards
}

/// The blank behind OR is the portal's.
fn portal_shape(guards: &str, expression: &str) -> String {
    format!("(\n (\n  {guards}\n )\n OR \n (\n  {expression}\n )\n)")
}

/// The two halves of a condition in the portal's shape with one block, without the parentheses around them.
/// The second half may be followed by another OR.
fn guards_and_expression(condition: &Condition) -> Option<(&str, &str)> {
    let nodes = condition.nodes();
    let root = nodes.len().checked_sub(1)?;
    let Expression::Join { connective: Connective::Or, left } = nodes.get(root)?.expression else {
        return None;
    };
    let only_guards = nodes.get(..=left)?.iter().all(|node| match &node.expression {
        Expression::ActionMatches(_) | Expression::Not => true,
        Expression::Join { connective, .. } => *connective == Connective::And,
        Expression::SubOperationMatches(_) | Expression::Exists(_) | Expression::Comparison(_) => false,
    });
    let right = root.checked_sub(1)?;
    let text = |node: usize| condition.text().get(nodes.get(node)?.span.range());
    let guards = bare(text(left)?);
    let expression = text(right)?;
    let expression = match nodes.get(right)?.expression {
        // Behind another OR an AND needs its parentheses.
        Expression::Join { connective: Connective::And, .. } => expression,
        Expression::Join { connective: Connective::Or, .. }
        | Expression::Not
        | Expression::ActionMatches(_)
        | Expression::SubOperationMatches(_)
        | Expression::Exists(_)
        | Expression::Comparison(_) => bare(expression),
    };
    only_guards.then_some((guards, expression))
}

/// The text without the parentheses around it as a whole.
fn bare(text: &str) -> &str {
    let mut bare = text.trim();
    while let Some(inner) = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // `(a) OR (b)` begins and ends with parentheses too, but what is left does not parse.
        if Condition::parse(inner).is_err() {
            break;
        }
        bare = inner.trim();
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::{portal_condition, widened_condition};
    use crate::engine::condition::Condition;

    #[test]
    fn a_name_that_would_end_the_string_is_refused() {
        for name in
            ["", "a'b", "x' OR Exists @Request[a:b] OR @Request[a:b] StringEquals 'x", "a\nb", "a\u{0}"]
        {
            assert_eq!(portal_condition(name), None, "{name:?}");
            assert_eq!(widened_condition("Exists @Request[x]", name), None, "{name:?}");
        }
    }

    #[test]
    fn the_portals_shape_is_kept_and_anything_else_is_wrapped() {
        let once = portal_condition("team/app").unwrap();
        let twice = widened_condition(&once, "team/web").unwrap();
        let thrice = widened_condition(&twice, "other").unwrap();
        for text in [&twice, &thrice] {
            Condition::parse(text).unwrap();
            assert!(text.starts_with("(\n (\n  !(ActionMatches{") && text.ends_with("\n )\n)"), "{text}");
        }
        assert_eq!(
            Condition::parse(&once).unwrap().over_lines(),
            once,
            "one layout, here and in `condition fmt`"
        );
        assert_eq!(thrice.matches("StringEqualsIgnoreCase").count(), 3);
        assert_eq!(thrice.matches(" OR \n").count(), 1, "{thrice}");

        let bare = widened_condition("@Request[x:y] StringEquals 'a' AND Exists @Request[x:y]", "b").unwrap();
        Condition::parse(&bare).unwrap();
        assert!(bare.starts_with("(\n@Request[x:y] StringEquals 'a' AND Exists"), "{bare}");
        assert_eq!(widened_condition("@Request[x:y] Resembles 'a'", "b"), None);
    }

    #[test]
    fn an_and_keeps_its_parentheses_and_lone_groups_theirs() {
        let guards = "!(ActionMatches{'a'}) OR ";
        for expression in
            ["(Exists @Request[x] AND Exists @Request[y])", "((Exists @Request[x]) OR (Exists @Request[y]))"]
        {
            let old = format!("{guards}{expression}");
            let widened = widened_condition(&old, "b").unwrap();
            Condition::parse(&widened).unwrap_or_else(|error| panic!("{error}: {widened}"));
        }
    }
}
