//! Faults that the grammar does not see: attributes that a service does not declare, and operators that an
//! attribute does not allow. Azure refuses both when a condition is saved.

use super::attribute::{Attribute, REPOSITORY_NAME, Source};
use super::error::{Code, ConditionError};
use super::operator::{Family, Relation};
use super::span::Span;
use super::suggestion;
use super::tree::{Comparison, Condition, Expression};

/// Whose attributes a condition may use.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Profile {
    /// Azure Container Registry, whose one attribute is the repository's name.
    ContainerRegistry,
    /// A service whose attributes are not listed here: any name will do.
    AnyService,
}

/// The attributes of `@Environment` (Azure ABAC, "condition format and syntax").
const ENVIRONMENT: &[&str] = &[
    "UtcNow",
    "isPrivateLink",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/virtualNetworks/subnets",
];

/// Where custom security attributes live in `@Principal`.
const CUSTOM_SECURITY_ATTRIBUTES: &str = "Microsoft.Directory/CustomSecurityAttributes/Id:";

impl Condition {
    /// Every such fault, in the order of the text.
    #[must_use]
    pub fn validate(&self, profile: Profile) -> Vec<ConditionError> {
        let mut errors = Vec::new();
        for node in self.nodes() {
            match &node.expression {
                Expression::Exists(attribute) => errors.extend(self.unknown(attribute, node.span, profile)),
                Expression::Comparison(comparison) => {
                    for (attribute, span) in comparison.attributes() {
                        errors.extend(self.unknown(attribute, span, profile));
                        errors.extend(self.not_for_attribute(attribute, comparison));
                    }
                }
                Expression::Join { .. }
                | Expression::Not
                | Expression::ActionMatches(_)
                | Expression::SubOperationMatches(_) => {}
            }
        }
        errors
    }

    fn unknown(&self, attribute: &Attribute, span: Span, profile: Profile) -> Option<ConditionError> {
        if profile.declares(attribute) {
            return None;
        }
        let message = format!("`{}` is not an attribute of Azure Container Registry", attribute.name());
        let help = match suggestion::closest(attribute.name(), &[REPOSITORY_NAME]) {
            Some(name) => format!("did you mean `@Request[{name}]`?"),
            None => format!("the only one is @Request[{REPOSITORY_NAME}]; conditions do not see tags"),
        };
        Some(ConditionError::new(Code::AttributeUnknown, self.text(), span.range(), message).with_help(help))
    }

    fn not_for_attribute(&self, attribute: &Attribute, comparison: &Comparison) -> Option<ConditionError> {
        let is_clock = attribute.source() == Source::Environment && attribute.is_called("UtcNow");
        let is_allowed = comparison.operator.family == Family::DateTime
            && matches!(comparison.operator.relation, Relation::GreaterThan | Relation::LessThan);
        if !is_clock || is_allowed {
            return None;
        }
        let span = comparison.left_span.through(comparison.right_span).range();
        let message = format!("{} does not work with `UtcNow`", comparison.operator.name);
        Some(
            ConditionError::new(Code::OperatorNotForAttribute, self.text(), span, message)
                .with_help("use DateTimeGreaterThan or DateTimeLessThan"),
        )
    }
}

impl Comparison {
    fn attributes(&self) -> impl Iterator<Item = (&Attribute, Span)> {
        [(&self.left, self.left_span), (&self.right, self.right_span)]
            .into_iter()
            .filter_map(|(operand, span)| operand.attribute().map(|attribute| (attribute, span)))
    }
}

impl Profile {
    fn declares(self, attribute: &Attribute) -> bool {
        match (self, attribute.source()) {
            (Self::AnyService, _) => true,
            (Self::ContainerRegistry, Source::Request) => {
                attribute.is_repository_name() || attribute.is_sub_operation()
            }
            // The preview of 2024 used it for all actions but push; it is declared, though no longer supplied.
            (Self::ContainerRegistry, Source::Resource) => attribute.is_called(REPOSITORY_NAME),
            (Self::ContainerRegistry, Source::Principal) => attribute
                .name()
                .get(..CUSTOM_SECURITY_ATTRIBUTES.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(CUSTOM_SECURITY_ATTRIBUTES)),
            (Self::ContainerRegistry, Source::Environment) => {
                ENVIRONMENT.iter().any(|name| attribute.is_called(name))
            }
        }
    }
}

/// Checks `conditionVersion`; absent or empty means 2.0, the only public version.
///
/// # Errors
/// [`Code::Version`] at 1:1 for any other: the service then refuses even a correct condition.
pub fn validate_version(version: Option<&str>) -> Result<(), ConditionError> {
    match version {
        None | Some("" | "2.0") => Ok(()),
        Some(version) => {
            let message = format!("`conditionVersion` is `{version}`, only `2.0` exists");
            Err(ConditionError::new(Code::Version, "", 0..0, message)
                .with_help("set it to 2.0; the condition itself may be fine"))
        }
    }
}
