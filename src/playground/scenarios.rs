//! Scenarios as the page gets them: JSON texts that the site's build makes of the folders in static/scenarios.

use super::Playground;
use crate::api::json;
pub use crate::lesson::scenario::Scenario;

/// A scenario of the gallery.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its folder's name.
    pub id: String,
    /// What it says of itself.
    pub scenario: Scenario,
}

/// A scenario that was opened.
pub struct Opened {
    /// The new cluster.
    pub playground: Playground,
    /// What the scenario says of itself.
    pub scenario: Scenario,
}

/// Reads the list of scenarios: `[{"id", "scenario"}]`, each with the text of its `scenario.yaml`. What cannot be read is left out.
pub fn list(text: &str) -> Vec<Entry> {
    let list = json::parse(text).unwrap_or_default();
    let entry = |item: &crate::api::Value| {
        let scenario = Scenario::read(item.get("scenario").str()).ok()?;
        Some(Entry { id: item.get("id").str().to_owned(), scenario })
    };
    list.list().iter().filter_map(entry).collect()
}

/// Opens a scenario from its bundle: `{"scenario", "files": {NAME: TEXT}}`.
///
/// # Errors
/// Why the bundle is none.
pub fn open(id: &str, bundle: &str) -> Result<Opened, String> {
    let bundle = json::parse(bundle)?;
    let scenario = Scenario::read(bundle.get("scenario").str())?;
    let text = |name: &String| bundle.get("files").get(name).str().to_owned();
    let files: Vec<(String, String)> = scenario.files.iter().map(|name| (name.clone(), text(name))).collect();
    Ok(Opened { playground: Playground::open(id, &scenario, &files), scenario })
}

#[cfg(test)]
mod tests {
    use super::{list, open};

    const YAML: &str = "title: {en: A, zh: 甲}\\nabout: {en: B., zh: 乙。}\\nview: map\\nfiles: [a.yaml, b.yaml]\\nstart: [cat a.yaml]\\n";

    #[test]
    fn a_bundle_opens_as_a_cluster_with_its_files() {
        let bundle = format!(r#"{{"scenario": "{YAML}", "files": {{"a.yaml": "x: 1\n", "b.yaml": "y: 2\n"}}}}"#);
        let mut opened = open("a", &bundle).ok().unwrap();
        assert_eq!(opened.playground.files(), ["a.yaml", "b.yaml"]);
        assert_eq!(opened.playground.read("b.yaml"), Some("y: 2\n"));
        assert_eq!(opened.playground.take_finished()[0].stdout, "x: 1\n");
        assert!(open("a", "{}").is_err() && open("a", "<html>").is_err());
    }

    #[test]
    fn the_list_leaves_out_what_cannot_be_read() {
        let listed =
            list(&format!(r#"[{{"id": "a", "scenario": "{YAML}"}}, {{"id": "b", "scenario": "view: moon"}}]"#));
        assert_eq!(listed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert!(list("<html>").is_empty());
    }
}
