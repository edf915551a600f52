//! The least that a poem-openapi service can be: no database, nobody to
//! recognise, one answer. This executable serves it when it is started with
//! [`WORD`] and that answer.

use std::net::TcpListener;

use poem::{
    EndpointExt, Response, Route, Server, endpoint::make_sync, listener::TcpAcceptor, web::Data,
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
    invitation_link: Option<String>,
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

/// Serves the answer at `/profile`, written anew for each request, and at
/// `/bytes` as the bytes that it is.
pub fn serve(answer: &str) {
    let profile: Profile = serde_json::from_str(answer).unwrap();
    let answer = answer.to_owned();
    let bytes = make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .body(answer.clone())
    });
    let service = OpenApiService::new(Api, "bare", "1").data(profile);
    let routes = Route::new().at("/bytes", bytes).nest("/", service);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    let served = Runtime::new().unwrap().block_on(async {
        let acceptor = TcpAcceptor::from_std(listener).unwrap();
        Server::new_with_acceptor(acceptor).run(routes).await
    });
    served.unwrap();
}
