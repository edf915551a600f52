//! Settings that a server takes up at its start and not while it runs: where it
//! listens, what it keeps, and what is around it.

use toml::Value;

use super::{Config, Entry, Http, Otel, Pages, Server, Store, Tls};

/// The one among those of the server that is taken up while it runs.
const LOG: &str = "log";

impl Config {
    /// Keeps these as `running` has them; which of them were to change.
    pub fn keep_fixed(&mut self, running: &Self) -> Vec<&'static str> {
        let fixed = [
            Server::ENTRIES,
            Http::ENTRIES,
            Pages::ENTRIES,
            Tls::ENTRIES,
            Otel::ENTRIES,
            Store::ENTRIES,
        ]
        .concat();
        let mut changed = Vec::new();
        for entry in fixed.iter().filter(|entry| entry.key != LOG) {
            if self.said(entry) != running.said(entry) {
                changed.push(entry.key);
            }
            self.given.keep(entry.key, &running.given);
        }
        let log = self.server.log.clone();
        self.server = running.server.clone();
        self.server.log = log;
        self.http = running.http.clone();
        self.pages = running.pages.clone();
        self.tls = running.tls.clone();
        self.otel = running.otel.clone();
        self.store = running.store.clone();
        changed
    }

    fn said(&self, entry: &Entry) -> String {
        match self.given.of(entry.key) {
            None => entry.default.to_owned(),
            Some((Value::String(text), _)) => text.clone(),
            Some((value, _)) => value.to_string(),
        }
    }
}
