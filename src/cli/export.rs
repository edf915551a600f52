//! `invited export`: everybody as a file that `invited import` reads.

use std::{io, ops::ControlFlow};

use clap::{Args, Subcommand};

use super::{
    admin::OptionalReason,
    failure::Failure,
    import::people::COLUMNS,
    settings::Settings,
    terminal::{run_now, tell},
};
use crate::{
    clock::dice,
    domain::{
        audit::{self, Action, AuditId, Operator},
        error::StoreError,
        time::Timestamp,
        tx::Tx,
        user::{User, UserId},
    },
    store::Store,
};

/// People in one read.
const BATCH: usize = 1000;

#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    why: OptionalReason,
    #[command(subcommand)]
    to: To,
}

#[derive(Subcommand)]
enum To {
    /// Print everybody as CSV, while no server runs.
    ///
    /// The columns are those that `invited import csv` reads. Sessions, devices and limits are not in
    /// it.
    Csv,
}

/// Somebody, and who invited them, if they are still there.
type Line = (User, Option<User>);

impl Export {
    pub fn run(&self) -> Result<(), Failure> {
        let To::Csv = self.to;
        let store = Store::open(&self.settings.read()?.server.database)?;
        // It is read once it is on record that it was.
        let operator = self.why.operator();
        let row = note(&store, None, &operator, "begun".to_owned())?;
        let mut writer = csv::Writer::from_writer(io::stdout().lock());
        let mut flow = written(writer.write_record(COLUMNS))?;
        let (mut last, mut users, mut orphans) = (UserId(0), 0, 0);
        while flow.is_continue() {
            let lines = run_now(async { read(&store, last).await })?;
            let Some((user, _)) = lines.last() else {
                break;
            };
            last = user.id;
            users += lines.len();
            for (user, referrer) in &lines {
                orphans += usize::from(user.redeemed.is_some() && referrer.is_none());
                flow = written(writer.write_record(fields(user, referrer.as_ref())))?;
            }
        }
        written(writer.flush().map_err(csv::Error::from)).map(drop)?;
        note(&store, Some(row), &operator, format!("{users} users"))?;
        if orphans > 0 {
            tell(&format!(
                "{orphans} were invited by people who are gone: the file does not say so\n"
            ));
        }
        Ok(())
    }
}

fn note(
    store: &Store,
    row: Option<AuditId>,
    operator: &Operator,
    detail: String,
) -> Result<AuditId, Failure> {
    let (operator, action) = (operator.clone(), Action::ExportAll);
    let work = store
        .write(move |tx| audit::note_part(tx, row, &operator, action, detail.clone(), &mut dice()));
    let failed = |error: StoreError| Failure::of(format!("--database: {error}"));
    run_now(async { work.await.map_err(failed) })
}

async fn read(store: &Store, after: UserId) -> Result<Vec<Line>, Failure> {
    let work = move |tx: &mut dyn Tx| {
        let mut lines = Vec::new();
        for user in tx.users(after, false, BATCH)? {
            let referrer = match user.redeemed {
                Some(redeemed) => tx.user(redeemed.referrer)?,
                None => None,
            };
            lines.push((user, referrer));
        }
        Ok(lines)
    };
    let lines: Result<_, StoreError> = store.read(work).await;
    lines.map_err(|error| Failure::of(format!("--database: {error}")))
}

/// In the order of the columns.
fn fields(user: &User, referrer: Option<&User>) -> [String; COLUMNS.len()] {
    let instant = |at: Option<Timestamp>| at.map(Timestamp::rfc3339).unwrap_or_default();
    [
        user.phone.to_string(),
        user.id.0.to_string(),
        user.first_name.clone(),
        user.last_name.clone(),
        user.email.clone(),
        user.invitation_code.to_string(),
        referrer
            .map(|user| user.phone.to_string())
            .unwrap_or_default(),
        referrer
            .map(|user| user.invitation_code.to_string())
            .unwrap_or_default(),
        instant(referrer.and(user.redeemed).map(|redeemed| redeemed.at)),
        instant(Some(user.created_at)),
        instant(user.banned_at),
    ]
}

/// Takes a reader who stops reading for content.
fn written(result: Result<(), csv::Error>) -> Result<ControlFlow<()>, Failure> {
    match result {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if is_unread(&error) => Ok(ControlFlow::Break(())),
        Err(error) => Err(Failure::of(format!("cannot print: {error}"))),
    }
}

fn is_unread(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
}
