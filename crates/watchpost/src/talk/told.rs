//! What is told of a TLS handshake.

use super::chain::Trouble;
use super::conversation::Conversation;
use super::output::Kind;
use crate::i18n::Value;

impl Conversation<'_> {
    /// What TLS has agreed on, who the server says it is, and what is wrong with that.
    pub(super) fn tell_of_tls(&mut self) {
        let Some(summary) = self.summary.take() else {
            return self.say_note(Kind::Meaning, "conversation-no-tls", &[]);
        };
        if self.output.json {
            self.output.event("tls", summary.as_json());
        } else {
            let text = |text: &str| -> Value<'static> { text.to_owned().into() };
            let none = self.talk.texts.text("conversation-none");
            let resumed = match (summary.resumed, summary.retried) {
                (true, _) => "conversation-tls-resumed",
                (false, true) => "conversation-tls-retried",
                (false, false) => "conversation-tls-full",
            };
            let resumed = self.talk.texts.text(resumed);
            let post_quantum = summary.group.contains("MLKEM");
            let group = if post_quantum { "conversation-tls-hybrid" } else { "conversation-tls-group" };
            for (id, variables) in [
                ("conversation-tls", vec![("version", text(&summary.version)), ("resumed", text(&resumed))]),
                ("conversation-tls-suite", vec![("suite", text(&summary.suite))]),
                (group, vec![("group", text(&summary.group))]),
                ("conversation-tls-sni", vec![("sni", text(summary.sni.as_deref().unwrap_or(&none)))]),
                ("conversation-tls-alpn", vec![("alpn", text(summary.alpn.as_deref().unwrap_or(&none)))]),
            ] {
                self.say_note(Kind::Meaning, id, &variables);
            }
            for (place, shown) in summary.chain.iter().enumerate() {
                let names = if shown.names.is_empty() { none.clone() } else { shown.names.join(", ") };
                let variables = [
                    ("place", (place + 1).into()),
                    ("subject", text(&shown.subject)),
                    ("issuer", text(&shown.issuer)),
                    ("from", text(&shown.from)),
                    ("until", text(&shown.until)),
                    ("key", text(&shown.key)),
                    ("names", text(&names)),
                ];
                self.say_note(Kind::Meaning, "conversation-tls-certificate", &variables);
            }
            if let Some(pin) = summary.pin {
                self.say_note(Kind::Meaning, "conversation-tls-pin", &[("pin", pin.to_string().into())]);
            }
        }
        let troubles: Vec<String> =
            summary.troubles.iter().map(|trouble: &Trouble| trouble.text(&self.talk.texts)).collect();
        if troubles.is_empty() {
            self.say_note(Kind::Meaning, "conversation-tls-believed", &[]);
        }
        for trouble in troubles {
            self.output.note(Kind::Oddity, &trouble, Some("RFC 5280; RFC 9525"));
        }
        self.summary = Some(summary);
    }
}
