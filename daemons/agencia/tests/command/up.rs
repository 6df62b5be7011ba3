//! `agencia up`.

use crate::scene::{Scene, Up, signal};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use smol::Async;
use std::net::{TcpListener, TcpStream};

#[test]
fn it_runs_the_whole_agency_and_stops_it_in_order_on_ctrl_c() {
    let scene = Scene::new();
    let mut up = scene.up_and_ready();
    let [.., first, second] = scene.ports;
    for port in [first, second] {
        up.position(&format!("http://localhost:{port}"));
        assert_eq!(scene.page(port, "/"), "HTTP/1.1 200 OK");
    }
    assert_eq!(scene.run(&["status"]).0, 0);

    up.ctrl_c();
    assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
    let last_web = [first, second].map(|port| {
        let name = format!("web-{port}");
        up.lines.iter().rposition(|line| line.starts_with(&name)).unwrap()
    });
    let daemons_stop = up.position("Told to stop");
    assert!(last_web.iter().all(|&line| line < daemons_stop), "{:#?}", up.lines);
    // Ctrl-C itself reached none of them: each was asked to stop when its turn came.
    let asked = up.lines.iter().filter(|line| line.contains("Told to stop by Term"));
    assert_eq!(asked.count(), 3, "{:#?}", up.lines);
    for port in scene.ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} is still open");
    }
}

#[test]
fn it_stops_on_sigterm_too() {
    let scene = Scene::new();
    let mut up = scene.up_and_ready();
    up.signal("TERM");
    assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
}

#[test]
fn a_killed_daemon_is_told_of_and_comes_back() {
    let scene = Scene::new();
    let mut up = scene.up_and_ready();
    let children = up.children();
    let (voos, _) = children.iter().find(|(_, line)| line.contains("run voos")).unwrap();
    signal(*voos, "KILL");
    up.wait_for("voos was killed by SIGKILL; it is started again in 0.5 s");
    up.wait_for(") is ready");
    assert_eq!(scene.run(&["status"]).0, 0);
    up.ctrl_c();
    assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
}

#[test]
fn no_child_outlives_it_even_when_it_is_killed() {
    let scene = Scene::new();
    let mut up = scene.up_and_ready();
    let children = up.children();
    assert_eq!(children.len(), 5, "{children:?}");
    let handles: Vec<_> = children
        .iter()
        .map(|&(pid, _)| {
            let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
            Async::new(pidfd_open(pid, PidfdFlags::NONBLOCK).unwrap()).unwrap()
        })
        .collect();
    up.signal("KILL");
    up.end();
    smol::block_on(async {
        for ((_, line), handle) in children.iter().zip(handles) {
            let patience = async {
                smol::Timer::after(std::time::Duration::from_secs(60)).await;
                panic!("{line} is still there");
            };
            futures_lite::future::or(async { handle.readable().await.unwrap() }, patience).await;
        }
    });
}

#[test]
fn a_child_whose_parent_has_ended_does_not_start() {
    let scene = Scene::new();
    // Whoever has number 1 is not the parent.
    let (code, _, errors) = scene.run(&["run", "voos", "--parent", "1", "--", "--check"]);
    assert_eq!(code, 1);
    assert_eq!(errors, "agencia: voos is not started: its parent has ended\n");
}

#[test]
fn taken_ports_are_told_by_name_before_anything_starts() {
    let scene = Scene::new();
    let [voos, .., web] = scene.ports;
    let taken = [voos, web].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
    let mut up = scene.up();
    assert_eq!(up.end(), Some(1));
    up.position(&format!("agencia: port {voos} (voos) is taken: another program listens there"));
    let line = up.position(&format!("agencia: port {web} (web-{web}) is taken: "));
    assert!(up.lines[line].ends_with("or choose other ports with --port"), "{:#?}", up.lines);
    assert_eq!(up.lines.len(), 2);
    drop(taken);
}

#[test]
fn bad_settings_of_one_stop_all_with_their_own_exit_code() {
    let scene = Scene::new();
    let mut command = scene.command(&["up", "--only", "daemons"]);
    command.env("AGENCIA_PASSEIOS_LIMITS__CONNECTIONS_MAX", "many");
    let mut up = Up::start(command);
    assert_eq!(up.end(), Some(78), "{:#?}", up.lines);
    up.position("AGENCIA_PASSEIOS_LIMITS__CONNECTIONS_MAX");
    up.position("agencia     | passeios cannot run with its settings (exit code 78)");
}

#[test]
fn the_settings_of_a_clone_are_those_of_its_folder() {
    let scene = Scene::new();
    let (code, _, errors) = scene.run(&["up", "--etc", "nowhere"]);
    assert_eq!(code, 78);
    assert!(errors.contains("nowhere: there is no such folder of settings"), "{errors}");

    // `etc/agencia` where the command is started, as in a clone, and a folder by another name.
    for (folder, named) in [("etc/agencia", None), ("other", Some("other"))] {
        std::fs::create_dir_all(scene.path(folder)).unwrap();
        for name in ["hospedagens", "passeios"] {
            scene.write(&format!("{folder}/{name}.toml"), "");
        }
        scene.write(&format!("{folder}/voos.toml"), "[limits]\nconnections_max = \"many\"\n");
        let mut args = vec!["up", "--only", "daemons"];
        args.extend(named.iter().flat_map(|folder| ["--etc", folder]));
        let mut up = Up::start(scene.command(&args));
        assert_eq!(up.end(), Some(78), "{:#?}", up.lines);
        up.position(&format!("{folder}/voos.toml"));
    }
}

#[test]
fn daemons_and_web_clients_run_apart() {
    let scene = Scene::new();
    let mut daemons = Up::start(scene.command(&["up", "--only", "daemons"]));
    daemons.wait_for("everything is ready");
    let port = scene.ports[3].to_string();
    let mut web =
        Up::start(scene.command(&["up", "--dir", "other", "--only", "web", "--port", &port]));
    web.wait_for("everything is ready");
    assert_eq!((daemons.children().len(), web.children().len()), (3, 1));
    assert_eq!(scene.page(scene.ports[3], "/"), "HTTP/1.1 200 OK");
    for up in [&mut web, &mut daemons] {
        up.ctrl_c();
        assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
    }
}

#[test]
fn inventory_is_made_when_there_is_none_and_never_beside_other() {
    let scene = Scene::new();
    let lonely = scene.path("var/inventory/passeios.json");
    std::fs::remove_file(&lonely).unwrap();
    let (code, _, errors) = scene.run(&["up", "--only", "daemons"]);
    assert_eq!(code, 1);
    assert!(errors.contains("passeios.json: is missing, although"), "{errors}");
    assert!(!lonely.exists());

    let args = ["up", "--only", "daemons", "--inventory", "made"];
    let mut up = Up::start(scene.command(&args));
    up.wait_for("agencia: made ");
    up.wait_for("everything is ready");
    up.ctrl_c();
    assert_eq!(up.end(), Some(0), "{:#?}", up.lines);
    assert!(scene.path("made/passagens.json").exists());
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let scene = Scene::new();
    for args in
        [["up", "--only", "daemons", "--port", "5000"], ["up", "--only", "web", "--inventory", "x"]]
    {
        let (code, _, errors) = scene.run(&args);
        assert_eq!(code, 2, "{errors}");
        assert!(errors.contains("leave one of them out"), "{errors}");
    }
}
