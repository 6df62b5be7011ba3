//! What the simulation must notice: one thing at a time that no network and no disk may do, done
//! all the same. Production knows nothing of it.

use agencia_protocol::trip::{Outcome, TripMessage};

/// One thing that must be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// Production as it is.
    None,
    /// There are no pins: travellers book part by part.
    NoPins,
    /// A daemon that dies forgets what it committed last.
    ForgetLastCommit,
    /// A backup is put in force without the mark that begins a recovery.
    RestoreWithoutMark,
    /// Somebody on the way acknowledges outcomes in the name of the parts.
    LyingAcknowledgement,
    /// The catalog is not told what the ledger has committed.
    DeafCatalog,
}

impl Mutation {
    /// Everything that must be noticed.
    pub(super) const ALL: [Self; 5] = [
        Self::NoPins,
        Self::ForgetLastCommit,
        Self::RestoreWithoutMark,
        Self::LyingAcknowledgement,
        Self::DeafCatalog,
    ];

    /// How it may be noticed: what is said then has one of these in it. Whatever else is said is
    /// another failure, which tells nothing of this one.
    pub(super) fn expected(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::NoPins => &["and nobody wanted just that"],
            Self::ForgetLastCommit => FORGOTTEN,
            Self::RestoreWithoutMark => FORGOTTEN,
            Self::LyingAcknowledgement => &["and nobody wanted just that", "and booked are"],
            Self::DeafCatalog => &["the catalog has"],
        }
    }
}

/// How it is noticed that a daemon has forgotten what it had promised or said.
const FORGOTTEN: &[&str] = &[
    "is confirmed, and its anchor",
    "is confirmed and",
    "is oversold",
    "and nobody wanted just that",
    "and booked are",
    "somebody was told that it is booked, and it is not",
    "somebody was told that it is cancelled, and it is booked",
    "somebody was told that it will never be booked, and it is",
    "the change of travellers is lost",
    ", kept ",
];

/// The reply of a part that was not asked, to `aplicar`; nothing to any other message.
pub(super) fn acknowledged(body: &[u8]) -> Option<Vec<u8>> {
    let message = TripMessage::parse("aplicar", body)?.ok()?;
    let TripMessage::Apply(apply) = message else { return None };
    // A message with another word in `action` is no `aplicar`, whatever its fields are.
    let is_apply = body.windows(19).any(|part| part == br#""action":"aplicar","#.as_slice());
    let state = match apply.outcome {
        Outcome::Committed => "confirmada",
        _ => "solta",
    };
    is_apply.then(|| format!(r#"{{"estado":"{state}"}}"#).into_bytes())
}
