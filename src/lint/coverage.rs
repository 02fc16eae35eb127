//! Which repositories a condition lets through, decided for all names at once.
//!
//! Every test on the name (equals, starts with, like) is a pattern, so all of them together are a finite automaton.
//! Walking it from the empty name visits every combination of outcomes that some name can have; the condition is
//! evaluated at each. That proves "always" and "never" instead of guessing from examples.
//!
//! ```text
//! name letter by letter ─► positions in all patterns (one state) ─► condition's value at the end of a name
//! ```
//!
//! Only names that repositories can have are walked: components of lower-case letters and digits with single
//! separators between, joined by slashes (the distribution grammar, a little wider in its separators).

use std::collections::{BTreeSet, HashSet};

use crate::engine::condition::{
    Comparison, Condition, Connective, Expression, Extent, Family, LetterCase, Literal, Operand, Relation,
    Sense, Truth,
};
use crate::engine::pattern::{Element, action_matches, like_elements};

/// For which repositories a condition holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Coverage {
    /// For every one.
    All,
    /// For some.
    Some,
    /// For none.
    None,
    /// The condition is too big to tell, or asks for more than the name.
    Undecided,
}

/// Moves of the automaton after which the answer is [`Coverage::Undecided`]: a tenth of a second at most, far beyond
/// what conditions that people write need.
const MAX_MOVES: usize = 1_000_000;

/// For which repositories `condition` lets `action` through.
pub(super) fn coverage(condition: &Condition, action: &str) -> Coverage {
    let Some(walk) = Walk::of(condition, action) else { return Coverage::Undecided };
    walk.run()
}

/// What a node of the condition is once the action is fixed.
enum Term {
    Fixed(Truth),
    Not,
    Join(Connective, usize),
    /// A comparison of the name with literals: numbers of their patterns.
    Name {
        patterns: std::ops::Range<usize>,
        extent: Extent,
        sense: Sense,
    },
}

struct Walk {
    terms: Vec<Term>,
    patterns: Vec<Vec<Element>>,
    alphabet: Vec<char>,
}

/// Live positions: pattern and the index of its next element. Sorted, without duplicates.
type Positions = Vec<(usize, usize)>;

/// What the last character allows next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Last {
    /// The start of a component: a letter or digit must follow.
    Opening,
    /// A letter or digit: anything may follow, and the name may end.
    Letter,
    /// A separator: another one, a letter or a digit.
    Separator,
}

impl Walk {
    fn of(condition: &Condition, action: &str) -> Option<Self> {
        let mut walk = Self { terms: Vec::new(), patterns: Vec::new(), alphabet: Vec::new() };
        for node in condition.nodes() {
            let term = match &node.expression {
                Expression::Join { connective, left } => Term::Join(*connective, *left),
                Expression::Not => Term::Not,
                Expression::ActionMatches(pattern) => Term::Fixed(action_matches(pattern, action).into()),
                Expression::SubOperationMatches(_) => Term::Fixed(Truth::False),
                Expression::Exists(attribute) => {
                    Term::Fixed((attribute.is_repository_name() || attribute.is_sub_operation()).into())
                }
                Expression::Comparison(comparison) => walk.comparison(comparison)?,
            };
            walk.terms.push(term);
        }
        walk.alphabet = alphabet(&walk.patterns);
        Some(walk)
    }

    /// `None` where more than the name and literals plays a part.
    fn comparison(&mut self, comparison: &Comparison) -> Option<Term> {
        let (Operand::Attribute(attribute), Operand::Literals(literals)) =
            (&comparison.left, &comparison.right)
        else {
            return None;
        };
        if attribute.is_sub_operation() {
            return None;
        }
        if !attribute.is_repository_name() || comparison.operator.family != Family::Text {
            // Nothing else is supplied, and a name is no number.
            return Some(Term::Fixed(Truth::Unknown));
        }
        let first = self.patterns.len();
        for literal in literals {
            let Literal::Text(text) = literal else { return None };
            self.patterns.push(elements(text, comparison.operator.relation, comparison.operator.letter_case));
        }
        Some(Term::Name {
            patterns: first..self.patterns.len(),
            extent: comparison.quantifier.map_or(Extent::All, |quantifier| quantifier.right),
            sense: comparison.operator.sense,
        })
    }

