//! HTML that is written for one request. What comes from people cannot become
//! markup: only text of this program is taken as that.

/// A name in markup, and the text that takes its place.
pub type Value<'v> = (&'static str, &'v str);

/// A page under way.
pub struct Markup<'v> {
    text: String,
    values: Vec<Value<'v>>,
}

impl<'v> Markup<'v> {
    /// A page with these values in it.
    pub fn of(values: Vec<Value<'v>>) -> Self {
        let text = String::new();
        Self { text, values }
    }

    /// Adds markup with each `{name}` replaced by its value, which may stand in
    /// text and in quoted attributes.
    pub fn add(&mut self, markup: &'static str) {
        let mut pieces = markup.split('{');
        self.text += pieces.next().unwrap_or_default();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            let value = self.values.iter().find(|(one, _)| *one == name);
            let (_, value) = value.expect("every name in markup has a value");
            escape(value, &mut self.text);
            self.text += rest;
        }
    }

    /// The whole of it.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Adds text, as HTML spells it.
fn escape(text: &str, to: &mut String) {
    for character in text.chars() {
        match character {
            '&' => *to += "&amp;",
            '<' => *to += "&lt;",
            '>' => *to += "&gt;",
            '"' => *to += "&quot;",
            '\'' => *to += "&#39;",
            character => to.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_text_whatever_is_in_them() {
        let hostile = "</p><script>'{code}' & \"{name}\"";
        let mut page = Markup::of(vec![("name", hostile), ("code", "<b>")]);
        page.add("<p title=\"{name}\">{code}</p>");
        let name = "&lt;/p&gt;&lt;script&gt;&#39;{code}&#39; &amp; &quot;{name}&quot;";
        assert_eq!(page.finish(), format!("<p title=\"{name}\">&lt;b&gt;</p>"));
    }
}
