//! The presets: whole, and told from one another.

use invited::sms::{choice::Choice, presets, route::Routes, setup::Setup};

use super::{WHSEC, message};

#[test]
fn every_preset_is_a_gateway_once_its_settings_are_given() {
    for preset in presets::all() {
        assert!(!preset.about.is_empty());
        let mut plan = Setup {
            chains: vec![(String::new(), vec![Choice::Named(preset.name.to_owned())])],
            ..Setup::default()
        };
        if preset.name == "webhook" {
            let own = "url = \"https://example.com/\"".parse().unwrap();
            plan.gateways.insert(preset.name.to_owned(), own);
        }
        for (name, setting) in &preset.settings {
            let before = plan.open(&Routes::default(), &|_| String::new()).map(drop);
            if setting.default.is_none() {
                let flaw = before.unwrap_err();
                assert!(flaw.reason.contains("set it in"), "{flaw:?}");
            }
            let variable = invited::sms::Setting::variable(preset.name, name);
            plan.environment.insert(variable, WHSEC.to_owned());
        }
        if let Err(flaw) = plan.open(&Routes::default(), &|_| {
            "https://login.example.com/".to_owned()
        }) {
            panic!("{}: {flaw:?}", preset.name);
        }
        assert!(
            preset.settings.values().any(|setting| setting.secret),
            "{}",
            preset.name
        );
    }
}

#[test]
fn presets_that_bring_codes_alone_are_known_to_bring_no_texts() {
    for preset in presets::all() {
        let mut plan = Setup {
            chains: vec![(String::new(), vec![Choice::Named(preset.name.to_owned())])],
            ..Setup::default()
        };
        plan.gateways.insert(
            preset.name.to_owned(),
            toml::toml! { url = "https://example.com/" },
        );
        for name in preset.settings.keys() {
            let variable = invited::sms::Setting::variable(preset.name, name);
            plan.environment.insert(variable, WHSEC.to_owned());
        }
        let routes = plan.open(&Routes::default(), &|_| String::new());
        let routes = routes.unwrap_or_else(|flaw| panic!("{}: {flaw:?}", preset.name));
        let codes = ["smsru-call", "telegram", "ucaller", "whatsapp"];
        assert_eq!(
            routes.carries_text(message("hello").to),
            !codes.contains(&preset.name),
            "{}",
            preset.name
        );
    }
}

/// Or whoever asks for such numbers could have a gateway skipped for everybody.
#[test]
fn what_is_wrong_with_one_number_is_no_failure_of_a_preset() {
    for (preset, codes) in [
        ("smsru", &["202", "207", "230", "233", "501"][..]),
        ("smsru-call", &["202", "230", "233", "501"]),
        ("twilio", &["21211", "21608", "21610", "21614"]),
        ("ucaller", &["3", "18", "19"]),
        ("vonage", &["3", "29"]),
        ("whatsapp", &["131026", "131030", "131056"]),
    ] {
        let table: toml::Table = presets::text(preset).unwrap().parse().unwrap();
        for code in codes {
            let class = table["error"]["map"][*code].as_str().unwrap();
            let is_of_number = ["rejected", "unreachable"].contains(&class);
            assert!(is_of_number, "{preset} {code}: {class}");
        }
    }
}
