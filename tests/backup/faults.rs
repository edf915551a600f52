//! Backups while something else happens.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{PHONE, back_up, done, names, phones, place, populated, refused, restored, until};
use crate::{
    faults::tmpfs::Tmpfs,
    harness::{
        postgres::sqlite_only,
        server::{Server, command, login, run},
    },
};

#[test]
fn a_backup_while_clients_write_holds_every_fact_acknowledged_before_it_began() {
    sqlite_only!("backups of its file");
    let folder = place();
    let server = Server::start(folder.path());
    let (acknowledged, is_over) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let (before, backup) = std::thread::scope(|scope| {
        for worker in 0..4 {
            let (server, folder) = (&server, folder.path());
            let (acknowledged, is_over) = (&acknowledged, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let phone = format!("+79{worker:03}{number:06}");
                    login(&server.address, folder, &phone).unwrap();
                    acknowledged.lock().unwrap().insert(phone);
                }
            });
        }
        let count = || acknowledged.lock().unwrap().len();
        until("writing", || count() > 50);
        let before = acknowledged.lock().unwrap().clone();
        let output = run(folder.path(), &["backup", "to"]);
        // Whoever writes is not held up by it.
        let after = count();
        until("writing on", || count() > after);
        is_over.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{output:?}");
        (before, names(&folder.path().join("to")).remove(0))
    });
    assert!(server.stop().success());
    let restored = restored(&folder.path().join("to").join(backup));
    let there = phones(restored.path());
    assert!(before.is_subset(&there), "{:?}", before.difference(&there));
}

/// A backup that is being made.
fn begun(folder: &Path) -> Child {
    let mut backup = command(folder);
    backup
        .args(["backup", "to"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let backup = backup.spawn().unwrap();
    until("a backup", || !names(&folder.join("to")).is_empty());
    backup
}

#[test]
fn a_server_that_is_killed_meanwhile_leaves_nothing_that_is_called_a_backup() {
    sqlite_only!("backups of its file");
    let folder = populated("20000");
    let to = folder.path().join("to");
    let mut server = Server::start(folder.path());
    let mut backup = begun(folder.path());
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(!backup.wait().unwrap().success());
    let left = names(&to);
    assert!(
        left[0].starts_with(".invited-") && left[0].ends_with(".partial"),
        "{left:?}"
    );
    // What was left is removed by the next.
    back_up(folder.path());
    let there = names(&to);
    assert!(
        there.len() == 1 && there[0].starts_with("invited-"),
        "{there:?}"
    );
}

#[test]
fn a_server_that_stops_meanwhile_removes_what_it_has_begun() {
    sqlite_only!("backups of its file");
    let folder = populated("20000");
    let to = folder.path().join("to");
    let server = Server::start(folder.path());
    let mut backup = begun(folder.path());
    assert!(server.stop().success());
    assert!(!backup.wait().unwrap().success());
    assert_eq!(names(&to), [""; 0]);
    assert!(!folder.path().join("invited.db-wal").exists());
}

#[test]
fn a_place_that_is_full_or_read_only_gets_no_backup_and_the_server_serves_on() {
    sqlite_only!("backups of its file");
    let Some(disk) = Tmpfs::mount("8m") else {
        return;
    };
    let folder = populated("2000");
    let backup = ["backup", disk.path().to_str().unwrap()];
    let try_in_vain = || {
        for room in [0, 200_000, 500_000] {
            disk.fill();
            let filler = fs::File::options()
                .write(true)
                .open(disk.path().join("filler"));
            let filler = filler.unwrap();
            filler
                .set_len(filler.metadata().unwrap().len() - room)
                .unwrap();
            let said = refused(folder.path(), &backup);
            assert!(
                said.contains("full") || said.contains("No space left"),
                "{said}"
            );
            assert_eq!(names(disk.path()), ["filler"]);
            disk.empty();
        }
        disk.remount("remount,ro");
        let said = refused(folder.path(), &backup);
        assert!(said.contains("Read-only file system"), "{said}");
        disk.remount("remount,rw");
    };
    let server = Server::start(folder.path());
    try_in_vain();
    login(&server.address, folder.path(), PHONE).unwrap();
    assert!(server.stop().success());
    try_in_vain();
    done(folder.path(), &backup);
}
