//! Certificates that are issued to `serve` itself: a first one, and each next
//! one in time. They are written to a file, which is taken up from there like
//! any other.

use std::{fs, sync::Arc, time::Duration};

use crate::{
    app::State,
    config::{Config, Host},
    domain::time::Timestamp,
    files,
    tls::{
        Certificate, Files,
        acme::{AcmeError, Challenges, Issuer},
    },
};

/// How often it is looked whether it is time.
const PERIOD: Duration = Duration::from_secs(10);
/// How long to wait after a failure, then thrice as long after each further one ..
const FIRST_DELAY: Duration = Duration::from_secs(10);
/// .. up to this: issuers count failures too.
const LONGEST_DELAY: Duration = Duration::from_hours(6);

/// Begins, if hosts are configured; what the issuer may look for meanwhile.
pub fn begin(config: &Config, state: &Arc<State>) -> Arc<Challenges> {
    let challenges = Arc::new(Challenges::default());
    if let Some(renewal) = Renewal::of(config) {
        tokio::spawn(renewal.run(Arc::clone(state), Arc::clone(&challenges)));
    }
    challenges
}

struct Renewal {
    issuer: Issuer,
    files: Files,
}

impl Renewal {
    fn of(config: &Config) -> Option<Self> {
        let tls = &config.tls;
        let (certificate, key) = config.certificate().filter(|_| tls.is_automatic())?;
        let contact = tls.acme_contact.as_ref();
        let issuer = Issuer {
            directory: tls.acme_directory.as_str().to_owned(),
            contact: contact.map(|contact| contact.as_str().to_owned()),
            account: config.acme_account(),
            names: tls
                .acme
                .iter()
                .map(Host::as_str)
                .map(str::to_ascii_lowercase)
                .collect(),
        };
        let files = Files { certificate, key };
        Some(Self { issuer, files })
    }

    async fn run(self, state: Arc<State>, challenges: Arc<Challenges>) {
        let mut delay = FIRST_DELAY;
        loop {
            if !self.is_due(&self.files, state.now()) {
                delay = FIRST_DELAY;
                tokio::time::sleep(PERIOD).await;
                continue;
            }
            match self.renew(&state, &challenges).await {
                Ok(()) => tracing::info!("a certificate was issued"),
                Err(error) => {
                    let retry_in_seconds = delay.as_secs();
                    tracing::error!(%error, retry_in_seconds, "no certificate was issued");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 3).min(LONGEST_DELAY);
                }
            }
        }
    }

    /// Whether there is none in these files for the hosts that is good now, or the last third of its life has begun.
    fn is_due(&self, files: &Files, now: Timestamp) -> bool {
        let Ok(Certificate {
            begins,
            expires,
            names,
            ..
        }) = Certificate::read(files)
        else {
            return true;
        };
        let due = expires - expires.since(begins) / 3;
        now < begins || now >= due || names != self.issuer.names
    }

    async fn renew(&self, state: &State, challenges: &Challenges) -> Result<(), AcmeError> {
        let pem = self.issuer.issue(challenges).await?;
        let path = &self.files.certificate;
        let failed = |error| AcmeError::io(path, error);
        let draft = path.with_extension("draft.pem");
        files::replace(&draft, &pem).map_err(failed)?;
        // Or it would take a good one's place, and issuers would be asked without end.
        let files = Files {
            certificate: draft.clone(),
            key: draft.clone(),
        };
        if self.is_due(&files, state.now()) {
            return Err(AcmeError::Unfit);
        }
        fs::rename(&draft, path).map_err(failed)
    }
}
