//! The languages of the pages: every word that a visitor reads stands in `languages/*.ftl`, one
//! catalogue a language, and is taken from there by its key. Nothing here knows a page.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use hashbrown::HashMap;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The cookie that keeps what a visitor chose.
pub(crate) const COOKIE: &str = "idioma";

/// A language that pages speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Lang {
    /// Brazilian Portuguese, for whoever does not say what they read.
    #[default]
    Portuguese,
    /// English.
    English,
}

/// The key of a text that is chosen in one place and said in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) &'static str);

struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Texts without a variable, formatted once.
    plain: HashMap<&'static str, String>,
}

const PORTUGUESE: &str = include_str!("../languages/pt-BR.ftl");
const ENGLISH: &str = include_str!("../languages/en.ftl");

static CATALOGUES: LazyLock<[Catalogue; 2]> = LazyLock::new(|| {
    [Catalogue::new(Lang::Portuguese, PORTUGUESE), Catalogue::new(Lang::English, ENGLISH)]
});

impl Catalogue {
    fn new(lang: Lang, source: &'static str) -> Self {
        let language: LanguageIdentifier = lang.tag().parse().expect("a tag is an identifier");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Names are plain text in both languages: no marks of direction around them.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(resource) => resource,
            // The tests refuse such a catalogue; what can be read of it is better than nothing.
            Err((resource, errors)) => {
                log::error!("a catalogue of texts has mistakes: {errors:?}");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            log::error!("a catalogue of texts has a key twice: {errors:?}");
        }
        let mut plain = HashMap::new();
        for key in keys(source) {
            let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
                continue;
            };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
            if errors.is_empty() {
                plain.insert(key, text);
            }
        }
        Self { bundle, plain }
    }

    fn say(&self, key: &'static str, args: &FluentArgs<'_>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            log::error!("no text has the key {key}");
            return key.to_owned();
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if !errors.is_empty() {
            log::error!("the text {key} cannot be said whole: {errors:?}");
        }
        text
    }
}

