//! The request that hands a message over.

use reqwest::{
    Client, Method, Request, Url,
    header::{HeaderName, HeaderValue},
};

use super::{
    body::Body,
    signature,
    spec::{BasicSpec, CallSpec, Flaw, SignKind, SignSpec},
    template::{Placeholder, Show, Template},
    variables::Variables,
};
use crate::sms::{
    error::{Failure, SmsError},
    message::Message,
    redaction::Filter,
    secret::{MASK, Secret},
};

/// A request with placeholders in it.
pub struct RequestTemplate {
    method: Method,
    url: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(HeaderName, Template)>,
    basic: Option<(Template, Template)>,
    /// What the key of a webhook is made of.
    sign: Option<Secret>,
    body: Body,
}

impl RequestTemplate {
    /// Reads a request, and refuses one that would give a secret away.
    pub fn read(spec: &CallSpec, variables: &Variables<'_>) -> Result<Self, Flaw> {
        let template = |path: &str, text: &str| {
            Template::read(text, variables).map_err(|reason| Flaw::at(path, reason))
        };
        let body = Body::read(&spec.body, variables)?;
        let by_default = match body {
            Body::None => "GET",
            _ => "POST",
        };
        let method = spec.method.as_deref().unwrap_or(by_default);
        let header = |(name, template): (String, Template)| match name.parse() {
            Ok(name) => Ok((name, template)),
            Err(_) => Err(Flaw::member(
                "headers",
                &name,
                "is not the name of a header",
            )),
        };
        let headers = Template::members(&spec.headers, "headers", variables)?;
        let form = Self {
            method: method
                .parse()
                .ok()
                .filter(|_| method.bytes().all(|byte| byte.is_ascii_uppercase()))
                .ok_or_else(|| Flaw::at("method", "is not a method: write \"GET\" or \"POST\""))?,
            url: template("url", &spec.url)?,
            query: Template::members(&spec.query, "query", variables)?,
            headers: headers.into_iter().map(header).collect::<Result<_, _>>()?,
            basic: match &spec.basic {
                Some(BasicSpec { user, password }) => Some((
                    template("basic.user", user)?,
                    template("basic.password", password)?,
                )),
                None => None,
            },
            sign: spec
                .sign
                .as_ref()
                .map(|sign| signer(sign, variables))
                .transpose()?,
            body,
        };
        form.guard_url(spec)?;
        Ok(form)
    }

