//! Contract, section 9: settings, where they come from, and what a mistake is told.

mod commands;
mod mistakes;
mod pages;

use invited::{
    config::{Config, ConfigError, Layers},
    sms::choice::Choice,
    store::Location,
};
use tempfile::TempDir;

fn read(variables: &[(&str, &str)], file: &str) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("invited.toml");
    std::fs::write(&path, file).unwrap();
    let mut layers = Layers::default();
    layers.environment(
        variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into())),
    )?;
    layers.file(&path)?;
    Config::read(layers)
}

/// Asserts that it is refused in one sentence that begins so.
#[track_caller]
fn refused(variables: &[(&str, &str)], file: &str, beginning: &str) {
    let sentence = read(variables, file).err().map(|error| error.to_string());
    let sentence = sentence.unwrap_or_else(|| panic!("accepted: {beginning}"));
    let one_line = !sentence.contains('\n');
    assert!(sentence.starts_with(beginning) && one_line, "{sentence}");
}

#[test]
fn the_defaults_are_the_contracts() {
    let config = Config::read(Layers::default()).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config.server.database,
        Location::Sqlite("invited.db".into())
    );
    assert_eq!(
        config.keys_path(),
        std::path::Path::new("invited.keys.json")
    );
    assert_eq!(
        (
            config.tokens.access_ttl.as_secs(),
            config.tokens.refresh_ttl.as_secs()
        ),
        (9000, 86_400)
    );
    assert_eq!(
        (
            *config.login.code_length,
            *config.login.guesses_per_token,
            *config.login.live_tokens_per_phone
        ),
        (4, 3, 3)
    );
    assert_eq!(config.sms.gateway, Choice::Console);
    assert_eq!(config.limits.sends_per_phone.windows().len(), 3);
}

#[test]
fn flags_beat_the_environment_beats_the_file() {
    let file = "listen = \"127.0.0.1:1\"\n[login]\ncode_length = 5\n[tokens]\naccess_ttl = \"1m\"";
    let config = read(
        &[
            ("INVITED_LISTEN", "127.0.0.1:2"),
            ("INVITED_LOGIN__CODE_LENGTH", "6"),
        ],
        file,
    )
    .unwrap();
    assert_eq!(
        (
            config.server.listen.port(),
            *config.login.code_length,
            config.tokens.access_ttl.as_secs()
        ),
        (2, 6, 60)
    );
    let mut layers = Layers::default();
    layers
        .environment([("INVITED_LISTEN".into(), "127.0.0.1:2".into())].into_iter())
        .unwrap();
    layers.flag("listen", "--listen", Some(&"127.0.0.1:3".to_owned()));
    assert_eq!(Config::read(layers).unwrap().server.listen.port(), 3);
}

#[test]
fn lists_are_written_as_arrays_or_with_commas() {
    let file = "[login]\ndestinations = [\"+79#########\", \"+44\"]\n[http]\ntrusted_proxies = \"10.0.0.0/8, ::1\"";
    let config = read(&[], file).unwrap();
    assert_eq!(
        (
            config.login.destinations.included().count(),
            config.http.trusted_proxies.len()
        ),
        (2, 2)
    );
    let config = read(
        &[("INVITED_LOGIN__DESTINATIONS", r#"["+1", "+2", "+3"]"#)],
        file,
    )
    .unwrap();
    assert_eq!(config.login.destinations.included().count(), 3);
}

#[test]
fn test_numbers_have_a_code_and_an_end() {
    let file =
        "[test_numbers]\n\"+79990000001\" = { code = \"1234\", until = 2027-01-01T00:00:00Z }";
    let config = read(
        &[(
            "INVITED_TEST_NUMBERS__79990000002",
            "{ code = \"123456\", until = 2027-01-01T00:00:00+03:00 }",
        )],
        file,
    )
    .unwrap();
    let phones: Vec<_> = config
        .test_numbers
        .iter()
        .map(|number| number.phone.to_string())
        .collect();
    assert_eq!(phones, ["79990000001", "79990000002"]);
}

#[test]
fn what_orchestrators_make_up_is_no_setting() {
    read(
        &[
            ("INVITED_PORT", "tcp://10.0.0.1:8080"),
            ("INVITED_SERVICE_HOST", "10.0.0.1"),
            ("INVITED_SERVICE_PORT", "8080"),
            ("INVITED_SERVICE_PORT_HTTP", "8080"),
            ("INVITED_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("INVITED_PORT_8080_TCP_PROTO", "tcp"),
            ("INVITED_DB_PORT_5432_TCP_ADDR", "10.0.0.2"),
            ("PATH", "/bin"),
        ],
        "",
    )
    .unwrap();
}

#[test]
fn variables_that_the_file_refers_to_are_no_settings() {
    let file = "[sms.gateway.smsru]\napi_id = \"${env:INVITED_SMSRU}\"";
    read(&[("INVITED_SMSRU", "secret")], file).unwrap();
}

#[test]
fn addresses_are_read_as_people_write_them() {
    for (written, meant) in [
        ("localhost:8080", "127.0.0.1:8080"),
        (":8080", "127.0.0.1:8080"),
        ("8080", "127.0.0.1:8080"),
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("[::1]:8080", "[::1]:8080"),
        ("[::]:0", "[::]:0"),
    ] {
        let config = read(&[("INVITED_LISTEN", written)], "").unwrap();
        assert_eq!(config.server.listen.to_string(), meant, "{written}");
    }
    let config = read(&[("INVITED_HTTP__METRICS", ":9464")], "listen = 8080").unwrap();
    assert_eq!(config.server.listen.port(), 8080);
    assert_eq!(config.http.metrics.unwrap().to_string(), "127.0.0.1:9464");
    for wrong in [
        "",
        ":",
        "65536",
        "+80",
        "::1:8080",
        "[::1]",
        "example.com:80",
        "1.2.3.4",
        "localhost:",
    ] {
        refused(
            &[("INVITED_LISTEN", wrong)],
            "",
            "INVITED_LISTEN is not an address",
        );
    }
}
