//! The settings files that are shipped show the defaults: with the comment marks taken away they
//! change nothing, and no setting is missing from them.

use agencia_catalog::Product;
use agencia_server::Settings;
use std::path::Path;
use toml::Table;

/// A line such as `#threads = 0` is a setting in a comment; prose has a space after the mark.
fn uncomment(text: &str) -> String {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_lowercase()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| setting(line) + "\n").collect()
}

fn table<P: Product>(settings: &Settings<P::Settings>) -> Table {
    Table::try_from(settings).expect("settings are a table")
}

fn check<P: Product>() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../etc/agencia");
    let shipped = folder.join(format!("{}.toml", P::NAME));
    let defaults = table::<P>(&Settings::defaults::<P>());
    let loaded = |path: &Path| match Settings::from_file::<P>(path) {
        Ok(settings) => table::<P>(&settings),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(loaded(&shipped), defaults, "{} as shipped", P::NAME);

    let text = std::fs::read_to_string(&shipped).expect("the file is there");
    let uncommented = uncomment(&text);
    let temporary = tempfile::NamedTempFile::with_suffix(".toml").expect("room for a file");
    std::fs::write(temporary.path(), &uncommented).expect("room for a file");
    assert_eq!(loaded(temporary.path()), defaults, "{} without comment marks", P::NAME);
    let mentioned: Table = uncommented.parse().expect("it was just loaded");
    assert_eq!(mentioned, defaults, "{} mentions every setting", P::NAME);
}

#[test]
fn flights() {
    check::<agencia_voos::Flights>();
}

#[test]
fn stays() {
    check::<agencia_hospedagens::Stays>();
}

#[test]
fn tours() {
    check::<agencia_passeios::Tours>();
}
