//! The reverse proxies of the README, with the very lines that stand there: a visitor comes to the pages
//! over TLS, sends a form, and has cookies that go over TLS alone.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use agencia_keys::{Authority, Purpose};
use agencia_tests::agency::{CITY, Site};
use agencia_tests::http::{Fields, Page, encode};
use agencia_tests::keys::{days, write};
use agencia_tests::ports::free_addresses;
use agencia_tests::process::Process;
use agencia_tests::{Client, Kind, PATIENCE};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const README: &str = include_str!("../../README.md");
/// The name that the README gives the site.
const NAME: &str = "agencia.example";
const PAUSE: Duration = Duration::from_millis(50);

/// The block of the README that begins like this, with these changes: each must be possible.
fn block(begins: &str, changes: &[(&str, &str)]) -> String {
    let mut blocks = README.split("\n```").filter_map(|block| block.split_once('\n'));
    let (_, block) = blocks.find(|(_, block)| block.starts_with(begins)).unwrap();
    changes.iter().fold(block.to_owned(), |block, (from, to)| {
        assert!(block.contains(from), "{from} is not in\n{block}");
        block.replace(from, to)
    })
}

/// A proxy in front of the pages; it ends with this.
struct Proxy {
    folder: TempDir,
    address: SocketAddr,
    /// The certificate of who vouches for it.
    authority: PathBuf,
    _running: Process,
}

fn start(command: &mut Command) -> Process {
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer);
    Process::start(command, vec![Box::new(reader)], || {})
}

impl Proxy {
    fn nginx(site: &Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let authority = Authority::generate().unwrap();
        let issued = authority.issue(NAME, Purpose::ConnectAndListen, None, days(-1, 9)).unwrap();
        write(folder.path(), "authority.pem", &authority.certificate(days(-1, 9)).unwrap());
        write(folder.path(), "site.pem", &issued.certificate);
        write(folder.path(), "site.key", &issued.key);
        let ([address], pages) = (free_addresses(), site.web().map(|it| it.to_string()));
        let block = block(
            "upstream agencia",
            &[
                ("127.0.0.1:5000", &pages[0]),
                ("127.0.0.1:5001", &pages[1]),
                ("listen 443 ssl", &format!("listen {address} ssl")),
                ("/etc/ssl/agencia.pem", &path("site.pem")),
                ("/etc/ssl/private/agencia.key", &path("site.key")),
            ],
        );
        // What Debian's own nginx.conf is around it, in a folder of its own.
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", path(what)))
            .concat();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{block}\n}}\n",
            path("pid")
        );
        write(folder.path(), "nginx.conf", &text);
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c", &path("nginx.conf"), "-p"]).arg(folder.path());
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let running = start(&mut command);
        let authority = folder.path().join("authority.pem");
        Self { folder, address, authority, _running: running }
    }

    fn caddy(site: &Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pages = site.web().map(|it| it.to_string());
        let [address, clear] = free_addresses();
        let block = block(
            &format!("{NAME} {{"),
            &[
                ("127.0.0.1:5000", &pages[0]),
                ("127.0.0.1:5001", &pages[1]),
                ("    tls internal", "    bind 127.0.0.1\n    tls internal"),
            ],
        );
        let text = format!(
            "{{\n    admin off\n    skip_install_trust\n    https_port {}\n    http_port {}\n}}\n{block}",
            address.port(),
            clear.port()
        );
        write(folder.path(), "Caddyfile", &text);
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(folder.path().join("Caddyfile"));
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        command.env("XDG_CONFIG_HOME", folder.path());
        let running = start(&mut command);
        let authority = folder.path().join("caddy/pki/authorities/local/root.crt");
        Self { folder, address, authority, _running: running }
    }

    /// What the visitor's browser gets, if there is an answer.
    fn ask(&self, path: &str, form: Option<&Fields>) -> Result<Page, String> {
        let port = self.address.port();
        let jar = self.folder.path().join("cookies");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--include", "--http1.1", "--noproxy", "*"]);
        command.arg("--cacert").arg(&self.authority);
        command.arg("--resolve").arg(format!("{NAME}:{port}:127.0.0.1"));
        command.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar);
        command.arg("--max-time").arg(PATIENCE.as_secs().to_string());
        if let Some(fields) = form {
            command.arg("--header").arg(format!("Origin: https://{NAME}:{port}"));
            command.arg("--data").arg(encode(fields));
        }
        let output = command.arg(format!("https://{NAME}:{port}{path}")).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let reply = String::from_utf8(output.stdout).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Page { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// The start page, as soon as the proxy is there.
    fn wait(&self) -> Page {
        let due = Instant::now() + PATIENCE;
        loop {
            match self.ask("/", None) {
                Ok(page) => return page,
                Err(error) => assert!(Instant::now() < due, "{error}"),
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Checks that a trip can be held through a proxy.
fn check(proxied: impl FnOnce(&Site) -> Proxy) {
    let site = Site::new().with("AGENCIA_WEB_HTTP__TRUSTED_PROXIES", "127.0.0.1");
    let _up = site.up(&[]);
    let request = format!(r#"{{"action":"passeio","cidade":"{CITY}","dataIda":"2099-12-21"}}"#);
    let found = Client::connect(site.daemon(Kind::Tours)).ask(request);
    let tour = found["passeio"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}"));
    let proxy = proxied(&site);
    let start = proxy.wait();
    assert_eq!(start.status, 200, "{}", start.text());

    let review = proxy.ask(&format!("/pacote?pessoas=1&passeio={tour}"), None).unwrap();
    let form = review.form("/pacote").unwrap_or_else(|| panic!("{}", review.text()));
    let held = proxy.ask(&form.0, Some(&form.1)).unwrap();
    assert_eq!(held.status, 303, "{}", held.text());
    let trip = held.header("location").unwrap();
    let page = proxy.ask(trip, None).unwrap();
    assert!(page.body.contains("nome1"), "it is held for this visitor: {}", page.text());
    // That the visitor came over TLS is believed.
    let cookies: Vec<_> =
        [&start, &review, &held].iter().flat_map(|p| p.headers("set-cookie")).collect();
    assert!(!cookies.is_empty(), "{}", review.head);
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    }
    // And a form that another site made is refused here, too.
    let mut other = Command::new("curl");
    other.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--http1.1"]);
    let port = proxy.address.port();
    other.args(["--noproxy", "*", "--cacert"]).arg(&proxy.authority);
    other.args(["--resolve", &format!("{NAME}:{port}:127.0.0.1")]);
    other.args(["--header", "Origin: https://elsewhere.example", "--data", &encode(&form.1)]);
    let other = other.arg(format!("https://{NAME}:{port}{}", form.0)).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "403");
}

#[test]
fn nginx_as_the_readme_has_it_brings_visitors_to_the_pages() {
    check(Proxy::nginx);
}

#[test]
fn caddy_as_the_readme_has_it_brings_visitors_to_the_pages() {
    check(Proxy::caddy);
}

#[test]
fn the_settings_that_the_readme_has_for_a_proxy_are_settings() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "web.toml", &block("listen = [\"127.0.0.1\"]\n[http]", &[]));
    let etc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/agencia");
    let mut command = Command::new(agencia_tests::program::path("agencia-web"));
    command.arg("--check").arg("--config").arg(folder.path().join("web.toml"));
    let output = command.arg("--peers").arg(etc.join("pares.toml")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
