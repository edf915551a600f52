//! What messages are made of, as settings say it.

use super::{sections::Sms, value::Name};
use crate::sms::text::Words;

/// The words of these settings.
pub fn of(sms: &Sms) -> Words {
    let text = |name: &Option<Name>| name.as_ref().map(|name| name.as_str().to_owned());
    Words {
        service: sms.service_name.as_str().to_owned(),
        russian: text(&sms.text_ru),
        english: text(&sms.text_en),
        webotp_host: sms
            .webotp_host
            .as_ref()
            .map(|host| host.as_str().to_owned()),
        app_hash: sms.app_hash.as_ref().map(|hash| hash.as_str().to_owned()),
    }
}
