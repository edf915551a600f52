//! `invited backup`: makes a backup that was verified. A running server is asked
//! to; without one it is made here, under the database's lock.

use std::{path::absolute, sync::Arc};

use clap::Args;

use super::{
    admin,
    failure::{Failure, require_file},
    installation::Found,
    settings::Settings,
    terminal::{bar, move_bar, print, watch},
};
use crate::{
    app::{
        admin::{Command, Job, Request, socket},
        backup::{Made, Order},
    },
    clock::{Clock, SystemClock, dice},
    config::{Config, Target},
    store::{Progress, Store},
    token::{
        key_file::{self, KeysError},
        keys::Keys,
    },
};

#[derive(Args)]
pub struct Backup {
    #[command(flatten)]
    settings: Settings,
    /// Where it is put, under a name with the time (UTC): a folder, which must be there, or `s3://BUCKET/PREFIX`.
    to: Target,
}

impl Backup {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.read()?;
        require_file(&config)?;
        let to = match self.to {
            // The server may be elsewhere.
            Target::Folder(path) => Target::Folder(absolute(&path).map_err(|error| {
                Failure::misconfigured(format!("{} is not a folder: {error}", path.display()))
            })?),
            bucket @ Target::Bucket { .. } => bucket,
        };
        let database = config.server.database.place();
        let request = Request {
            command: Command::Job(Job::Backup { to: to.clone() }),
            reason: String::new(),
            full: false,
        };
        let bar = bar();
        let mut show = |done, total| move_bar(&bar, done, total);
        let asked = admin::ask(&socket::path(database), &request, &mut show);
        bar.finish_and_clear();
        match asked {
            Some(answer) => print(&sentence(answer?["backup"].as_str().unwrap_or_default())),
            None => make(&config, &to).and_then(|made| print(&sentence(&made.place))),
        }
    }
}

fn sentence(place: &str) -> String {
    format!("{place}: made and verified\n")
}

/// Without a server: makes it here.
fn make(config: &Config, to: &Target) -> Result<Made, Failure> {
    let keys = keys(config)?;
    let progress = Arc::new(Progress::default());
    let order = Order {
        config,
        keys: &keys,
        to,
        now: SystemClock.now(),
        dice,
        progress: &progress,
    };
    let location = &config.server.database;
    let copy = |to: &_, progress: &_| Store::copy_closed(location, to, progress);
    watch(&progress, || Ok(order.make(copy)?))
}

/// The keys that the database goes with, of which there must be a file.
fn keys(config: &Config) -> Result<Keys, Failure> {
    let found = Found::look(config)?.fitting()?;
    let path = config.keys_path();
    match key_file::read(&path)? {
        Some(_) => Ok(found.keys),
        None => Err(KeysError::Missing(path).into()),
    }
}
