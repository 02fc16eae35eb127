//! Stub, replaced when the condition language lands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition;
#[derive(Clone, Debug, thiserror::Error)]
#[error("x")]
pub struct ConditionError;
#[derive(Clone, Debug)]
pub struct RepositoryTest;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Unknown,
}
impl Condition {
    pub fn parse(_: &str) -> Result<Self, ConditionError> {
        Ok(Self)
    }
    pub fn specialise(&self, _: &str) -> RepositoryTest {
        RepositoryTest
    }
}
impl RepositoryTest {
    pub fn evaluate(&self, _: Option<&str>) -> Truth {
        Truth::True
    }
}
