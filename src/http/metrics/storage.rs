//! What becomes of the database.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::app::App;

/// Writes it.
pub fn encode(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Some(load) = app.store.figures().connections else {
        return encode_file(app, encoder);
    };
    let gauges = [
        (
            "store_connections",
            "Connections to the database's server",
            load.open,
        ),
        (
            "store_connections_in_use",
            "Connections that a transaction has",
            load.in_use,
        ),
        (
            "store_connections_max",
            "Connections that there may be",
            load.most,
        ),
        (
            "store_queue",
            "Transactions that wait for a connection",
            load.waiting,
        ),
    ];
    encode_gauges(&gauges, encoder)
}

fn encode_gauges(gauges: &[(&str, &str, u64)], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    for (name, help, value) in gauges {
        let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(*value).encode(gauge)?;
    }
    Ok(())
}

fn encode_file(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Some(figures) = app.store.figures().file else {
        return Ok(());
    };
    let gauges = [
        (
            "store_database_bytes",
            "Size of the database",
            figures.database_bytes,
        ),
        (
            "store_disk_free_bytes",
            "Room that is left where the database is",
            figures.disk_free_bytes,
        ),
        (
            "store_log_bytes",
            "Size of the write-ahead log",
            figures.log_bytes,
        ),
        (
            "store_log_blocked_seconds",
            "For how long a backup or another program has kept the write-ahead log from being merged",
            figures.log_blocked.as_secs(),
        ),
        (
            "store_queue",
            "Transactions that wait for the writer",
            figures.queue,
        ),
        (
            "store_stopped",
            "Whether nothing is written any more, because the database is damaged or its file is another",
            u64::from(figures.is_stopped),
        ),
    ];
    encode_gauges(&gauges, encoder)?;
    encode_commits(app, encoder)?;
    let help = "What came of the check of the database after the start";
    let mut check = encoder.encode_descriptor("store_check", help, None, MetricType::Gauge)?;
    if let Some(outcome) = figures.check {
        let labels = [("outcome", outcome.name())];
        ConstGauge::new(1_u64).encode(check.encode_family(&labels)?)?;
    }
    Ok(())
}

fn encode_commits(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Some(figures) = app.store.figures().file else {
        return Ok(());
    };
    let commits = figures.commits;
    let counters = [
        (
            "store_transactions",
            "Transactions that were written",
            commits.transactions,
        ),
        (
            "store_commits",
            "Commits, each of one or more transactions",
            commits.commits,
        ),
    ];
    for (name, help, count) in counters {
        let counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(count).encode(counter)?;
    }
    let help = "How long commits took in all, with what they committed";
    let seconds =
        encoder.encode_descriptor("store_commit_seconds", help, None, MetricType::Counter)?;
    ConstCounter::new(commits.time.as_secs_f64()).encode(seconds)
}