/// The keys of a catalogue, in its order.
fn keys(source: &'static str) -> impl Iterator<Item = &'static str> {
    let key = |line: &'static str| line.split_once(" =").map(|(key, _)| key);
    source.lines().filter_map(key).filter(|key| key.starts_with(|c: char| c.is_ascii_lowercase()))
}

impl Lang {
    /// All of them.
    pub(crate) const ALL: [Lang; 2] = [Lang::Portuguese, Lang::English];

    /// What `html lang` and `hreflang` call it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Lang::Portuguese => "pt-BR",
            Lang::English => "en",
        }
    }

    /// What it calls itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lang::Portuguese => "Português",
            Lang::English => "English",
        }
    }

    /// The language that a cookie or a form names by its tag.
    pub(crate) fn named(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The language that `Accept-Language` asks for: of those that pages speak the one with the
    /// highest weight, the first of equals.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut words = range.split(';').map(str::trim);
            let tag = words.next().unwrap_or_default();
            let Some(lang) = Self::spoken(tag) else { continue };
            let weight = words.find_map(|word| word.strip_prefix("q="));
            let weight = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0));
            if weight > best.map_or(0.0, |(_, best)| best) {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }

    fn spoken(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "pt" => Some(Lang::Portuguese),
            "en" => Some(Lang::English),
            _ => None,
        }
    }

    fn catalogue(self) -> &'static Catalogue {
        &CATALOGUES[self as usize]
    }

    /// A text without variables.
    pub(crate) fn t(self, key: &'static str) -> &'static str {
        match self.catalogue().plain.get(key) {
            Some(text) => text,
            None => {
                log::error!("no plain text has the key {key}");
                key
            }
        }
    }

    /// The same, chosen elsewhere.
    pub(crate) fn say(self, Key(key): Key) -> &'static str {
        self.t(key)
    }

    /// A text about a number, `$n`.
    pub(crate) fn n(self, key: &'static str, number: impl Into<u64>) -> String {
        let mut args = FluentArgs::new();
        args.set("n", FluentValue::from(number.into()));
        self.catalogue().say(key, &args)
    }

    /// A text with these words in it.
    pub(crate) fn with<const N: usize>(
        self,
        key: &'static str,
        words: &[(&'static str, &str); N],
    ) -> String {
        let mut args = FluentArgs::with_capacity(N);
        for (name, word) in words {
            args.set(*name, FluentValue::from(*word));
        }
        self.catalogue().say(key, &args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// The variables of every text of a catalogue.
    fn variables(source: &'static str) -> BTreeMap<&'static str, BTreeSet<String>> {
        let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut current = "";
        for line in source.lines() {
            if let Some(key) = keys(line).next() {
                assert!(all.insert(key, BTreeSet::new()).is_none(), "{key} stands there twice");
                current = key;
            }
            let mut rest = line;
            while let Some((_, after)) = rest.split_once("{ $") {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
                all.entry(current).or_default().insert(after[..end].to_owned());
                rest = &after[end..];
            }
        }
        all
    }

    /// Every key that a source file or a template names, and how it is said.
    fn used() -> BTreeMap<String, BTreeSet<&'static str>> {
        let mut texts = Vec::new();
        let mut folders = vec!["src".into(), "templates".into()];
        while let Some(folder) = folders.pop() {
            let folder: std::path::PathBuf = folder;
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(root.join(&folder)).unwrap() {
                let path = folder.join(entry.unwrap().file_name());
                match root.join(&path).is_dir() {
                    true => folders.push(path),
                    false if path.ends_with("language.rs") => {}
                    false => texts.push(std::fs::read_to_string(root.join(&path)).unwrap()),
                }
            }
        }
        let mut used: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
        for text in texts {
            for how in [".t(", ".n(", ".with(", "Key("] {
                for (at, _) in text.match_indices(how) {
                    let literal = text[at + how.len()..].trim_start().strip_prefix('"');
                    let Some((key, _)) = literal.and_then(|rest| rest.split_once('"')) else {
                        continue;
                    };
                    used.entry(key.to_owned()).or_default().insert(how);
                }
            }
        }
        used
    }

    #[test]
    fn both_catalogues_are_well_formed_and_have_the_same_texts_about_the_same_things() {
        for source in [PORTUGUESE, ENGLISH] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
        let (portuguese, english) = (variables(PORTUGUESE), variables(ENGLISH));
        assert!(portuguese.len() > 100);
        assert_eq!(portuguese, english);
    }

    #[test]
    fn every_text_that_is_said_is_there_and_every_text_that_is_there_is_said() {
        let (there, used) = (variables(PORTUGUESE), used());
        for (key, how) in &used {
            let variables =
                there.get(key.as_str()).unwrap_or_else(|| panic!("there is no text {key}"));
            for how in how {
                let fits = match *how {
                    ".n(" => variables.iter().eq(["n"]),
                    ".with(" => !variables.is_empty() && !variables.contains("n"),
                    _ => variables.is_empty(),
                };
                assert!(fits, "{key} has {variables:?} and is said by {how}");
            }
        }
        let idle: Vec<_> = there.keys().filter(|key| !used.contains_key(**key)).collect();
        assert!(idle.is_empty(), "nobody says {idle:?}");
    }

    #[test]
    fn no_template_has_a_text_of_its_own() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let mut text = std::fs::read_to_string(&path).unwrap();
            // What is between tags and outside of expressions.
            for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<", ">")] {
                while let Some((before, rest)) = text.split_once(open) {
                    let after = rest.split_once(close).map_or("", |(_, after)| after);
                    text = format!("{before} {after}");
                }
            }
            let words: Vec<_> =
                text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).collect();
            assert!(words.is_empty(), "{} says {words:?}", path.display());
        }
    }

    #[test]
    fn the_language_is_the_one_that_is_asked_for_most() {
        let check = |header: &str, expected: Option<Lang>| {
            assert_eq!(Lang::accepted(header), expected, "{header}");
        };
        check("pt-BR,pt;q=0.9,en;q=0.8", Some(Lang::Portuguese));
        check("en-GB,en;q=0.9,pt;q=0.8", Some(Lang::English));
        check("de, en;q=0.3, pt;q=0.7", Some(Lang::Portuguese));
        check("EN", Some(Lang::English));
        check("en;q=0, pt;q=0.1", Some(Lang::Portuguese));
        check("en;q=x", None);
        check("de,fr", None);
        check("", None);
    }

    #[test]
    fn numbers_have_their_forms_and_words_their_place() {
        assert_eq!(Lang::Portuguese.n("people", 1_u64), "1 pessoa");
        assert_eq!(Lang::Portuguese.n("people", 3_u64), "3 pessoas");
        assert_eq!(Lang::English.n("people", 1_u64), "1 person");
        assert_eq!(Lang::English.with("to-city", &[("city", "Rio")]), "To Rio");
    }
}
