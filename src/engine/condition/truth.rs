//! Three-valued logic: a condition holds, does not hold, or could not be determined.

use std::ops::Not;

/// The value of a condition or of a part of it.
///
/// Ordered `False < Unknown < True`, so that conjunction is the minimum and disjunction the maximum.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It could not be determined: an attribute was not supplied, or its value does not fit the operator.
    Unknown,
    /// It holds. The only value that grants.
    True,
}

impl Truth {
    /// `False` if either is, else `Unknown` if either is, else `True`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// `True` if either is, else `Unknown` if either is, else `False`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether access is granted.
    #[must_use]
    pub fn grants(self) -> bool {
        self == Self::True
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}
