//! A way to the database that counts what goes over it, and can be cut.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// A way to the server.
pub struct Wire {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How often something was sent after an answer.
    trips: AtomicUsize,
    /// In so many answers it is cut, unless that is 0.
    cut_in: AtomicUsize,
}

impl Wire {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state: Arc<State> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                join(client.unwrap(), server, &shared);
            }
        });
        Self { port, state }
    }

    /// How often something that is done has to wait for an answer.
    pub async fn trips<T>(&self, work: impl Future<Output = T>) -> (usize, T) {
        let before = self.state.trips.load(Ordering::SeqCst);
        let done = work.await;
        (self.state.trips.load(Ordering::SeqCst) - before, done)
    }

    /// Has the connection end in the place of an answer, the first or one that comes later.
    pub fn cut_in(&self, answers: usize) {
        self.state.cut_in.store(answers, Ordering::SeqCst);
    }

    /// Whether it was cut since.
    pub fn is_cut(&self) -> bool {
        self.state.cut_in.swap(0, Ordering::SeqCst) == 0
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let has_answered = Arc::new(AtomicBool::new(true));
    let (sent, answered) = (Arc::clone(state), Arc::clone(state));
    let was_answered = Arc::clone(&has_answered);
    let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
    pass(client, server, move || {
        let is_next = was_answered.swap(false, Ordering::SeqCst);
        sent.trips.fetch_add(usize::from(is_next), Ordering::SeqCst);
        true
    });
    pass(ends.1, ends.0, move || {
        if has_answered.swap(true, Ordering::SeqCst) {
            return true;
        }
        let less = |left: usize| left.checked_sub(1);
        let order = Ordering::SeqCst;
        answered.cut_in.fetch_update(order, order, less) != Ok(1)
    });
}

/// Passes on what comes, as long as `goes_on`.
fn pass(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn() -> bool + Send + 'static) {
    to.set_nodelay(true).unwrap();
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if !goes_on() || to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
