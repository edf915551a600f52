//! What operators are told of the service as a whole: counted before they ask,
//! so that no answer takes longer where there are more people.

use serde_json::{Value, json};

use super::{error::AdminError, reads::Show, series, view};
use crate::{
    domain::{
        cohort,
        guard::alarm,
        statistic::{Day, Measure, Span},
        tx::Tx,
    },
    sms::route::{Chain, written},
    store::sqlite::Outcome,
};

impl Show<'_> {
    /// What happened on each of the last days, and of which gateways and limits.
    pub async fn statistics(&self, days: u32) -> Result<Value, AdminError> {
        self.save().await;
        let today = Day::of(self.app.now());
        let from = Day(today.0 + 1 - i64::from(days));
        let rows = self.read(move |tx| Ok(tx.statistics(from)?)).await?;
        Ok(series::by_day(&rows))
    }

    /// What happened in each hour or on each day of a span.
    pub async fn series(&self, span: Span) -> Result<Value, AdminError> {
        self.save().await;
        let now = self.app.now();
        let rows = self.read(move |tx| Ok(span.read(tx, now)?)).await?;
        Ok(series::over(span, now, &rows))
    }

    /// How many people each week's people invited.
    pub async fn cohorts(&self) -> Result<Value, AdminError> {
        let cohorts = self.read(|tx| Ok(tx.cohorts()?)).await?;
        let rows = cohorts.iter().map(view::cohort);
        Ok(json!({ "cohorts": rows.collect::<Value>() }))
    }

    /// How each gateway does, and what became of its messages in the last 24 hours.
    /// Nobody is asked for it: a balance is what a provider said last.
    pub async fn gateways(&self) -> Result<Value, AdminError> {
        self.save().await;
        let now = self.app.now();
        let rows = self.read(move |tx| Ok(Span::Day.read(tx, now)?)).await?;
        let routes = &self.app.sms;
        let gateways = routes.gateways().map(|gateway| {
            let is_tried = |chain: &Chain| chain.iter().any(|one| one.name == gateway.name);
            let chains = routes.chains().iter();
            let prefixes = chains.filter(|(_, chain)| is_tried(chain));
            let count = |measure| {
                let rows = rows.iter().map(|(_, row)| row);
                let counts = rows.filter(|row| row.measure == measure && row.label == gateway.name);
                counts.map(|row| row.count).sum::<i64>()
            };
            let figures = gateway.figures();
            json!({
                "name": gateway.name,
                "prefixes": prefixes.map(|(prefix, _)| written(prefix)).collect::<Value>(),
                "circuit": figures.circuit.name(),
                "demoted": figures.is_demoted,
                "balance": figures.balance,
                "sent": count(Measure::Sent),
                "delivered": count(Measure::Delivered),
                "last_errors": gateway.latest_errors().into_iter().map(view::error).collect::<Value>(),
            })
        });
        Ok(json!({ "gateways": gateways.collect::<Value>() }))
    }

    /// How things are today.
    pub async fn overview(&self) -> Result<Value, AdminError> {
        self.save().await;
        let (app, at) = (self.app.clone(), self.app.monotonic.now());
        let today = Day::of(app.now());
        let service = app.clone();
        let work = move |tx: &mut dyn Tx| {
            let alarm = alarm::state(tx, at)?;
            let spending = service.guard.spending(tx, at)?;
            Ok((alarm, spending, cohort::people(tx)?, tx.statistics(today)?))
        };
        let (alarm, spending, people, rows) = self.read(work).await?;
        let rows = rows.iter().filter(|(day, _)| *day == today);
        let rows: Vec<_> = rows.map(|(_, row)| row).collect();
        Ok(json!({
            "alarm": alarm.map(view::alarm),
            "budgets": spending.iter().map(view::budget).collect::<Value>(),
            "health": self.health().await?,
            "people": people,
            "today": series::point(today.begin(), &rows),
        }))
    }

    /// What the service knows of itself.
    pub async fn health(&self) -> Result<Value, AdminError> {
        let (now, at) = (self.app.now(), self.app.monotonic.now());
        let work = move |tx: &mut dyn Tx| Ok((alarm::is_on(tx, at)?, tx.latest_time()?));
        let (alarm, latest) = self.read(work).await?;
        // What there is of a file alone a server looks after itself.
        let (file, backups) = (self.app.store.figures().file, self.app.backups.figures());
        let backups = backups.into_iter().map(|(to, backup)| {
            json!({
                "to": to,
                "seconds_ago": backup.verified_at.map(|at| now.since(at).as_secs()),
                "failing": backup.is_failing,
            })
        });
        let has_logged = |message| self.app.log_throttle.has_logged(message);
        Ok(json!({
            "integrity": file.and_then(|file| file.check).map(Outcome::name),
            "stopped": file.is_some_and(|file| file.is_stopped),
            "log_blocked_seconds": file.map(|file| file.log_blocked.as_secs()),
            "clock_behind_seconds": latest.since(now).as_secs(),
            "alarm": alarm,
            "backups": backups.collect::<Value>(),
            "has_unknown_proxy": has_logged("http.trusted_proxies"),
            "has_nameless_clients": has_logged("http.client_address"),
        }))
    }

    /// What is in memory yet is part of what happened, as long as it can be
    /// written down.
    async fn save(&self) {
        let _ = self.app.statistics.save(&self.app.store).await;
    }
}
