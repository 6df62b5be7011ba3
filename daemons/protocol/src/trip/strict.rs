//! Lists and maps that know their limit before they take memory, and objects that are objects.
//!
//! serde's derived structs also accept a JSON array, and its maps keep the last of two equal keys.

use super::words::DaemonName;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Something for each of some daemons.
pub type ByDaemon<T> = BTreeMap<DaemonName, T>;

/// A value that must come as a JSON object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("um objeto")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Object)
    }
}

struct ListVisitor<T> {
    min: usize,
    max: usize,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uma lista de {} a {} elementos", self.min, self.max)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(Object(element)) = list.next_element()? {
            if elements.len() == self.max {
                return Err(A::Error::invalid_length(self.max + 1, &self));
            }
            elements.push(element);
        }
        if elements.len() < self.min {
            return Err(A::Error::invalid_length(elements.len(), &self));
        }
        Ok(elements)
    }
}

/// Reads a list of `MIN` to `MAX` objects.
pub(super) fn list<'de, const MIN: usize, const MAX: usize, T, D>(
    deserializer: D,
) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(ListVisitor { min: MIN, max: MAX, of: PhantomData })
}

/// A list of 1 to `MAX` objects, where a map has lists as its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct List<T, const MAX: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        list::<1, MAX, T, D>(deserializer).map(Self)
    }
}

struct MapVisitor<T> {
    min: usize,
    max: usize,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
    type Value = ByDaemon<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "um objeto de {} a {} servidores, cada um uma vez", self.min, self.max)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByDaemon<T>, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((daemon, value)) = map.next_entry::<DaemonName, T>()? {
            let repeated = entries.insert(daemon, value).is_some();
            if repeated || entries.len() > self.max {
                return Err(A::Error::invalid_length(entries.len() + usize::from(repeated), &self));
            }
        }
        if entries.len() < self.min {
            return Err(A::Error::invalid_length(entries.len(), &self));
        }
        Ok(entries)
    }
}

/// Reads an object of `MIN` to `MAX` daemons.
pub(super) fn map<'de, const MIN: usize, const MAX: usize, T, D>(
    deserializer: D,
) -> Result<ByDaemon<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(MapVisitor { min: MIN, max: MAX, of: PhantomData })
}

/// Reads an object of 1 to `DAEMONS` daemons, each with a list of 1 to `MAX` objects.
pub(super) fn lists<'de, const DAEMONS: usize, const MAX: usize, T, D>(
    deserializer: D,
) -> Result<ByDaemon<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let lists = map::<1, DAEMONS, List<T, MAX>, D>(deserializer)?;
    Ok(lists.into_iter().map(|(daemon, List(list))| (daemon, list)).collect())
}
