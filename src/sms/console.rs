//! Prints messages to the terminal, for those who try the service or develop with it.
//!
//! A thread of its own does the printing: a terminal that is paused, or a pipe
//! that nobody reads, must not hold up those who only wanted to log in.

use std::{
    collections::VecDeque,
    io::{Write, stdout},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::{
    error::{Failure, SmsError},
    gateway::{Gateway, Receipt, Transcript},
    message::Message,
};

/// Messages that may wait for the terminal; one more is not sent.
const QUEUE: usize = 64;
/// Messages that can be read again, the latest.
const KEPT: usize = 64;

/// The terminal.
pub struct Console {
    queue: SyncSender<Job>,
    /// The latest messages, by their names.
    printed: Mutex<VecDeque<(String, String)>>,
}

/// What its thread is to do next.
enum Job {
    Print(String),
    /// Say that all before it is printed.
    Tell(oneshot::Sender<()>),
}

impl Console {
    /// Starts to print.
    pub fn open() -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || print(&jobs))?;
        let printed = Mutex::default();
        Ok(Self { queue, printed })
    }
}

fn print(jobs: &Receiver<Job>) {
    for job in jobs {
        let letter = match job {
            Job::Print(letter) => letter,
            Job::Tell(waiting) => {
                // Nobody may wait for it any more.
                let _ = waiting.send(());
                continue;
            }
        };
        let mut terminal = stdout().lock();
        let printed = terminal
            .write_all(letter.as_bytes())
            .and_then(|()| terminal.flush());
        if let Err(error) = printed {
            tracing::error!(%error, "a message could not be printed");
        }
    }
}

#[async_trait]
impl Gateway for Console {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        let mut letter = format!("\n  ┌─ SMS to {}\n", message.to.e164());
        for line in message.text.lines() {
            letter.push_str("  │  ");
            letter.push_str(line);
            letter.push('\n');
        }
        letter.push_str("  └─\n");
        let queued = self.queue.try_send(Job::Print(letter));
        queued.map_err(|_| SmsError::NotSent)?;
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push_back((message.request_id.clone(), message.text.clone()));
        let excess = printed.len().saturating_sub(KEPT);
        printed.drain(..excess);
        Ok(Receipt::default())
    }

    async fn flush(&self) {
        let (tell, told) = oneshot::channel();
        if self.queue.try_send(Job::Tell(tell)).is_ok() {
            // Its thread only ends with us.
            let _ = told.await;
        }
    }

    fn printed(&self, request_id: &str) -> Option<String> {
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latest = printed.iter().rev();
        let (_, text) = latest.find(|(name, _)| name == request_id)?;
        Some(text.clone())
    }
}
