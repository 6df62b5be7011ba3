//! Three machines as the README has them, line by line: daemons on one, pages on another, a visitor on
//! the third.

use crate::package::{assert_active, installed, stocked};
use crate::pages::{Came, book, known_offers};
use agencia_tests::http::Browser;
use agencia_tests::machine::{Debian, Machine};
use agencia_tests::trio::offer_id;
use agencia_tests::wire::code;
use agencia_tests::{Client, Kind};

const README: &str = include_str!("../../../README.md");

/// Puts new lists and listeners in force.
const ANEW: &str = "systemctl daemon-reload
systemctl stop agencia.target 'agencia*' && systemctl start agencia.target";

pub(crate) fn three() {
    let [daemons, pages] = Machine::boot_together([Debian::Bookworm, Debian::Trixie]);
    stocked(&daemons, &[50]);
    installed(&daemons);
    installed(&pages);
    keys(&daemons, &pages);
    for machine in [&daemons, &pages] {
        let list = machine.run(&["cat", "/etc/agencia/pares.toml"]);
        let there = list.replace("127.0.0.1:", &format!("{}:", daemons.address()));
        machine.write("/etc/agencia/pares.toml", &there);
    }
    open(&daemons);
    assert_active(
        &daemons,
        &[
            "agencia-hospedagens.service",
            "agencia-passeios.service",
            "agencia-voos.service",
            "agencia.target",
        ],
    );
    pages.run(&["sh", "-ec", only_pages()]);
    assert_active(&pages, &["agencia.target", "agencia@5000.service", "agencia@5001.service"]);

    assert!(is_booked(&pages), "{}", crate::operate::journal(&pages, "agencia@5000"));
    pages.on_lan(|| {
        let mut visitor = Client::connect(daemons.from_lan(5051));
        let found = visitor.ask(Kind::Stays.search(""));
        assert_eq!(found["hospedagens"].as_array().map(Vec::len), Some(1), "{found}");
        let id = offer_id(Kind::Stays, 0);
        let refused = visitor.ask(format!(r#"{{"action":"reservar","id":"{id}"}}"#));
        assert_eq!(code(&refused), Some("nao_autorizado"), "{refused}");
    });

    // Each service has the keys that it was handed, and has made none.
    assert!(!pages.path("/var/lib/agencia/web/chave").exists());
    daemons.run(&["rm", "/var/lib/agencia/chave"]);
    daemons.run(&["systemctl", "restart", "agencia.target"]);
    assert!(is_booked(&pages), "{}", crate::operate::journal(&pages, "agencia@5000"));
    assert!(!daemons.path("/var/lib/agencia/chave").exists());

    // It is these credentials that it takes.
    pages.write("/etc/systemd/system/agencia@.service.d/none.conf", "[Service]\nLoadCredential=\n");
    pages.run(&["sh", "-ec", ANEW]);
    assert!(!is_booked(&pages), "nobody books without a certificate");
}

/// Those of the daemons' host, carried to the other one by somebody who is trusted.
fn keys(daemons: &Machine, pages: &Machine) {
    for line in
        ["agencia keys init", "agencia keys export web web.toml", "agencia keys import web.toml"]
    {
        assert!(README.contains(&format!("\n{line}")), "{line}");
    }
    daemons.run(&["sh", "-ec", "agencia keys init; agencia keys export web web.toml"]);
    let carried = daemons.run(&["cat", "/root/web.toml"]);
    pages.write("/root/web.toml", &carried);
    let said = pages.run(&["agencia", "keys", "import", "web.toml"]);
    assert!(said.contains("/var/lib/agencia/web/chave.antes-da-importacao"), "{said}");
}

/// Lets other hosts reach the daemons, and has no pages there.
fn open(daemons: &Machine) {
    for (name, port) in [("voos", 5050), ("hospedagens", 5051), ("passeios", 5052)] {
        let settings = format!("listen = [\"0.0.0.0:{port}\"]\n");
        daemons.write(&format!("/etc/agencia/{name}.d/lan.toml"), &settings);
    }
    // What the example tells to do, with this network.
    let example = daemons.run(&["cat", "/usr/share/doc/agencia/examples/daemons-lan.conf"]);
    let told = example.lines().filter_map(|line| line.strip_prefix("#   "));
    let told: Vec<_> = told.take_while(|line| !line.starts_with("mkdir")).collect();
    let (copy, start) = told.split_at(told.len() - 2);
    assert_eq!(start.join("\n"), ANEW);
    daemons.run(&["sh", "-ec", &copy.join("\n")]);
    for name in ["voos", "hospedagens", "passeios"] {
        let list = format!("/etc/systemd/system/agencia-{name}.service.d/lan.conf");
        daemons.run(&["sed", "-i", "s|=192.168.0.0/16|=10.77.0.0/24|", &list]);
    }
    daemons.run(&["systemctl", "disable", "--now", "agencia@5000", "agencia@5001"]);
    daemons.run(&["sh", "-ec", ANEW]);
    for name in ["voos", "hospedagens", "passeios"] {
        let allowed = daemons.property(&format!("agencia-{name}"), "IPAddressAllow");
        assert!(allowed.contains("10.77.0.0/24") && allowed.contains("127.0.0.0/8"), "{allowed}");
    }
}

/// The last commands of the chapter.
fn only_pages() -> &'static str {
    let (_, chapter) = README.split_once("\n### Three machines\n").expect("there is that chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("it is not the last one");
    let commands = chapter.split("\n```\n").filter(|block| block.starts_with("systemctl disable"));
    commands.last().expect("there are commands")
}

/// Whether a visitor from the LAN can book, on both instances.
fn is_booked(pages: &Machine) -> bool {
    [5000, 5001].into_iter().all(|port| {
        let address = pages.from_lan(port);
        let came = pages.on_lan(|| book(&mut Browser::default(), address, &known_offers()));
        matches!(came, Came::Booked { .. })
    })
}
