//! The certificate of `serve`: read at the start, and again when its files
//! change or SIGHUP asks for it.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use crate::{
    app::State,
    config::Config,
    domain::time::Timestamp,
    tls::{Certificate, Files, Stamp, Tls, TlsError},
};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(2);
/// How long before its end a certificate should have been renewed.
const NOTICE: Duration = Duration::from_hours(14 * 24);
/// How often that is said.
const REMINDER: Duration = Duration::from_hours(24);

/// The certificate, and where it came from.
pub struct Https {
    files: Files,
    stamp: Stamp,
    certificate: Option<Certificate>,
    tls: Arc<Tls>,
}

impl Https {
    /// Reads the certificate that was configured, if one was. One that is
    /// issued to the server itself may not be there yet.
    pub fn open(config: &Config) -> Result<Option<Self>, TlsError> {
        let Some((certificate, key)) = config.certificate() else {
            return Ok(None);
        };
        let files = Files { certificate, key };
        // Before reading, so that what changes meanwhile is read again.
        let stamp = files.stamp();
        let certificate = if config.tls.is_automatic() {
            Certificate::find(&files)?
        } else {
            Some(Certificate::read(&files)?)
        };
        let tls = Arc::new(Tls::new(certificate.as_ref()));
        Ok(Some(Self {
            files,
            stamp,
            certificate,
            tls,
        }))
    }

    /// Keeps the certificate up to date from now on.
    pub fn keep(self, state: &Arc<State>) -> io::Result<Arc<Tls>> {
        let tls = Arc::clone(&self.tls);
        let hang_ups = signal(SignalKind::hangup())?;
        tokio::spawn(self.watch(hang_ups, Arc::clone(state)));
        Ok(tls)
    }

    async fn watch(mut self, mut hang_ups: Signal, state: Arc<State>) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.stamp;
        loop {
            if let Some(certificate) = &self.certificate {
                warn(certificate, &state);
            }
            let is_asked = tokio::select! {
                _ = ticks.tick() => false,
                asked = hang_ups.recv() => asked.is_some(),
            };
            let stamp = self.off_thread(Files::stamp).await.unwrap_or(seen);
            // The two files change one after the other: the second is waited for.
            let is_settled = std::mem::replace(&mut seen, stamp) == stamp;
            if is_asked || (is_settled && stamp != self.stamp) {
                self.stamp = stamp;
                self.reload(state.now()).await;
            }
        }
    }

    async fn reload(&mut self, now: Timestamp) {
        match self.off_thread(Certificate::read).await {
            Some(Ok(certificate)) => {
                self.tls.take_up(&certificate);
                let days_left = days(certificate.expires.since(now));
                tracing::info!(days_left, "took up the certificate");
                self.certificate = Some(certificate);
            }
            Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
            None => {}
        }
    }

    /// A file system may take its time, and connections are accepted meanwhile.
    async fn off_thread<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Files) -> T + Send + 'static,
    ) -> Option<T> {
        let files = self.files.clone();
        let read = tokio::task::spawn_blocking(move || read(&files));
        read.await.ok()
    }
}

/// Tells the operator once a day of a certificate that clients refuse, or soon will.
fn warn(certificate: &Certificate, state: &State) {
    let (now, begins, expires) = (state.now(), certificate.begins, certificate.expires);
    // Some live for days only, and are renewed all the time.
    let notice = NOTICE.min(expires.since(begins) / 6);
    let is_due = |message| {
        let at = state.monotonic.now();
        state.log_throttle.is_due_every(REMINDER, message, at)
    };
    if expires <= now {
        if is_due("tls.expired") {
            tracing::warn!("the certificate has expired, and clients refuse it: renew it");
        }
    } else if now < begins {
        if is_due("tls.begins") {
            tracing::warn!(
                "clients do not accept the certificate yet: look at its dates, and at the clock"
            );
        }
    } else if expires.since(now) < notice && is_due("tls.expires") {
        let days_left = days(expires.since(now));
        tracing::warn!(
            days_left,
            "the certificate expires soon, and has not been renewed"
        );
    }
}

fn days(span: Duration) -> u64 {
    span.as_secs() / 86_400
}
