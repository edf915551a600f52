//! Nodes of the executable over a PostgreSQL that is started for them. Where
//! there is none on the machine, these are skipped and say so.

mod doctor;
mod files;
mod keys;
mod lease;
mod migrate;
mod secrets;
mod tls;

use std::process::Output;

use tempfile::TempDir;

use crate::harness::{
    postgres::{self, Session},
    server::{Server, run},
};

/// A database with nothing in it, and the folder that it goes with.
struct Database {
    folder: TempDir,
    url: String,
}

impl Database {
    /// None where PostgreSQL is not installed, which is said.
    fn empty() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let url = postgres::url_if_there(folder.path())?;
        Some(Self { folder, url })
    }

    /// The same with a schema.
    fn migrated() -> Option<Self> {
        let database = Self::empty()?;
        let migrated = database.run(&["migrate"]);
        assert!(migrated.status.success(), "{migrated:?}");
        Some(database)
    }

    /// Runs a command in its folder.
    fn run(&self, arguments: &[&str]) -> Output {
        let database = ["--database", &*self.url];
        run(self.folder.path(), &[arguments, &database].concat())
    }

    /// A node that serves from it, in a folder of its own.
    fn node(&self, folder: &TempDir) -> Server {
        let arguments = ["--sms", "file:sms.jsonl", "--database", &*self.url];
        Server::with(folder.path(), &arguments)
    }

    fn session(&self) -> Session {
        Session::to(&self.url)
    }
}

/// Asserts that it failed so, and what it told.
#[track_caller]
fn refused(output: &Output, code: i32) -> String {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}
