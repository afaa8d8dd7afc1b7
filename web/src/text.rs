//! What the page says, in the language of the visitor. The words are in the message files; Kubernetes' own words are never
//! translated.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A language of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

type Messages = BTreeMap<&'static str, &'static str>;

impl Lang {
    /// The language of a tag such as `zh-CN`; English for what there is no file for.
    pub fn of_tag(tag: &str) -> Lang {
        if tag.to_ascii_lowercase().starts_with("zh") {
            Lang::Zh
        } else {
            Lang::En
        }
    }

    /// The short name, as in `?lang=`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
        }
    }

    /// The tag for the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// The message of a key. A key without a message is a mistake of ours and shows itself.
    pub fn t(self, key: &'static str) -> &'static str {
        self.messages().get(key).copied().unwrap_or(key)
    }

    /// The message of a key with its `{0}`, `{1}` filled in.
    pub fn with(self, key: &'static str, values: &[&str]) -> String {
        let mut text = self.t(key).to_owned();
        for (i, value) in values.iter().enumerate() {
            text = text.replace(&format!("{{{i}}}"), value);
        }
        text
    }

    fn messages(self) -> &'static Messages {
        static EN: OnceLock<Messages> = OnceLock::new();
        static ZH: OnceLock<Messages> = OnceLock::new();
        match self {
            Lang::En => EN.get_or_init(|| read(include_str!("../messages/en.txt"))),
            Lang::Zh => ZH.get_or_init(|| read(include_str!("../messages/zh.txt"))),
        }
    }
}

fn read(file: &'static str) -> Messages {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" = ")).map(|(key, text)| (key.trim(), text.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_message_with_the_same_places_to_fill() {
        let (en, zh) = (Lang::En.messages(), Lang::Zh.messages());
        assert_eq!(en.keys().collect::<Vec<_>>(), zh.keys().collect::<Vec<_>>());
        for (key, text) in en {
            for place in ["{0}", "{1}"] {
                assert_eq!(text.contains(place), zh[key].contains(place), "{key}");
            }
        }
    }

    /// The page's own code, the tests of this file left out.
    fn sources() -> String {
        let read = |folder: &str| {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        let files = ["src", "src/components"].into_iter().flat_map(read);
        let rust = files.filter(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("text.rs"));
        rust.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    #[test]
    fn every_message_the_page_asks_for_exists_and_every_message_is_asked_for() {
        let sources = sources();
        for opening in [".t(\"", ".with(\""] {
            for rest in sources.split(opening).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(Lang::En.messages().contains_key(key), "no message for {key}");
            }
        }
        let unused: Vec<_> =
            Lang::En.messages().keys().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "nothing says {unused:?}");
    }
}
