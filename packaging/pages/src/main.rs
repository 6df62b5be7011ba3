//! Writes the manual pages and the completions of every program into a folder: `man/` and
//! `completions/`. They come from the command lines that the programs themselves read, so that they
//! cannot tell of a flag that is not there. It is run by `packaging/build` and never installed.

use agencia_server::Flags;
use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What stands at the foot of every page.
const SOURCE: &str = concat!("agencia ", env!("CARGO_PKG_VERSION"));

/// The section of programs that systemd runs.
const SERVICES: &str = "8";

/// What the pages of a section are called at their head.
fn manual(section: &str) -> &'static str {
    match section {
        "1" => "User Commands",
        _ => "System Administration",
    }
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: agencia-pages FOLDER");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agencia-pages: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// The programs with the sections of their pages.
fn programs() -> Vec<(Command, &'static str)> {
    let daemon = |name: &str, service: &'static str, about: &'static str| {
        let command = Flags::command_of(name).name(service).about(about);
        (command, SERVICES)
    };
    vec![
        daemon("voos", "agencia-voos", "Searches and sells flights"),
        daemon("hospedagens", "agencia-hospedagens", "Searches and sells stays"),
        daemon("passeios", "agencia-passeios", "Searches and sells tours"),
        (agencia_web::command(), SERVICES),
        (agencia_mocks::command(), "1"),
        (agencia::command(), "1"),
    ]
}

fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    for (mut command, section) in programs() {
        let program = command.get_name().to_owned();
        for &shell in Shell::value_variants() {
            if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Fish) {
                clap_complete::generate_to(shell, &mut command, &program, &completions)?;
            }
        }
        command.build();
        pages(&command, &program, section, &man)?;
    }
    Ok(())
}

/// The page of a command, called `name`, and those of its subcommands.
fn pages(command: &Command, name: &str, section: &str, folder: &Path) -> io::Result<()> {
    let shown = command.clone().display_name(name).disable_help_subcommand(true);
    let page = Man::new(shown)
        .title(name.to_uppercase())
        .section(section)
        .source(SOURCE)
        .manual(manual(section));
    let mut text = Vec::new();
    page.render(&mut text)?;
    if section == SERVICES {
        text.extend(of_service(name).into_bytes());
    }
    fs::write(folder.join(format!("{name}.{section}")), text)?;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        if inner.get_name() != "help" {
            pages(inner, &format!("{name}-{}", inner.get_name()), section, folder)?;
        }
    }
    Ok(())
}

/// What no command line tells of a service: how it ends, what it reads and keeps, where more stands.
const OF_A_SERVICE: &str = r#".SH "EXIT STATUS"
0 after being told to stop, 2 for a wrong flag, 78 for wrong settings, 1 for everything else.
.SH FILES
.TP
.IR /etc/agencia/NAME.toml ", " /etc/agencia/NAME.d/*.toml
The settings.
.TP
.I /etc/agencia/pares.toml
Who the daemons are, and where.
.TP
.I /etc/agencia/keys
Keys and certificates for other hosts, if there are any.
.TP
.I /var/lib/agencia/NAME
WHAT_IS_KEPT
.TP
.I UNIT.service
The unit that runs it.
.SH "SEE ALSO"
.BR agencia (1),
.BR agencia.systemd (7),
.BR agencia.toml (5)
"#;

fn of_service(program: &str) -> String {
    let name = program.trim_start_matches("agencia-");
    let (unit, kept) = match name {
        "web" => ("agencia@PORT", "The key that all instances share."),
        _ => (program, "The ledger and the inventory."),
    };
    let text = OF_A_SERVICE.replace("NAME", name).replace("WHAT_IS_KEPT", kept);
    text.replace("UNIT", &unit.replace('-', r"\-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_and_subcommand_has_its_page_and_every_program_its_completions() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        for (page, part) in [
            ("man/agencia-voos.8", "\\-\\-reload"),
            ("man/agencia-hospedagens.8", "\\-\\-inventory"),
            ("man/agencia-passeios.8", "\\-\\-state"),
            ("man/agencia-web.8", "\\-\\-port"),
            ("man/agencia-mocks.1", "\\-\\-days"),
            ("man/agencia.1", "agencia\\-import(1)"),
            ("man/agencia-import.1", "\\-\\-inventory"),
            ("man/agencia-demo-off.1", "demonstration"),
        ] {
            let text = read(page);
            assert!(text.contains(part), "{part} is not in {page}: {text}");
            assert!(text.contains(".SH NAME") && text.contains(SOURCE), "{page}: {text}");
        }
        for service in ["voos", "hospedagens", "passeios", "web"] {
            let text = read(&format!("man/agencia-{service}.8"));
            let settings = format!("/etc/agencia/{service}.toml");
            for part in ["EXIT STATUS", ".SH FILES", &settings, "SEE ALSO", "agencia.systemd (7)"] {
                assert!(text.contains(part), "{part} is not in {text}");
            }
        }
        assert!(!folder.path().join("man/agencia-run.1").exists(), "it is not for people");
        for (command, _) in programs() {
            let name = command.get_name().to_owned();
            for file in [format!("{name}.bash"), format!("_{name}"), format!("{name}.fish")] {
                assert!(read(&format!("completions/{file}")).contains(&name), "{file}");
            }
        }
    }
}
