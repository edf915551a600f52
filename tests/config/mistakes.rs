//! What is told of a mistake: one sentence that names its place.

use invited::sms::route::Routes;

use super::{read, refused};

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

#[test]
fn a_mistake_in_the_environment_is_one_sentence_that_names_the_variable() {
    let too_long = format!("https://x.org/{}", "a".repeat(2000));
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
        (
            "HTTP__PUBLIC_URL",
            &too_long,
            "is longer than 2000 characters",
        ),
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
        ("DATABASE", "mysql://x", "is not the path of a file, nor"),
        ("DATABASE", "postgres:///x", "names no host"),
        (
            "DATABASE",
            "postgres://x:y/",
            "is not the URL of a PostgreSQL server",
        ),
        (
            "DATABASE",
            "postgres://x/y?sslmode=maybe",
            "sslmode is one of",
        ),
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