    /// A URL is not the place for secrets: others log it. And what a message fills
    /// in must not decide where it goes.
    fn guard_url(&self, spec: &CallSpec) -> Result<(), Flaw> {
        let at = |filling: &'static str| {
            let text = self.url.fill_all(filling);
            Url::parse(&text).map_err(|error| Flaw::at("url", format!("is not a URL: {error}")))
        };
        let (url, other) = (at("a")?, at("b")?);
        if url.origin() != other.origin() {
            return Err(Flaw::at("url", "must name its host without placeholders"));
        }
        let is_near = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if is_near => {}
            "http" => {
                let reason = "is plain http, which anybody on the way can read: write https, or reach it by loopback";
                return Err(Flaw::at("url", reason));
            }
            _ => return Err(Flaw::at("url", "must begin with https://")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Flaw::at(
                "url",
                "must not contain a password: write [basic] user and password",
            ));
        }
        let consent = "puts a secret into the URL, where others log it: use a header or the body, or set secret_in_url = true";
        if !spec.secret_in_url {
            if self.url.secrets().next().is_some() {
                return Err(Flaw::at("url", consent));
            }
            let leak = self
                .query
                .iter()
                .find(|(_, template)| template.secrets().next().is_some());
            if let Some((name, _)) = leak {
                return Err(Flaw::member("query", name, consent));
            }
        }
        Ok(())
    }

    /// The request for a message.
    pub fn fill(&self, client: &Client, message: &Message, show: Show) -> Result<Request, Failure> {
        let url = self.url.fill(message, show, percent_encoded);
        let mut request = client.request(self.method.clone(), url);
        let query = filled(&self.query, message, show);
        if !query.is_empty() {
            request = request.query(&query);
        }
        if let Some((user, password)) = &self.basic {
            request = match show {
                Show::Masks => request.header("authorization", format!("Basic {MASK}")),
                Show::Secrets => {
                    let text = |template: &Template| template.fill(message, show, str::to_owned);
                    request.basic_auth(text(user), Some(text(password)))
                }
            };
        }
        for (name, template) in &self.headers {
            let Some(text) = template.text(message, show) else {
                continue;
            };
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                Failure::of(
                    SmsError::NotSent,
                    format!("the header {name} cannot carry what fills it"),
                )
            })?;
            value.set_sensitive(template.secrets().next().is_some());
            request = request.header(name, value);
        }
        request = match &self.body {
            Body::None => request,
            Body::Json(shape) => request
                .header("content-type", "application/json")
                .body(shape.fill(message, show).unwrap_or_default().to_string()),
            Body::Form(members) => request.form(&filled(members, message, show)),
            Body::Text(template) => request.body(template.fill(message, show, str::to_owned)),
        };
        let unfit = |error: reqwest::Error| {
            Failure::of(
                SmsError::NotSent,
                format!("the request cannot be made: {}", error.without_url()),
            )
        };
        let mut request = request.build().map_err(unfit)?;
        if let Some(secret) = &self.sign {
            sign(&mut request, secret, message, show);
        }
        Ok(request)
    }

    /// Whether it brings a text, and needs no code for it: members that are
    /// nothing but the code can be left out.
    pub fn carries_text(&self) -> bool {
        let needs_code = |template: &Template| {
            template.has(Placeholder::Code)
                && template.only_placeholder() != Some(Placeholder::Code)
        };
        let whole = matches!(&self.body, Body::Text(text) if text.has(Placeholder::Code));
        self.templates()
            .any(|template| template.has(Placeholder::Text))
            && !self.templates().any(needs_code)
            && !self.url.has(Placeholder::Code)
            && !whole
    }

    /// Every secret that goes into it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.templates()
            .flat_map(Template::secrets)
            .chain(&self.sign)
    }

    /// What hides all that it carries from those who read what is said of it.
    pub fn filter(&self, message: &Message) -> Filter {
        let mut filter = Filter::of(&message.text, message.to, message.code.as_ref());
        for secret in self.secrets() {
            filter.secret(secret);
        }
        if let Some((user, password)) = &self.basic {
            let text = |template: &Template| template.fill(message, Show::Secrets, str::to_owned);
            filter.hide(&format!("{}:{}", text(user), text(password)), MASK);
        }
        for url in self.templates().flat_map(Template::report_urls) {
            filter.hide(url, MASK);
            // Whoever knows the gateway's name needs this part only.
            if let Some(secret) = url.trim_end_matches('/').rsplit('/').next() {
                filter.hide(secret, MASK);
            }
        }
        filter
    }

    /// Every text in it.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let basic = self
            .basic
            .iter()
            .flat_map(|(user, password)| [user, password]);
        let pairs = self.query.iter().map(|(_, template)| template);
        let headers = self.headers.iter().map(|(_, template)| template);
        [&self.url]
            .into_iter()
            .chain(basic)
            .chain(pairs)
            .chain(headers)
            .chain(self.body.templates())
    }
}

/// The secret that a webhook is signed with.
fn signer(spec: &SignSpec, variables: &Variables<'_>) -> Result<Secret, Flaw> {
    let flaw = |reason: String| Flaw::at("sign.secret", reason);
    let SignKind::StandardWebhooks = spec.kind;
    let template = Template::read(&spec.secret, variables).map_err(flaw)?;
    let secret = template.secrets().next().cloned();
    let secret = secret.filter(|secret| signature::webhook_key(secret).is_some());
    secret.ok_or_else(|| {
        flaw(
            "must be a secret that begins with whsec_, and then base64 of 24 to 64 bytes"
                .to_owned(),
        )
    })
}

/// Signs a request as a webhook. The same message has the same identifier again.
fn sign(request: &mut Request, secret: &Secret, message: &Message, show: Show) {
    let body = request
        .body()
        .and_then(reqwest::Body::as_bytes)
        .unwrap_or_default();
    let timestamp = message.at.seconds().to_string();
    let signature = match signature::webhook_key(secret) {
        Some(key) if show == Show::Secrets => {
            signature::webhook(&key, &message.request_id, &timestamp, body)
        }
        _ => MASK.to_owned(),
    };
    let headers = [
        ("webhook-id", message.request_id.clone()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ];
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).expect("it is digits, letters and base64");
        request.headers_mut().insert(name, value);
    }
}

fn filled<'a>(
    pairs: &'a [(String, Template)],
    message: &Message,
    show: Show,
) -> Vec<(&'a str, String)> {
    let filled = pairs.iter().filter_map(|(name, template)| {
        template
            .text(message, show)
            .map(|text| (name.as_str(), text))
    });
    filled.collect()
}

/// For a segment of a path: all but the unreserved (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
        .replace('*', "%2A")
}
