//! What may be configured of pages and of links, and what may not.

use std::fs;

use tempfile::TempDir;

use super::{read, refused};

#[test]
fn a_brand_that_cannot_be_shown_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("logo.svg");
    let setting = [("INVITED_PAGES__LOGO", path.to_str().unwrap())];
    refused(&setting, "", "INVITED_PAGES__LOGO names ");
    for bytes in [
        b"GIF89a".to_vec(),
        [b"<svg/>".to_vec(), vec![b' '; 65_536]].concat(),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(&setting, "", "INVITED_PAGES__LOGO names ");
    }
    for color in ["red", "#fff", "#12345g", "#+12345", "#1234567"] {
        let setting = [("INVITED_PAGES__COLOR", color)];
        refused(&setting, "", "INVITED_PAGES__COLOR is not a colour: ");
    }
}

#[test]
fn links_lead_to_apps_and_name_them_as_phones_know_them() {
    let fingerprint = format!("org.example.app={}", ["AB"; 32].join(":"));
    for (key, right, wrong) in [
        (
            "SHOW_REFERRER",
            vec!["name", "phone", "nothing"],
            vec!["all", ""],
        ),
        (
            "LINK_TO_ANDROID",
            vec![
                "https://play.google.com/store/apps/details?id=a.b&referrer={code}",
                "intent://i/{code}#Intent;scheme=https;package=a.b;end",
                "example://{code}",
                "",
            ],
            vec![
                "https://example.com/",
                "http://example.com/{code}",
                "javascript://%0aalert(1)//{code}",
                "//example.com/{code}",
                "https://example.com/{code}\"",
                "https://example.com/{code}/{name}",
                "https://example.com/ {code}",
                "{code}://example.com",
            ],
        ),
        (
            "LINK_TO",
            vec!["https://example.com/{code}"],
            vec!["example"],
        ),
        (
            "LINK_TO_IOS",
            vec!["example-app://i/{code}"],
            vec!["Example://{code}"],
        ),
        (
            "ANDROID_APPS",
            vec![&*fingerprint, ""],
            vec!["org.example.app", "app=AB", "org.example.app=AB:CD"],
        ),
        (
            "IOS_APPS",
            vec!["ABCDE12345.org.example.app"],
            vec!["org.example.app", "ABCDE12345", "abcde12345.org.example"],
        ),
    ] {
        let variable = format!("INVITED_REFERRAL__{key}");
        for value in right {
            read(&[(&variable, value)], "").unwrap();
        }
        for value in wrong {
            refused(&[(&variable, value)], "", &variable);
        }
    }
}
