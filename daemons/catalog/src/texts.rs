//! Texts, each kept once and already escaped for JSON.

use agencia_protocol::WireError;
use hashbrown::HashTable;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The number of a text in its [`Texts`]; dense, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(u32);

impl TextId {
    /// The number, as an index's key.
    pub fn key(self) -> u32 {
        self.0
    }

    pub(crate) fn from_key(key: u32) -> Self {
        Self(key)
    }
}

/// An arena of distinct texts. At most 4 GiB of text and 4 billion texts.
#[derive(Debug, Default)]
pub struct Texts {
    arena: String,
    ends: Vec<u32>,
    by_hash: HashTable<u32>,
}

impl Texts {
    /// The number of this text, which is kept if it is new; nothing when the arena is full.
    pub fn intern(&mut self, text: &str) -> Option<TextId> {
        let escaped = escape(text);
        let hash = xxh3_64(escaped.as_bytes());
        if let Some(id) = self.find_escaped(&escaped, hash) {
            return Some(id);
        }
        let end = u32::try_from(self.arena.len() + escaped.len()).ok()?;
        let id = u32::try_from(self.ends.len()).ok()?;
        self.arena.push_str(&escaped);
        self.ends.push(end);
        let (arena, ends) = (&self.arena, &self.ends);
        let hash_of = |&id: &u32| xxh3_64(text_of(arena, ends, id).as_bytes());
        self.by_hash.insert_unique(hash, id, hash_of);
        Some(TextId(id))
    }

    /// The number of this text, which is kept if it is new.
    ///
    /// # Errors
    /// When the arena is full; the error names the field that the text comes from.
    pub fn intern_field(&mut self, field: &str, text: &str) -> Result<TextId, WireError> {
        self.intern(text)
            .ok_or_else(|| WireError::field(field, "os textos do inventário passam de 4 GiB"))
    }

    /// The number of this text, if it is kept.
    pub fn find(&self, text: &str) -> Option<TextId> {
        let escaped = escape(text);
        self.find_escaped(&escaped, xxh3_64(escaped.as_bytes()))
    }

    /// The text as it stands between the quotes of a JSON string.
    pub fn escaped(&self, id: TextId) -> &str {
        text_of(&self.arena, &self.ends, id.0)
    }

    /// The same as bytes.
    pub(crate) fn escaped_bytes(&self, id: TextId) -> &[u8] {
        &self.arena.as_bytes()[range_of(&self.ends, id.0)]
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn find_escaped(&self, escaped: &str, hash: u64) -> Option<TextId> {
        let same = |&id: &u32| text_of(&self.arena, &self.ends, id) == escaped;
        self.by_hash.find(hash, same).copied().map(TextId)
    }
}

fn text_of<'a>(arena: &'a str, ends: &[u32], id: u32) -> &'a str {
    &arena[range_of(ends, id)]
}

fn range_of(ends: &[u32], id: u32) -> Range<usize> {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    start..ends[id] as usize
}

/// The text as it stands between the quotes of a JSON string.
fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Without an early end many bytes are looked at together; hardly any text has a special one.
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return text.into();
    }
    let quoted = serde_json::to_string(text).expect("a string can be written as JSON");
    quoted[1..quoted.len() - 1].to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_escaped() {
        let mut texts = Texts::default();
        let plain = texts.intern("Bagé (RS)").unwrap();
        let quoted = texts.intern("Hotel \"Sol\"\n\\").unwrap();
        assert_eq!(texts.intern("Bagé (RS)"), Some(plain));
        assert_eq!(texts.len(), 2);
        assert_eq!(texts.escaped(plain), "Bagé (RS)");
        assert_eq!(texts.escaped(quoted), r#"Hotel \"Sol\"\n\\"#);
        assert_eq!(texts.find("Hotel \"Sol\"\n\\"), Some(quoted));
        assert_eq!(texts.find("Hotel"), None);
    }

    #[test]
    fn many_texts_are_all_found_again() {
        let mut texts = Texts::default();
        let ids: Vec<_> =
            (0..10_000).map(|n| texts.intern(&format!("text {n}")).unwrap()).collect();
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(texts.find(&format!("text {n}")), Some(*id));
        }
    }
}
