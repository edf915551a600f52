//! The catalogue of problems: every code, with its status and its words. The
//! one place where a status is chosen.

/// A kind of problem: a row of the catalogue.
#[derive(Debug)]
pub struct Kind {
    /// Stable and machine-readable.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it is, for people.
    pub title: &'static str,
    /// What to do about it.
    pub detail: &'static str,
}

impl Kind {
    /// How to authenticate after a 401 of this kind. A client that is told that its
    /// bearer token is at fault refreshes it, which helps nothing where a code is.
    pub fn authenticate(&self) -> &'static str {
        match self.code {
            code if code == UNAUTHENTICATED.code => "Bearer",
            code if code.starts_with("sms_") => "SMS-Token",
            _ => "Bearer error=\"invalid_token\"",
        }
    }
}

/// Declares the catalogue.
macro_rules! catalogue {
    ($($name:ident $status:literal $code:literal $title:literal $detail:literal;)*) => {
        $(#[doc = $title] pub static $name: Kind = Kind { code: $code, status: $status, title: $title, detail: $detail };)*

        /// Every kind there is.
        pub static ALL: &[&Kind] = &[$(&$name),*];
    };
}

catalogue! {
    MALFORMED_JSON 400 "malformed_json" "The body is not JSON"
        "Send one JSON object in UTF-8, without a byte order mark, repeated keys or anything after it.";
    MALFORMED_REQUEST 400 "malformed_request" "The request cannot be read"
        "The request ended early, is not proper HTTP, or came as plain http to an https address.";
    UNAUTHENTICATED 401 "unauthenticated" "A login is needed"
        "Send the header Authorization: Bearer with the access token of a login. Operators log in to an API of their own, or send a service key.";
    TOKEN_INVALID 401 "token_invalid" "The token is not valid"
        "It is not a token of this kind, or its session has ended. Log in again.";
    TOKEN_EXPIRED 401 "token_expired" "The token has expired"
        "Exchange the refresh token for a new pair, or log in again.";
    REFRESH_REUSED 401 "refresh_reused" "The refresh token was used before"
        "A refresh token is good once. Its session was ended, since somebody else may hold a copy. Log in again.";
    SMS_TOKEN_MISSING 401 "sms_token_missing" "The sms-token is missing"
        "Send the sms-token that the login answered, in the header sms-token or as the member sms_token.";
    SMS_TOKEN_INVALID 401 "sms_token_invalid" "The sms-token is not valid"
        "It is not one that this call can use. Ask for a new code.";
    SMS_TOKEN_EXPIRED 401 "sms_token_expired" "The sms-token has expired"
        "Ask for a new code.";
    SMS_TOKEN_USED 401 "sms_token_used" "The sms-token was used before"
        "A code is good once. Ask for a new one.";
    SMS_CODE_INVALID 401 "sms_code_invalid" "The code is wrong"
        "It is not the code that was sent with this sms-token.";
    FORBIDDEN 403 "forbidden" "You may not do that"
        "Your role or service key does not permit it; the member permission names what is missing. Ask an owner.";
    FRESH_LOGIN_REQUIRED 403 "fresh_login_required" "A fresh login is needed"
        "Log in with a code once more, and send this again with the access token of that login. A refreshed one is not enough.";
    USER_BANNED 403 "user_banned" "The account is banned"
        "Whoever operates the service has closed this account to its user. Ask them.";
    NOT_FOUND 404 "not_found" "There is nothing here"
        "Nothing is served under this path.";
    INVITATION_NOT_FOUND 404 "invitation_not_found" "Nobody has this invitation code"
        "Check the code for a typing mistake.";
    USER_NOT_FOUND 404 "user_not_found" "There is no such user"
        "They may have deleted their account.";
    METHOD_NOT_ALLOWED 405 "method_not_allowed" "The path does not know this method"
        "The header Allow names the methods it knows.";
    REQUEST_TIMEOUT 408 "request_timeout" "The request took too long to arrive"
        "Send it again, faster.";
    INVITATION_ALREADY_SET 409 "invitation_already_set" "An invitation code was entered before"
        "A user has one referrer, for ever.";
    INVITATION_CYCLE 409 "invitation_cycle" "The owner of the code was invited by you"
        "Nobody can be invited, over any number of steps, by those whom they invited.";
    PHONE_TAKEN 409 "phone_taken" "The phone belongs to another account"
        "Log in with that phone instead.";
    ALREADY_DONE 409 "already_done" "It is so already"
        "Nothing was changed. Look at it again.";
    LAST_OWNER 409 "last_owner" "You are the last owner"
        "Grant that role to somebody else first.";
    NAME_TAKEN 409 "name_taken" "Another key has this name"
        "Take another name, or delete that key.";
    PAYLOAD_TOO_LARGE 413 "payload_too_large" "The body is too large"
        "A body has at most 16 KiB.";
    UNSUPPORTED_MEDIA_TYPE 415 "unsupported_media_type" "The body is not of a type that is understood"
        "Send Content-Type: application/json and no Content-Encoding.";
    VALIDATION_FAILED 422 "validation_failed" "A value cannot be accepted"
        "The member errors says which one, and why.";
    PHONE_INVALID 422 "phone_invalid" "This is not a phone number"
        "Write it in international form: a plus sign, the country code and the number, in digits.";
    PHONE_NOT_ALLOWED 422 "phone_not_allowed" "No messages are sent to this number"
        "The service does not send to this country or kind of number.";
    INVITATION_SELF 422 "invitation_self" "The invitation code is your own"
        "Enter the code of somebody else.";
    RATE_LIMITED 429 "rate_limited" "Too many requests"
        "Wait as long as retry_after says.";
    SMS_RATE_LIMITED 429 "sms_rate_limited" "Too many messages"
        "Use a code that was sent before, or wait as long as retry_after says.";
    TOO_MANY_ATTEMPTS 429 "too_many_attempts" "Too many wrong codes"
        "No further guess is evaluated with this sms-token. Ask for a new code.";
    HEADER_TOO_LARGE 431 "header_too_large" "The header is too large"
        "Send fewer or shorter header fields.";
    INTERNAL 500 "internal" "The server made a mistake"
        "It was written down. The member request_id names it.";
    SMS_UNAVAILABLE 503 "sms_unavailable" "No message can be sent at the moment"
        "Try again in a while; this attempt does not count.";
    SMS_BUDGET_EXHAUSTED 503 "sms_budget_exhausted" "No more messages are sent for now"
        "Try again later.";
    STORAGE_UNAVAILABLE 503 "storage_unavailable" "The store cannot be used at the moment"
        "Nothing was changed. Try again in a while.";
    OVERLOADED 503 "overloaded" "The server has too much to do"
        "Nothing was changed. Try again in a moment.";
}
