//! The files by which phones learn that links may be opened by the operator's
//! apps, without a question to the user. Phones look for them at the root of
//! the host, so a proxy that serves this server under a prefix passes them on.

use std::{collections::BTreeMap, sync::Arc};

use poem::{Response, Result, http::header, web::Data};
use serde_json::{Value, json};

use crate::{
    app::App,
    http::problem::{self, Problem},
};

/// Where Android looks (Digital Asset Links).
pub const ANDROID: &str = "/.well-known/assetlinks.json";
/// Where iOS looks (Universal Links).
pub const IOS: &str = "/.well-known/apple-app-site-association";

/// What Android wants to know.
#[poem::handler]
pub fn android(Data(app): Data<&Arc<App>>) -> Result<Response> {
    let mut packages = BTreeMap::<_, Vec<_>>::new();
    for app in &app.config.referral.android_apps {
        let fingerprints = packages.entry(&app.package).or_default();
        fingerprints.push(&app.fingerprint);
    }
    let statement = |(package, fingerprints)| {
        json!({
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": { "namespace": "android_app", "package_name": package, "sha256_cert_fingerprints": fingerprints },
        })
    };
    answer(packages.into_iter().map(statement).collect(), Value::Array)
}

/// What iOS wants to know.
#[poem::handler]
pub fn ios(Data(app): Data<&Arc<App>>) -> Result<Response> {
    let apps = app.config.referral.ios_apps.iter();
    let links = format!("{}/i/*", app.config.prefix());
    answer(
        apps.map(|app| app.as_str().into()).collect(),
        |ids| json!({ "applinks": { "details": [{ "appIDs": ids, "components": [{ "/": links }], "paths": [links] }] } }),
    )
}

/// A file about these apps, if there are any.
fn answer(apps: Vec<Value>, file: impl FnOnce(Vec<Value>) -> Value) -> Result<Response> {
    if apps.is_empty() {
        return Err(Problem::new(&problem::NOT_FOUND).into());
    }
    let response = Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "public, max-age=3600");
    Ok(response.body(file(apps).to_string()))
}
