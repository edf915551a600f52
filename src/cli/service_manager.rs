//! The service manager that started the server, if one did: it is told when the
//! server is ready, reloads, stops and is not hung (`sd_notify(3)`), and may
//! hand over the socket to serve (`sd_listen_fds(3)`). Which of that it wants,
//! it says in variables of the environment; without them nothing happens.

use std::{net::TcpListener, time::Duration};

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use super::failure::Failure;
use crate::app::State;

pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// To be followed by [`ready`].
pub fn reloading() {
    let since = NotifyState::monotonic_usec_now();
    let states = [NotifyState::Reloading].into_iter().chain(since);
    notify(&states.collect::<Vec<_>>());
}

pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told how the server is");
    }
}

/// The listening socket that it hands over.
pub fn socket() -> Result<Option<TcpListener>, Failure> {
    let mut sockets = ListenFd::from_env();
    let refused = |reason| Failure::misconfigured(format!("LISTEN_FDS: {reason}"));
    if sockets.len() > 1 {
        let count = sockets.len();
        return Err(refused(format!("{count} sockets to serve, instead of one")));
    }
    let socket = sockets.take_tcp_listener(0);
    socket.map_err(|error| refused(error.to_string()))
}

/// Tells it, for as long as this is polled, that the store answers. An error is
/// an answer: to start again would not empty a full disk, and what can be read
/// could not be read meanwhile.
pub async fn keep_alive(state: &State) {
    let timeout = sd_notify::watchdog_enabled();
    let Some(period) = timeout
        .map(|timeout| timeout / 2)
        .filter(|it| !it.is_zero())
    else {
        return std::future::pending().await;
    };
    let check = async || drop(state.store.check(state.monotonic.now()).await);
    ping_after(check, period, || notify(&[NotifyState::Watchdog])).await;
}

async fn ping_after(check: impl AsyncFn(), period: Duration, ping: impl Fn()) {
    let mut periods = interval(period);
    periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        periods.tick().await;
        check().await;
        ping();
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_is_not_vouched_for() {
        let (answers, pings) = (Cell::new(3), Cell::new(0));
        let check = async || match answers.get() {
            0 => pending().await,
            left => answers.set(left - 1),
        };
        let period = Duration::from_secs(15);
        let pinging = ping_after(check, period, || pings.set(pings.get() + 1));
        assert!(timeout(period * 9, pinging).await.is_err());
        assert_eq!(pings.get(), 3);
    }
}
