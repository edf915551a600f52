//! Prints messages to the terminal, for those who try the service or develop with it.

use std::io::{Write, stdout};

use async_trait::async_trait;

use super::{Gateway, Message, Receipt, SmsError};

/// The terminal.
pub struct Console;

#[async_trait]
impl Gateway for Console {
    async fn deliver(&self, message: &Message) -> Result<Receipt, SmsError> {
        let mut letter = format!("\n  ┌─ SMS to {}\n", message.to.e164());
        for line in message.text.lines() {
            letter.push_str("  │  ");
            letter.push_str(line);
            letter.push('\n');
        }
        letter.push_str("  └─\n");
        let mut terminal = stdout().lock();
        terminal
            .write_all(letter.as_bytes())
            .and_then(|()| terminal.flush())
            .map_err(|_| SmsError::NotSent)?;
        Ok(Receipt::default())
    }
}
