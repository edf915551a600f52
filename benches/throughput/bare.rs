//! The least that a poem-openapi service can be: no database, nobody to
//! recognise, one answer. This executable serves it when it is started with
//! [`WORD`] and the name of a file with that answer.

use std::fs;

use poem::{
    EndpointExt, Response, Route, Server,
    endpoint::make_sync,
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use poem_openapi::{Object, OpenApi, OpenApiService, payload::Json};
use serde::Deserialize;
use tokio::runtime::Runtime;

/// What this executable is told to be the bare service.
pub const WORD: &str = "bare";

/// The answer of `GET /profile/`, as the service describes it.
#[derive(Clone, Object, Deserialize)]
struct Profile {
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    invitation_code: String,
    invited_by: Option<String>,
    invited_users_phones: Vec<String>,
    id: u64,
    invited_users_count: u64,
    created_at: String,
}

struct Api;

#[expect(clippy::unused_async, reason = "poem-openapi wants it so")]
#[OpenApi]
impl Api {
    #[oai(path = "/profile", method = "get")]
    async fn profile(&self, profile: Data<&Profile>) -> Json<Profile> {
        Json(profile.0.clone())
    }
}

/// Serves the answer in that file at `/profile`, written anew for each
/// request, and at `/bytes` as the bytes that it is.
pub fn serve(answer: &str) {
    let answer = fs::read_to_string(answer).unwrap();
    let profile: Profile = serde_json::from_str(&answer).unwrap();
    let bytes = make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .body(answer.clone())
    });
    let service = OpenApiService::new(Api, "bare", "1").data(profile);
    Runtime::new().unwrap().block_on(async {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
        let acceptor = acceptor.unwrap();
        let address = acceptor.local_addr().remove(0);
        let address = address.as_socket_addr().unwrap();
        println!("listening on http://{address}");
        let routes = Route::new().at("/bytes", bytes).nest("/", service);
        let served = Server::new_with_acceptor(acceptor).run(routes).await;
        served.unwrap();
    });
}
