//! Objects that have no field but those of a struct.
//!
//! `deny_unknown_fields` would be part of the type, and bind clients to their daemon's version, too.
//! Structs inside of the struct are not looked into.

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use std::borrow::Cow;
use std::fmt;

/// A struct, read from an object whose every key is one of its fields.
pub(crate) struct KnownFields<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for KnownFields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Struct(deserializer)).map(Self)
    }
}

/// Whatever is asked for a struct and passes its fields on to who reads the keys.
struct Struct<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Struct<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Fields { fields, next: 0, of: visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A visitor, or the map that it visits, and the fields that there are.
struct Fields<T> {
    fields: &'static [&'static str],
    /// The one after that which was read last: most records have them in the same order.
    next: usize,
    of: T,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.of.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.of.visit_map(Fields { fields: self.fields, next: 0, of: map })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        #[derive(Deserialize)]
        // So that `serde_path_to_error` sees a string as the key, and can name the field.
        #[serde(transparent)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
        let Some(Key(key)) = self.of.next_key()? else { return Ok(None) };
        if self.fields.get(self.next) != Some(&&*key) {
            let known = self.fields.iter().position(|field| *field == key);
            self.next = known.ok_or_else(|| A::Error::unknown_field(&key, self.fields))?;
        }
        self.next += 1;
        let key: CowStrDeserializer<'_, _> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.of.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Room {
        #[serde(rename = "número")]
        number: u32,
        #[serde(default)]
        beds: Option<u32>,
    }

    fn read(text: &str) -> Result<(u32, Option<u32>), String> {
        let room: Result<KnownFields<Room>, _> = serde_json::from_str(text);
        room.map(|KnownFields(room)| (room.number, room.beds)).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_are_read_as_ever() {
        assert_eq!(read(r#"{"beds":2,"número":7}"#), Ok((7, Some(2))));
        // A key may be written with escapes, in JSON.
        assert_eq!(read(r#"{"n\u00famero":7}"#), Ok((7, None)));
        assert!(read(r#"{"beds":2}"#).unwrap_err().starts_with("missing field `número`"));
        assert!(read(r#"{"número":1,"número":1}"#).unwrap_err().starts_with("duplicate field"));
    }

    #[test]
    fn another_key_is_refused_by_its_name_wherever_it_stands() {
        for text in [r#"{"bed":2,"número":7}"#, r#"{"número":7,"bed":{"a":[]}}"#] {
            assert!(read(text).unwrap_err().starts_with("unknown field `bed`"), "{text}");
        }
        assert!(read(r#"{"número":7,"\u0062ed":1}"#).unwrap_err().contains("`bed`"));
    }

    #[test]
    fn an_array_is_no_object() {
        assert!(read("[7,2]").unwrap_err().starts_with("invalid type: sequence"));
    }
}
