//! An accept loop, to try what clients do to it.

use std::{
    sync::{Arc, Barrier, Mutex, mpsc},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use hyper::body::Bytes;
use invited::{
    http::server::{Connections, Plain, Timeouts, Workers, serve},
    tls::Tls,
};
use poem::{Body, Response, endpoint::make};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Runtime,
    sync::{Notify, oneshot},
};

use super::client::Client;

pub const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
pub const BIG: usize = 64 << 20;
pub const SHORT: Duration = Duration::from_millis(100);
pub const PACE: Duration = Duration::from_millis(5);
/// With that in between, more than the server may need under any load.
pub const TRIES: usize = 4000;
/// Longer than any test.
pub const LONG: Duration = Duration::from_hours(1);
pub const PATIENT: Timeouts = Timeouts {
    head: LONG,
    idle: LONG,
    reader: LONG,
    reader_rate: 1,
    drain: LONG,
    stop: LONG,
};

/// An accept loop in front of an endpoint that answers path and body, but for
/// `/held`, which waits to be released before it reads, `/blocked`, which holds
/// its whole thread until then, `/refused`, which does not read, `/big`, which
/// answers a lot, and `/paused`, which answers the rest when it is released.
pub struct Door {
    runtime: Runtime,
    pub address: String,
    pub entered: mpsc::Receiver<()>,
    pub release: Arc<Notify>,
    pub unblock: Arc<Barrier>,
    pub stop: Option<oneshot::Sender<()>>,
    pub stopped: mpsc::Receiver<()>,
}

impl Door {
    pub fn new(timeouts: Timeouts) -> Self {
        Self::with(timeouts, Connections::new(100, 100, Vec::new()))
    }

    pub fn with(timeouts: Timeouts, connections: Connections) -> Self {
        Self::over(None, timeouts, connections)
    }

    pub fn over(tls: Option<Arc<Tls>>, timeouts: Timeouts, connections: Connections) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (enter, entered) = mpsc::channel();
        let (enter, release) = (Mutex::new(enter), Arc::new(Notify::new()));
        let released = Arc::clone(&release);
        let unblock = Arc::new(Barrier::new(2));
        let unblocked = Arc::clone(&unblock);
        let big = Bytes::from(vec![b'x'; BIG]);
        let endpoint = make(move |mut request| {
            let held = request.uri().path() == "/held";
            let blocked = request.uri().path() == "/blocked";
            // Before anybody can release it.
            let mut released = Box::pin(Arc::clone(&released).notified_owned());
            if held || blocked {
                enter.lock().unwrap().send(()).unwrap();
            }
            let (big, unblocked) = (big.clone(), Arc::clone(&unblocked));
            async move {
                if held {
                    (&mut released).await;
                }
                if blocked {
                    unblocked.wait();
                }
                let path = request.uri().path().to_owned();
                let body = request.take_body().into_string();
                Ok::<_, poem::Error>(match path.as_str() {
                    "/paused" => {
                        let rest = stream::once(async move {
                            released.await;
                            Ok::<_, std::io::Error>("two")
                        });
                        let begin = stream::iter([Ok("one")]);
                        Response::builder().body(Body::from_bytes_stream(begin.chain(rest)))
                    }
                    "/big" => Response::builder().body(big),
                    "/refused" => Response::builder().body(path),
                    _ => Response::builder().body(path + &body.await?),
                })
            }
        });
        let endpoint = Arc::new(Plain(poem::EndpointExt::map_to_response(endpoint)));
        let (stop, asked) = oneshot::channel();
        let (end, stopped) = mpsc::channel();
        runtime.spawn(async move {
            let asked = async { asked.await.unwrap_or_default() };
            let workers = Workers::start().unwrap();
            serve(
                listener,
                tls,
                endpoint,
                Arc::new(connections),
                timeouts,
                &workers,
                asked,
            )
            .await;
            let _ = end.send(());
        });
        Self {
            runtime,
            address,
            entered,
            release,
            unblock,
            stop: Some(stop),
            stopped,
        }
    }

    pub fn client(&self, text: &str) -> Client {
        Client::sending(&self.address, text)
    }

    /// A client from another address.
    pub fn client_from(&self, from: &str, text: &str) -> Client {
        let connected = self.runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(from.parse().unwrap()).unwrap();
            socket.connect(self.address.parse().unwrap()).await
        });
        let stream = connected.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut client = Client::of(stream);
        client.send(text);
        client
    }

    /// A client whose request is at work until it is released.
    pub fn busy(&self) -> Client {
        let client = self.client("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
        self.entered.recv().unwrap();
        client
    }

    /// The same from another address, which may take some tries.
    pub fn busy_from(&self, from: &str) -> Client {
        for _ in 0..TRIES {
            let mut client = self.client_from(from, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
            while !client.ends_within(PACE) {
                if self.entered.try_recv().is_ok() {
                    return client;
                }
            }
            let _ = self.entered.recv_timeout(PACE);
        }
        panic!("nobody gets in any more");
    }

    /// A newcomer who is answered, which may take some tries.
    pub fn answered(&self) -> Client {
        for _ in 0..TRIES {
            let mut client = self.client(GET);
            if client.answer().is_some() {
                return client;
            }
            let _ = self.entered.recv_timeout(PACE);
        }
        panic!("nobody is answered any more");
    }
}
