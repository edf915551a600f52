//! `invited seed`: made-up people.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::harness::{
    intruder::{Intruder, users_so_far},
    server::{command, run},
};

#[test]
fn seeded_people_are_the_same_every_time() {
    let folders = [(); 3].map(|()| TempDir::new().unwrap());
    let [one, two, three] = folders.each_ref().map(TempDir::path);
    let seed = |folder: &Path, more: &[&str]| {
        let arguments = ["seed", "--users", "300", "--referrals", "200"];
        run(folder, &[&arguments, more].concat()).status.code()
    };
    assert_eq!((seed(one, &[]), seed(two, &[])), (Some(0), Some(0)));
    assert_eq!(
        (seed(one, &[]), seed(two, &["--force"])),
        (Some(1), Some(0)),
        "a database with users is left alone"
    );
    let people = |folder: &Path| {
        let numbers = ["count(*)", "count(referrer_id)", "sum(phone * (id % 1000))"];
        let database = Intruder::of(folder);
        numbers.map(|number| database.number(&format!("SELECT {number} FROM users")))
    };
    let [first, second] = [people(one), people(two)];
    assert_eq!(
        (&first[..2], &second[..2]),
        (&[300, 200][..], &[600, 400][..])
    );
    assert_eq!(seed(three, &[]), Some(0));
    assert_eq!(people(three), first);
}

#[test]
fn seeding_that_is_stopped_tells_what_there_is() {
    let folder = TempDir::new().unwrap();
    let mut seed = command(folder.path());
    seed.args(["seed", "--users", "100000", "--referrals", "99999"]);
    let seed = seed.stderr(Stdio::piped()).spawn().unwrap();
    // It listens for signals by the time that it has made a database with a schema.
    while users_so_far(folder.path()) == 0 {
        std::thread::yield_now();
    }
    Command::new("kill")
        .args(["-INT", &seed.id().to_string()])
        .status()
        .unwrap();
    let output = seed.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let (made, people) = (users_so_far(folder.path()), 100_000);
    if output.status.success() {
        assert_eq!(made, people);
        return;
    }
    let left = people - made;
    let sentence =
        format!("stopped: {made} of {people} people are in the database, each of them whole");
    let remedy = format!("`invited seed --force --users {left} --referrals ");
    assert!(told.contains(&sentence) && told.contains(&remedy), "{told}");
}
