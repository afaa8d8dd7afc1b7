//! The gallery: manifests to begin with. Each file names itself in its first lines, in every language of the page.

use crate::text::Lang;

/// A manifest of the gallery.
pub struct Example {
    /// The file's name without its ending.
    pub name: &'static str,
    /// The manifest, headings included.
    pub text: &'static str,
}

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        /// All of them, in the order to show.
        pub const EXAMPLES: &[Example] = &[$(Example {
            name: $name,
            text: include_str!(concat!("../../static/examples/", $name, ".yaml")),
        }),+];
    };
}

examples![
    "tomcat",
    "node-port",
    "rolling-update",
    "multi-port",
    "crash-loop",
    "unschedulable",
    "namespaces",
    "ingress",
    "network-policy"
];

impl Example {
    /// The manifest without its headings.
    pub fn manifest(&self) -> String {
        self.text.lines().skip_while(|line| line.starts_with("# ")).flat_map(|line| [line, "\n"]).collect()
    }

    /// Its title and what it shows, from the line `# en: title - what it shows`.
    pub fn heading(&self, lang: Lang) -> (&'static str, &'static str) {
        let mark = format!("# {}: ", lang.code());
        let line = self.text.lines().find_map(|line| line.strip_prefix(mark.as_str())).unwrap_or(self.name);
        line.split_once(" - ").unwrap_or((line, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_a_title_in_every_language() {
        for example in EXAMPLES {
            for lang in [Lang::En, Lang::Zh] {
                let (title, about) = example.heading(lang);
                assert!(title != example.name && !about.is_empty(), "{} in {}", example.name, lang.code());
            }
        }
    }
}
