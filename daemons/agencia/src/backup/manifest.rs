//! What a backup says of itself: `manifest.json`.

use super::BackupError;
use agencia_protocol::trip::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// Its name in the folder of a backup.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The only format that there is.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// How the rest is to be read.
    format: u32,
    /// The version of the software that made it.
    pub(crate) version: String,
    /// When it was begun.
    pub(crate) taken: Timestamp,
    /// Every other file of the folder.
    pub(crate) files: Vec<Entry>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Where it is, as seen from the folder.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) what: What,
    /// Whose it is, if it is one daemon's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) daemon: Option<String>,
    /// When it was copied.
    pub(crate) taken: Timestamp,
    /// Its length.
    pub(crate) bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub(crate) sha256: String,
}

/// What a file of a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// A ledger.
    Ledger,
    /// An inventory.
    Inventory,
    /// Who the daemons are.
    Peers,
    /// The daemons' key.
    Key,
    /// The key of the pages.
    WebKey,
    /// A file of the folder of keys and certificates.
    HostKey,
}

impl Manifest {
    /// The manifest of these files.
    pub(crate) fn new(taken: Timestamp, files: Vec<Entry>) -> Self {
        Self { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), taken, files }
    }

    /// Reads that of a backup.
    ///
    /// # Errors
    /// When it cannot be read, or says what it may not.
    pub(crate) fn load(backup: &Path) -> Result<Self, BackupError> {
        let path = backup.join(MANIFEST);
        let bad = |reason: String| BackupError::Manifest { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            bad(format!("cannot be read: {error}; name a folder that `agencia backup` made"))
        })?;
        Self::parse(&text).map_err(bad)
    }

    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| format!("is no manifest: {error}");
        let Format { format } = serde_json::from_str(text).map_err(unreadable)?;
        if format != FORMAT {
            return Err(format!(
                "has the format {format}, and this version reads {FORMAT}; restore with the version \
                 that made the backup"
            ));
        }
        let manifest: Self = serde_json::from_str(text).map_err(unreadable)?;
        let inside = |path: &Path| {
            let mut parts = path.components().peekable();
            parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        match manifest.files.iter().find(|entry| !inside(&entry.path)) {
            Some(entry) => Err(format!("names {}, outside of the backup", entry.path.display())),
            None => Ok(manifest),
        }
    }

    /// The ledgers, each with its daemon.
    pub(crate) fn ledgers(&self) -> impl Iterator<Item = (&str, &Entry)> {
        let ledgers = self.files.iter().filter(|entry| entry.what == What::Ledger);
        ledgers.filter_map(|entry| Some((entry.daemon.as_deref()?, entry)))
    }

    /// The file that is this, of this daemon or of nobody.
    pub(crate) fn find(&self, what: What, daemon: Option<&str>) -> Option<&Entry> {
        self.files.iter().find(|it| it.what == what && it.daemon.as_deref() == daemon)
    }

    /// Whether the file of this name is among those of the folder of keys.
    pub(crate) fn has_host_key(&self, name: &str) -> bool {
        let named = |entry: &Entry| entry.path.file_name().is_some_and(|it| it == name);
        self.files.iter().any(|entry| entry.what == What::HostKey && named(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        Entry {
            path: path.into(),
            what: What::Ledger,
            daemon: Some("voos".to_owned()),
            taken: Timestamp::from_unix_millis(1),
            bytes: 2,
            sha256: "00".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let manifest = Manifest::new(Timestamp::from_unix_millis(0), vec![entry("voos/livro")]);
        let text = serde_json::to_string(&manifest).unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), manifest);
        assert_eq!(manifest.ledgers().map(|(name, _)| name).collect::<Vec<_>>(), ["voos"]);
        assert!(manifest.find(What::Ledger, Some("voos")).is_some());
        assert!(manifest.find(What::Ledger, None).is_none());
    }

    #[test]
    fn no_manifest_leads_out_of_its_folder() {
        for path in ["/etc/passwd", "../x", "a/../../x", ""] {
            let manifest = Manifest::new(Timestamp::from_unix_millis(0), vec![entry(path)]);
            let error = Manifest::parse(&serde_json::to_string(&manifest).unwrap()).unwrap_err();
            assert!(error.contains("outside of the backup"), "{path}: {error}");
        }
    }

    #[test]
    fn a_later_format_is_refused_with_the_way_out() {
        let error = Manifest::parse(r#"{"format":2,"anything":"else"}"#).unwrap_err();
        assert!(error.contains("restore with the version that made"), "{error}");
        assert!(Manifest::parse("{}").unwrap_err().contains("is no manifest"));
    }
}
