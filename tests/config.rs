//! Contract, section 9: settings, where they come from, and what a mistake is told.

use std::fs;

use invited::{
    config::{Config, ConfigError, Entry, Layers},
    sms::{choice::Choice, route::Routes},
    store::Location,
};
use tempfile::TempDir;

use crate::harness::server::{Server, command, run};

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
fn the_sample_is_a_file_that_changes_nothing() {
    let sample = Config::sample();
    let settings: String = sample
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.contains(" = ") && !line.starts_with('"'))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let settings: String = settings
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.to_owned() + "\n")
        .collect();
    assert_eq!(settings.matches(" = ").count(), Config::entries().count());
    let config = read(&[], &settings).unwrap();
    assert_eq!(
        format!("{config:?}"),
        format!("{:?}", Config::read(Layers::default()).unwrap())
    );
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
fn what_is_no_setting_is_refused_with_the_one_that_was_meant() {
    for (name, meant) in [
        (
            "INVITED_LIMIT__SENDS_PER_PHONE",
            "did you mean INVITED_LIMITS__SENDS_PER_PHONE?",
        ),
        ("INVITED_LISTEN_ADDR", "did you mean INVITED_LISTEN?"),
        ("INVITED_DATABASE_URL", "did you mean INVITED_DATABASE?"),
        (
            "INVITED_LOGIN_CODE_LENGTH",
            "did you mean INVITED_LOGIN__CODE_LENGTH?",
        ),
        ("INVITED_FOO", "(`invited config` prints them all)"),
        ("INVITED_LIMITS", "is not a setting"),
        ("INVITED_PORT", "is not a setting"),
    ] {
        refused(&[(name, "8080")], "", &format!("{name} is not a setting"));
        let told = read(&[(name, "8080")], "").unwrap_err().to_string();
        assert!(told.contains(meant), "{told}");
    }
    let told = read(&[], "[login]\ncode_lenght = 4")
        .unwrap_err()
        .to_string();
    assert!(told.contains("did you mean login.code_length?"), "{told}");
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

/// What is wrong with the gateways of a file, if not the file itself.
fn flaw(file: &str) -> String {
    let config = match read(&[("SOME_SECRET", "x")], file) {
        Ok(config) => config,
        Err(error) => return error.to_string(),
    };
    let keys = invited::token::keys::Keys::draw(&mut invited::clock::dice());
    let opened = invited::app::gateways(&config, &keys, &Routes::default());
    opened.map(drop).unwrap_err().to_string()
}

#[test]
fn a_mistake_in_a_gateway_is_told_by_its_own_line() {
    let exolve = "# first\n\n[sms.gateway.exolve]\nsender = \"7999\"\n";
    let own = "[sms.gateway.own]\nkind = \"http\"\nurl = \"https://sms.example.net\"\n";
    for (file, told, line) in [
        (
            format!("{exolve}key = \"literal\""),
            "sms.gateway.exolve.key",
            5,
        ),
        (
            format!("{exolve}key = \"${{env:NOBODY_SET_IT}}\""),
            "sms.gateway.exolve.key",
            5,
        ),
        (
            format!("{exolve}kye = \"${{env:SOME_SECRET}}\""),
            "sms.gateway.exolve.kye",
            5,
        ),
        (
            format!("{exolve}prices = \"free\""),
            "sms.gateway.exolve.prices",
            5,
        ),
        (
            format!("{own}ok = {{ status = 200 }}\nmethd = \"GET\""),
            "sms.gateway.own.methd",
            5,
        ),
        (
            format!("{own}ok = {{ ponter = \"/x\" }}"),
            "sms.gateway.own.ok.ponter",
            4,
        ),
        (
            format!("{own}[sms.gateway.own.ok]\nstatus = \"fine\""),
            "sms.gateway.own.ok.status",
            5,
        ),
        (
            format!("{own}body.json = {{ to = \"{{{{t}}}}\" }}\nok = {{ status = 200 }}"),
            "sms.gateway.own.body.json.to",
            4,
        ),
        (
            "[sms.route]\n\"+7\" = [\"exolve\"]\n\"*\" = [\"pigeon\"]".to_owned(),
            "sms.route.\"*\"",
            3,
        ),
    ] {
        let said = flaw(&file);
        let place = said.split(" in ").next() == Some(told);
        assert!(
            place && said.contains(&format!(", line {line},")),
            "{file}\n{said}"
        );
    }
}

#[test]
fn a_gateway_is_chosen_or_declared() {
    let (chosen, declared) = (
        "[sms]\ngateway = \"console\"\n",
        "[sms.gateway.x]\nkey = \"x\"\n",
    );
    for file in [[chosen, declared].concat(), [declared, chosen].concat()] {
        let told = read(&[], &file).unwrap_err().to_string();
        let remedy = told.contains("chooses a gateway in [sms] and declares one")
            && told.contains("[sms.route]");
        assert!(told.starts_with("--config: ") && remedy, "{told}");
    }
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
fn a_mistake_in_the_environment_is_one_sentence_that_names_the_variable() {
    for (name, value, told) in [
        ("LOGIN__CODE_LENGHT", "4", "is not a setting"),
        ("TOKENS__ACCESS_TTL", "5", "is not a duration"),
        ("TOKENS__ACCESS_TTL", "0s", "is out of range"),
        ("LIMITS__SENDS_PER_PHONE", "3", "is not a limit"),
        ("LIMITS__SENDS_PER_PHONE", "3/15", "is not a duration"),
        (
            "LOGIN__CODE_LENGTH",
            "3",
            "must be a whole number from 4 to 10",
        ),
        ("LOGIN__CODE_LENGTH", "four", "must be a whole number"),
        ("LOGIN__DESTINATIONS", "79#", "is not a destination"),
        ("LOGIN__DEFAULT_REGION", "ru", "is not a region"),
        ("HTTP__TRUSTED_PROXIES", "10.0.0.0/33", "is not a network"),
        ("HTTP__ALLOWED_ORIGINS", "example.com", "is not an origin"),
        ("HTTP__ALLOWED_ORIGINS", "null", "is not an origin"),
        ("HTTP__ALLOWED_ORIGINS", "*", "is not an origin"),
        (
            "HTTP__ALLOWED_ORIGINS",
            "https://Example.com",
            "is not an origin",
        ),
        (
            "HTTP__ALLOWED_ORIGINS",
            "https://x.org/",
            "is not an origin",
        ),
        (
            "HTTP__ALLOWED_ORIGINS",
            "https://x.org:443",
            "is not an origin",
        ),
        ("HTTP__ALLOWED_ORIGINS", "capacitor://", "is not an origin"),
        ("HTTP__PUBLIC_URL", "example.com", "is not the address"),
        ("HTTP__PUBLIC_URL", "https://x.org//a", "is not the address"),
        (
            "HTTP__PUBLIC_URL",
            "https://x.org/a?b",
            "is not the address",
        ),
        (
            "HTTP__PUBLIC_URL",
            "https://x.org/../a",
            "is not the address",
        ),
        (
            "SMS__GATEWAY",
            "pigeon",
            "names pigeon, which is not a gateway",
        ),
        ("SMS__WEBOTP_HOST", "https://x", "is not a host name"),
        ("LISTEN", "localhost", "is not an address"),
        ("DATABASE", "", "is empty"),
        (
            "LOGIN__DESTINATIONS",
            "!+7940",
            "only excludes numbers: nobody could log in",
        ),
        (
            "HTTP__CLIENT_ADDRESS",
            "via",
            "must be one of x-forwarded-for, forwarded, x-real-ip",
        ),
        ("DATABASE", "postgres://x", "names a PostgreSQL server"),
    ] {
        let name = format!("INVITED_{name}");
        refused(&[(&name, value)], "", &format!("{name} {told}"));
    }
    let name = "Название, которое не поместится ни в какое сообщение этого сервиса";
    refused(
        &[("INVITED_SMS__SERVICE_NAME", name)],
        "",
        "sms.service_name with all that is added makes a message of",
    );
}

#[test]
fn a_mistake_in_the_file_is_one_sentence_that_names_the_key() {
    for (file, told) in [
        ("colour = 1", "colour in "),
        ("listen = ", "--config: "),
        ("[login]\ncode_lenght = 4", "login.code_lenght in "),
        ("[logn]\ncode_length = 4", "logn.code_length in "),
        ("[tokens]\naccess_ttl = \"5x\"", "tokens.access_ttl in "),
        ("[tokens]\naccess_ttl = 5", "tokens.access_ttl in "),
        ("[login]\ncode_length = 4.5", "login.code_length in "),
        ("[login]\ndestinations = [79]", "login.destinations in "),
        ("test_numbers = 1", "test_numbers in "),
        ("[login]\ndestinations = []", "login.destinations in "),
        (
            "[test_numbers]\n\"+79990000001\" = { code = \"1234\", until = 2027-01-01T00:00:00Z }\n\
             \"89990000001\" = { code = \"4321\", until = 2027-01-01T00:00:00Z }",
            "test_numbers.\"89990000001\" in ",
        ),
    ] {
        refused(&[], file, told);
    }
    for (number, value) in [
        (
            "+7999",
            r#"{ code = "1234", until = 2027-01-01T00:00:00Z }"#,
        ),
        ("+79990000001", r#"{ code = "1234" }"#),
        (
            "+79990000001",
            r#"{ code = "12x4", until = 2027-01-01T00:00:00Z }"#,
        ),
        ("+79990000001", r#"{ code = "1234", until = 2027-01-01 }"#),
    ] {
        let file = format!("[test_numbers]\n\"{number}\" = {value}");
        refused(&[], &file, &format!("test_numbers.\"{number}\" in "));
    }
}

#[test]
fn the_settings_are_documented() {
    let row = |entry: Entry| {
        let (key, variable, default) = (entry.key, entry.variable(), entry.default);
        let help = entry.help.trim();
        format!("| `{key}` | `{variable}` | `{default}` | {help} |").replace("| `` |", "| |")
    };
    let rows: Vec<String> = Config::entries().map(row).collect();
    let documented = |page: &'static str| page.lines().filter(|line| line.contains("| `INVITED_"));

    let all: Vec<&str> = documented(include_str!("../src/config/README.md")).collect();
    assert_eq!(all, rows, "the rows have to be:\n{}", rows.join("\n"));
    // The README has those that come first.
    for row in documented(include_str!("../README.md")) {
        assert!(rows.iter().any(|known| known == row), "{row}");
    }
}

#[test]
fn what_is_in_force_is_printed_with_its_place_and_without_secrets() {
    let folder = TempDir::new().unwrap();
    let file = "[login]\ncode_length = 6\n\n[sms.gateway.mine]\npreset = \"exolve\"\nkey = \"${env:KEY}\"\n";
    fs::write(folder.path().join("c.toml"), file).unwrap();
    let effective = ["config", "effective", "--config", "c.toml"];
    let mut command = command(folder.path());
    command.args(effective).env("KEY", "a-secret");
    let output = command
        .env("INVITED_LIMITS__SENDS_PER_PHONE", "5/1h")
        .output()
        .unwrap();
    let told = str::from_utf8(&output.stdout).unwrap();
    for line in [
        "code_length = 6  # login.code_length in c.toml, line 2",
        "sends_per_phone = \"5/1h\"  # INVITED_LIMITS__SENDS_PER_PHONE",
        "guesses_per_token = \"3\"",
        "\"*\" = [\"mine\"]",
        "key = \"***\"",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    assert!(!told.contains("a-secret") && !told.contains("env:KEY"));
}

#[test]
fn a_configuration_is_checked_without_a_trace() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["config", "check"]);
    assert!(output.status.success());
    assert_eq!(output.stderr, b"the configuration is good\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let server = Server::start(folder.path());
    let output = run(folder.path(), &["config", "check"]);
    assert!(output.status.success());
    drop(server);
    for wrong in [
        "[login]\ncode_length = 99\n",
        "[sms]\ngateway = \"nobody\"\n",
    ] {
        fs::write(folder.path().join("c.toml"), wrong).unwrap();
        let output = run(folder.path(), &["config", "check", "--config", "c.toml"]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