    fn run(&self) -> Coverage {
        let (mut holds, mut fails, mut moves) = (false, false, 0);
        let start = self.closed((0..self.patterns.len()).map(|pattern| (pattern, 0)).collect());
        let mut seen: HashSet<(Last, Positions)> = HashSet::new();
        let mut open = vec![(Last::Opening, start)];
        while let Some((last, positions)) = open.pop() {
            if last == Last::Letter {
                let value = self.value(&positions);
                holds |= value == Truth::True;
                fails |= value != Truth::True;
                if holds && fails {
                    return Coverage::Some;
                }
            }
            for &character in &self.alphabet {
                let Some(next) = last.followed_by(character) else { continue };
                moves += positions.len() + 1;
                if moves > MAX_MOVES {
                    return Coverage::Undecided;
                }
                let state = (next, self.moved(&positions, character));
                if !seen.contains(&state) {
                    seen.insert(state.clone());
                    open.push(state);
                }
            }
        }
        if holds { Coverage::All } else { Coverage::None }
    }

    fn moved(&self, positions: &Positions, character: char) -> Positions {
        let next = positions.iter().filter_map(|&(pattern, at)| match self.element(pattern, at)? {
            Element::AnyRun => Some((pattern, at)),
            Element::AnyOne => Some((pattern, at + 1)),
            Element::Literal(literal) => (literal == character).then_some((pattern, at + 1)),
        });
        self.closed(next.collect())
    }

    /// Adds the positions behind stars, which match nothing as well.
    fn closed(&self, mut positions: Positions) -> Positions {
        let mut index = 0;
        while let Some(&(pattern, at)) = positions.get(index) {
            if self.element(pattern, at) == Some(Element::AnyRun) {
                positions.push((pattern, at + 1));
            }
            index += 1;
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    fn element(&self, pattern: usize, at: usize) -> Option<Element> {
        self.patterns.get(pattern)?.get(at).copied()
    }

    /// The condition's value for a name that ends here.
    fn value(&self, positions: &Positions) -> Truth {
        let matches = |pattern: usize| {
            let end = self.patterns.get(pattern).map_or(0, Vec::len);
            positions.binary_search(&(pattern, end)).is_ok()
        };
        let mut values: Vec<Truth> = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let operand = values.last().copied().unwrap_or(Truth::Unknown);
            let value = match term {
                Term::Fixed(truth) => *truth,
                Term::Not => !operand,
                Term::Join(connective, left) => {
                    let left = values.get(*left).copied().unwrap_or(Truth::Unknown);
                    match connective {
                        Connective::And => left.and(operand),
                        Connective::Or => left.or(operand),
                    }
                }
                Term::Name { patterns, extent, sense } => {
                    let holds = |pattern| sense.applied(matches(pattern));
                    Truth::from(match extent {
                        Extent::Any => patterns.clone().any(holds),
                        Extent::All => patterns.clone().all(holds),
                    })
                }
            };
            values.push(value);
        }
        values.last().copied().unwrap_or(Truth::Unknown)
    }
}

impl Last {
    /// What it is after one more character; `None` where no name goes on so.
    fn followed_by(self, character: char) -> Option<Self> {
        match (self, character) {
            (Self::Letter, '/') => Some(Self::Opening),
            (Self::Opening | Self::Separator, '/') | (Self::Opening, '.' | '_' | '-') => None,
            (Self::Letter | Self::Separator, '.' | '_' | '-') => Some(Self::Separator),
            _ => Some(Self::Letter),
        }
    }
}

/// A comparison with one literal as a pattern over lower-case names.
fn elements(text: &str, relation: Relation, letter_case: LetterCase) -> Vec<Element> {
    let fold = |element| match (element, letter_case) {
        (Element::Literal(literal), LetterCase::Ignored) => Element::Literal(literal.to_ascii_lowercase()),
        (element, _) => element,
    };
    if relation == Relation::Like {
        return like_elements(text).map(fold).collect();
    }
    let run = (relation == Relation::StartsWith).then_some(Element::AnyRun);
    text.chars().map(Element::Literal).map(fold).chain(run).collect()
}

/// The characters of names that patterns tell apart, and one of each sort that none mentions.
fn alphabet(patterns: &[Vec<Element>]) -> Vec<char> {
    let mentioned: BTreeSet<char> = patterns
        .iter()
        .flatten()
        .filter_map(|element| match element {
            Element::Literal(literal) => Some(*literal),
            Element::AnyRun | Element::AnyOne => None,
        })
        .collect();
    let letters = || ('a'..='z').chain('0'..='9');
    let other = letters().find(|letter| !mentioned.contains(letter));
    let named = letters().filter(|letter| mentioned.contains(letter));
    other.into_iter().chain(named).chain(['/', '.', '_', '-']).collect()
}

#[cfg(test)]
mod tests {
    use super::{Coverage, coverage};
    use crate::engine::condition::{Condition, REPOSITORY_NAME};

