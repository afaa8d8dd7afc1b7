//! The house rules that a compiler does not hold: which layer may know which, what the model must not contain, and that
//! every file says what it is for. A failure names the file and the line.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the model and their layers. A module may name those of lower layers, never its neighbours.
const LAYERS: &[(&str, u8)] = &[
    ("base", 0),
    ("api", 1),
    ("store", 2),
    ("kernel", 2),
    ("workload", 2),
    // What containers do knows objects only; the kubelet and the network may ask it.
    ("workload", 2),
    ("controllers", 3),
    ("scheduler", 3),
    ("kubelet", 3),
    ("network", 3),
    ("load", 3),
    ("cluster", 4),
    ("kubectl", 5),
    ("lesson", 5),
    ("view", 5),
    ("playground", 6),
];

/// Who else must not know whom: the kernel is generic, and those who decide do not know how time is kept.
const STRANGERS: &[(&str, &str)] = &[
    ("kernel", "api"),
    ("controllers", "kernel"),
    ("scheduler", "kernel"),
    ("kubelet", "kernel"),
    ("network", "kernel"),
    ("load", "kernel"),
];

/// What the page may name of the model: the facade, and the plain data it hands out.
const PAGE_MAY_NAME: &[&str] = &["playground", "view"];

/// What the model must not contain, with the reason. The command line and the page are not the model.
const BANNED_IN_MODEL: &[(&str, &str)] = &[
    ("std::time", "time is an argument"),
    ("std::fs", "files belong to the command line"),
    ("std::env", "surroundings belong to the command line"),
    ("std::io", "input and output belong to the command line"),
    ("std::net", "nothing is reached from the model"),
    ("std::thread", "one history, one thread"),
    ("std::process", "processes belong to the command line"),
    ("HashMap", "unordered: BTreeMap"),
    ("HashSet", "unordered: BTreeSet"),
    ("web_sys", "the browser belongs to the page"),
    ("js_sys", "the browser belongs to the page"),
    ("RefCell", "World holds no shared cells"),
    ("Mutex", "World holds no shared cells"),
    (".sort(", "base::order sorts; each of the standard library's sorts is 4 kB of WebAssembly more"),
    (".sort_", "base::order sorts; each of the standard library's sorts is 4 kB of WebAssembly more"),
];

/// What no file may contain.
const BANNED_EVERYWHERE: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "write an issue, not a note"),
    (concat!("FIX", "ME"), "write an issue, not a note"),
    (concat!("todo", "!("), "real or not at all"),
    (concat!("unimplemented", "!("), "real or not at all"),
    (concat!("dbg", "!("), "left from debugging"),
    (concat!("#[", "ignore"), "a test that does not run is no test"),
];

#[test]
fn each_layer_names_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let Some(module) = model_module(&file) else { continue };
        let Some(own) = layer(&module) else {
            wrong.push(format!("{}: the module {module} is in no layer", file.display()));
            continue;
        };
        for (line, named) in named_modules(&code(&file), "crate::") {
            let Some(other) = layer(&named) else { continue };
            let stranger = STRANGERS.contains(&(module.as_str(), named.as_str()));
            if named != module && (other >= own || stranger) {
                wrong.push(format!("{}:{line}: {module} must not know {named}", file.display()));
            }
        }
    }
    for file in rust_files("web/src") {
        for (line, named) in named_modules(&code(&file), "kubottle::") {
            if layer(&named).is_some() && !PAGE_MAY_NAME.contains(&named.as_str()) {
                wrong.push(format!("{}:{line}: the page must not know {named}", file.display()));
            }
        }
    }
    assert_clean(wrong);
}

#[test]
fn the_model_contains_nothing_of_the_outside_world() {
    let mut wrong = Vec::new();
    for file in rust_files("src").into_iter().filter(|file| model_module(file).is_some()) {
        collect(&file, &code(&file), BANNED_IN_MODEL, &mut wrong);
    }
    assert_clean(wrong);
}

#[test]
fn every_file_says_what_it_is_for_and_leaves_nothing_undone() {
    let mut wrong = Vec::new();
    for folder in ["src", "web/src", "tests/it", "benches"] {
        for file in rust_files(folder) {
            let text = read(&file);
            if !text.starts_with("//!") {
                wrong.push(format!("{}:1: begins with no //! saying what it is for", file.display()));
            }
            collect(&file, &text, BANNED_EVERYWHERE, &mut wrong);
        }
    }
    assert_clean(wrong);
}

#[test]
fn named_modules_reads_every_form_of_a_path() {
    let text = "use crate::api::{Map, Value};\nuse crate::{base::time, store};\nfn f() { crate::kernel::f() }";
    let named: Vec<_> =
        named_modules(text, "crate::").into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(named, ["1 api", "2 base", "2 store", "3 kernel"]);
}

/// The layer of a module of the model; none for other names at the root, such as macros.
fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn assert_clean(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn collect(file: &Path, text: &str, banned: &[(&str, &str)], wrong: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        for (word, reason) in banned.iter().filter(|(word, _)| line.contains(word)) {
            wrong.push(format!("{}:{}: {word}: {reason}", file.display(), number + 1));
        }
    }
}

/// The module of the model a file belongs to; none for lib.rs and the command line.
fn model_module(file: &Path) -> Option<String> {
    let below = file.strip_prefix("src").ok()?;
    let first = below.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (first != "bin" && first != "lib").then_some(first)
}

/// The modules named right after `root` in paths and in `use` trees, with their lines.
fn named_modules(text: &str, root: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (start, _) in text.match_indices(root) {
        if text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = text[..start].matches('\n').count() + 1;
        let after = &text[start + root.len()..];
        match after.strip_prefix('{') {
            None => named.push((line, identifier(after))),
            Some(tree) => named.extend(first_level(tree).into_iter().map(|name| (line, name))),
        }
    }
    named
}

fn identifier(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The identifiers at the first level of a `use` tree whose opening brace is behind us.
fn first_level(tree: &str) -> Vec<String> {
    let mut names = vec![identifier(tree)];
    let mut depth = 1;
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(identifier(&tree[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A file with its comment lines blanked, so that they may speak of what the code must not name.
fn code(file: &Path) -> String {
    let text = read(file);
    text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every Rust file below a folder of the repository, in order; none when there is no such folder.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files.extend(rust_files(path.to_str().expect("paths are UTF-8")));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
