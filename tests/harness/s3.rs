//! An S3-compatible store of one bucket, in memory, which fails when it is told to.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

const BUCKET: &str = "/bucket/";

/// What is to be done with a request instead.
#[derive(Clone, Copy)]
pub enum Fault {
    /// It is answered so.
    Answer(u16, &'static str),
    /// The connection ends.
    Cut,
    /// Nothing is answered as long as the connection lasts.
    Silence,
}

/// What fails: told method, and path with query.
type Faults = dyn Fn(&str, &str) -> Option<Fault> + Send + Sync;

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u16, Vec<u8>>>,
    asked: Vec<String>,
    faults: Option<Arc<Faults>>,
}

#[derive(Clone)]
pub struct S3 {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl S3 {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let store = Self { url, state };
        let own = store.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let own = own.clone();
                thread::spawn(move || own.serve(stream));
            }
        });
        store
    }

    /// From now on, this fails.
    pub fn fail(&self, faults: impl Fn(&str, &str) -> Option<Fault> + Send + Sync + 'static) {
        self.state().faults = Some(Arc::new(faults));
    }

    pub fn recover(&self) {
        self.state().faults = None;
    }

    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.state()
            .objects
            .insert(key.to_owned(), bytes.to_owned());
    }

    pub fn get(&self, key: &str) -> Vec<u8> {
        self.state().objects[key].clone()
    }

    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// Uploads in parts that were neither completed nor aborted.
    pub fn uploads(&self) -> usize {
        self.state().uploads.len()
    }

    /// Method, path and query of every request.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// The settings of a service that uses it.
    pub fn settings(&self) -> [(&'static str, &str); 3] {
        [
            ("INVITED_BACKUP__ENDPOINT", &self.url),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                (stream.read_line(&mut head).ok()? > 0).then_some(())?;
            }
            let length = head.to_lowercase();
            let length = length.split_once("content-length: ");
            let length = length.map_or("0", |(_, rest)| rest.lines().next().unwrap());
            let mut body = vec![0; length.parse().unwrap()];
            let mut words = head.split(' ');
            let (method, target) = (words.next()?, words.next()?);
            let faults = self.state().faults.clone();
            let fault = faults.and_then(|faults| faults(method, target));
            match fault {
                Some(Fault::Cut) => return None,
                Some(Fault::Silence) => drop(stream.read_to_end(&mut body)),
                _ => {}
            }
            stream.read_exact(&mut body).ok()?;
            self.state().asked.push(format!("{method} {target}"));
            let (status, etag, body) = match fault {
                Some(Fault::Answer(status, code)) => error(status, code),
                _ => self.answer(method, target, body),
            };
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-length: {}\r\netag: \"{etag}\"\r\n\r\n",
                body.len()
            );
            stream.get_mut().write_all(head.as_bytes()).ok()?;
            stream.get_mut().write_all(&body).ok()?;
        }
    }

    fn answer(&self, method: &str, target: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
        let (path, query) = target.split_once('?').unwrap();
        let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let Some(key) = path.strip_prefix(BUCKET) else {
            return error(404, "NoSuchBucket");
        };
        if !query.contains_key("X-Amz-Signature") {
            return error(403, "AccessDenied");
        }
        let (mut state, key) = (self.state(), key.to_owned());
        let upload = query.get("uploadId").cloned();
        match (method, upload) {
            ("GET", _) if key.is_empty() => (200, String::new(), list(&state.objects, &query)),
            ("GET", _) => match state.objects.get(&key) {
                Some(bytes) => (200, String::new(), bytes.clone()),
                None => error(404, "NoSuchKey"),
            },
            ("POST", None) => {
                state.uploads.insert(key.clone(), BTreeMap::new());
                let id = format!("<UploadId>{key}</UploadId>");
                (
                    200,
                    String::new(),
                    xml("InitiateMultipartUploadResult", &id),
                )
            }
            ("POST", Some(id)) => {
                let parts = state.uploads.remove(&id).unwrap();
                let bytes = parts.into_values().flatten().collect();
                state.objects.insert(key, bytes);
                (200, String::new(), xml("CompleteMultipartUploadResult", ""))
            }
            ("PUT", Some(id)) => {
                let number = query["partNumber"].parse().unwrap();
                state.uploads.get_mut(&id).unwrap().insert(number, body);
                (200, number.to_string(), Vec::new())
            }
            ("PUT", None) => {
                state.objects.insert(key, body);
                (200, "0".to_owned(), Vec::new())
            }
            (_, Some(id)) => {
                state.uploads.remove(&id);
                (204, String::new(), Vec::new())
            }
            (_, None) => {
                state.objects.remove(&key);
                (204, String::new(), Vec::new())
            }
        }
    }
}

/// A page of three.
fn list(objects: &BTreeMap<String, Vec<u8>>, query: &BTreeMap<String, String>) -> Vec<u8> {
    let after = query.get("continuation-token").map_or("", String::as_str);
    let keys = objects.keys().map(String::as_str);
    let keys = keys.filter(|key| key.starts_with(&query["prefix"]) && *key > after);
    let keys: Vec<_> = keys.take(4).collect();
    let mut inner = String::new();
    for key in keys.iter().take(3) {
        let key = key.replace('&', "&amp;").replace('<', "&lt;");
        inner = format!("{inner}<Contents><Key>{key}</Key><Size>1</Size></Contents>");
    }
    if keys.len() > 3 {
        let token = keys[2];
        inner = format!("{inner}<NextContinuationToken>{token}</NextContinuationToken>");
    }
    let truncated = keys.len() > 3;
    xml(
        "ListBucketResult",
        &format!("{inner}<IsTruncated>{truncated}</IsTruncated>"),
    )
}

fn xml(name: &str, inner: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</{name}>").into()
}

fn error(status: u16, code: &str) -> (u16, String, Vec<u8>) {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    (status, String::new(), body.into())
}