    fn of(text: &str) -> Coverage {
        let text = text.replace("NAME", &format!("@Request[{REPOSITORY_NAME}]"));
        coverage(
            &Condition::parse(&text).unwrap(),
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
        )
    }

    #[test]
    fn what_every_name_fulfils_is_found() {
        for text in [
            "NAME StringStartsWith ''",
            "NAME StringEquals 'a' OR NAME StringNotEquals 'a'",
            "NAME StringLike '*'",
            "NAME ForAnyOfAnyValues:StringNotEquals {'a', 'b'}",
            "NAME StringLike '?*' OR NAME StringEquals 'x'",
            "!(ActionMatches{'a/b'}) OR NAME StringEquals 'x'",
            "Exists NAME",
        ] {
            assert_eq!(of(text), Coverage::All, "{text}");
        }
    }

    #[test]
    fn what_no_name_fulfils_is_found() {
        for text in [
            "NAME StringEquals 'Team/app'",
            "NAME StringEquals 'team/*'",
            "NAME StringEquals 'team/'",
            "NAME StringStartsWith '/team'",
            "NAME StringEquals 'team/app:1'",
            "NAME StringStartsWith 'a' AND NAME StringStartsWith 'b'",
            "NAME StringLike 'a*' AND NAME StringNotLike '*a*'",
            "@Resource[x/y:name] StringEquals 'a'",
            "ActionMatches{'a/b'} AND NAME StringEquals 'x'",
        ] {
            assert_eq!(of(text), Coverage::None, "{text}");
        }
    }

    #[test]
    fn what_tells_names_apart_is_neither() {
        for text in [
            "NAME StringEqualsIgnoreCase 'Team/app'",
            "NAME StringStartsWith 'team/'",
            "NAME StringLike 'a*' AND NAME StringLike '*b' AND NAME StringLike '*c*'",
            "NAME StringNotEquals 'a'",
            "NAME ForAnyOfAllValues:StringNotEquals {'a', 'b'}",
            "NAME StringNotLike '?'",
        ] {
            assert_eq!(of(text), Coverage::Some, "{text}");
        }
    }

    #[test]
    fn what_is_too_big_is_left_undecided_in_time() {
        let stars = format!("{}{}", "*a".repeat(700), "*b".repeat(700));
        assert_ne!(of(&format!("NAME StringLike '{stars}'")), Coverage::All);
        assert_eq!(of("NAME StringEquals @Resource[a/b:c]"), Coverage::Undecided);
    }
}
