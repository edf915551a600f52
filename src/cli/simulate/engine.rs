//! One attack, played over a store of its own.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::ProgressBar;
use tempfile::TempDir;

use super::{
    DAY,
    score::Outcome,
    service::BEGINNING,
    world::{Attacker, World},
};
use crate::{
    cli::Failure,
    domain::{
        time::Timestamp,
        tx::{StoreError, Tx},
    },
    store::{Location, Store},
};

/// An attacker and a world to play in.
pub struct Engine {
    world: World,
    attacker: Box<dyn Attacker>,
    whole: Duration,
    is_prepared: bool,
}

impl Engine {
    /// A run that has not begun.
    pub fn new(world: World, attacker: Box<dyn Attacker>) -> Self {
        Self {
            whole: world.end.since(BEGINNING),
            world,
            attacker,
            is_prepared: false,
        }
    }

    /// Plays it, a day in one transaction. `bar` is told of every day.
    pub fn play(self, bar: &ProgressBar) -> Result<Outcome, Failure> {
        let folder = TempDir::with_prefix("invited-simulate-").map_err(failed)?;
        let location = Location::Sqlite(folder.path().join("simulated.db"));
        Store::migrate(&location).map_err(failed)?;
        let store = Store::open_to_fill(&location).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(failed)?;
        let run = Arc::new(Mutex::new(self));
        let mut day = BEGINNING;
        loop {
            day = day + DAY;
            let players = Arc::clone(&run);
            let is_over = runtime
                .block_on(store.write(move |tx| locked(&players).until(tx, day)))
                .map_err(|error: StoreError| failed(error))?;
            bar.inc(1);
            if is_over {
                return Ok(locked(&run).outcome());
            }
        }
    }

    /// Plays on, and says whether it is over.
    fn until(&mut self, tx: &mut dyn Tx, then: Timestamp) -> Result<bool, StoreError> {
        let (world, attacker) = (&mut self.world, &mut self.attacker);
        if !self.is_prepared {
            self.is_prepared = true;
            attacker.prepare(world, tx)?;
        }
        while world.now() < then && !world.is_over() {
            attacker.act(world, tx)?;
        }
        Ok(world.is_over())
    }

    fn outcome(&mut self) -> Outcome {
        let world = &mut self.world;
        Outcome {
            score: std::mem::take(&mut world.score),
            bystanders: std::mem::take(&mut world.bystanders),
            played: world.now().since(BEGINNING),
            whole: self.whole,
        }
    }
}

fn failed(error: impl Display) -> Failure {
    Failure::of(format!("simulating failed: {error}"))
}

fn locked(run: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}
