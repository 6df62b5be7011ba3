//! The field `action` of messages whose type already tells it: written, and on reading only counted,
//! so that a second one is refused.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::marker::PhantomData;

/// The field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Action<T>(PhantomData<T>);

/// What it says.
pub(crate) trait Tag {
    const ACTION: &'static str;
}

impl<T: Tag> Serialize for Action<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(T::ACTION)
    }
}

impl<'de, T> Deserialize<'de> for Action<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(PhantomData))
    }
}
