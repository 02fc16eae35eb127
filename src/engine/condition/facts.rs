//! What is known about one request when a condition is evaluated.

use smol_str::SmolStr;

use super::attribute::{Attribute, Source};

/// One request, with every attribute that somebody supplied.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The action, such as `Microsoft.ContainerRegistry/registries/repositories/content/read`.
    pub action: &'a str,
    /// The suboperation, such as `Blob.List`. Azure Container Registry has none.
    pub sub_operation: Option<&'a str>,
    /// The attributes of `@Request`.
    pub request: Attributes,
    /// The attributes of `@Resource`.
    pub resource: Attributes,
    /// The attributes of `@Principal`.
    pub principal: Attributes,
    /// The attributes of `@Environment`.
    pub environment: Attributes,
}

/// Attributes of one source, by name. One that is not listed was not supplied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(SmolStr, AttributeValue)>);

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// Text; also how date-times and GUIDs are supplied.
    Text(SmolStr),
    /// A whole number.
    Integer(i64),
    /// A Boolean.
    Boolean(bool),
    /// Several values, or none.
    List(Vec<AttributeValue>),
    /// Something the language has no type for, such as a fraction: it fits no operator.
    Other,
}

impl<'a> Facts<'a> {
    /// A request for `action` that supplies no attribute.
    #[must_use]
    pub fn new(action: &'a str) -> Self {
        Self {
            action,
            sub_operation: None,
            request: Attributes::default(),
            resource: Attributes::default(),
            principal: Attributes::default(),
            environment: Attributes::default(),
        }
    }

    /// The value of an attribute, if it was supplied.
    #[must_use]
    pub fn value(&self, attribute: &Attribute) -> Option<&AttributeValue> {
        let attributes = match attribute.source() {
            Source::Request => &self.request,
            Source::Resource => &self.resource,
            Source::Principal => &self.principal,
            Source::Environment => &self.environment,
        };
        attributes.value(attribute)
    }
}

impl Attributes {
    fn value(&self, attribute: &Attribute) -> Option<&AttributeValue> {
        self.0.iter().find(|(name, _)| attribute.is_called(name)).map(|(_, value)| value)
    }
}

impl<N: Into<SmolStr>> FromIterator<(N, AttributeValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, AttributeValue)>>(attributes: I) -> Self {
        Self(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}
