//! Data for ConfigMaps and Secrets: `--from-literal`, `--from-file`, `--from-env-file`.

use super::call::Call;
use super::failure::{error, Failure};
use crate::base::names;

/// All keys and values the flags name, in their order.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/create handleConfigMapFromLiteralSources and its sisters.
pub fn read(call: &Call<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut data: Vec<(String, String)> = Vec::new();
    if call.line.has("from-env-file") && (call.line.has("from-literal") || call.line.has("from-file")) {
        return Err(error("from-env-file cannot be combined with from-file or from-literal"));
    }
    if call.line.args.first().is_some_and(String::is_empty) {
        return Err(error("name must be specified"));
    }
    for literal in call.line.all("from-literal") {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(error(format!("invalid literal source {literal}, expected key=value")));
        };
        add(call, &mut data, key, value)?;
    }
    for source in call.line.all("from-file") {
        read_file_source(call, source, &mut data)?;
    }
    for path in call.line.all("from-env-file") {
        let text = call.session.file(path).ok_or_else(|| missing(path))?;
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(call, &mut data, key, value)?;
        }
    }
    Ok(data)
}

fn read_file_source(call: &Call<'_>, source: &str, data: &mut Vec<(String, String)>) -> Result<(), Failure> {
    match source.matches('=').count() {
        1 if source.starts_with('=') => return Err(error(format!("key name for file path {} missing", &source[1..]))),
        1 if source.ends_with('=') => {
            return Err(error(format!("file path for key name {} missing", source.trim_end_matches('='))))
        }
        0 | 1 => {}
        _ => return Err(error("key names or file paths cannot contain '='")),
    }
    let (key, path) = source.split_once('=').map_or((None, source), |(key, path)| (Some(key), path));
    if let Some(text) = call.session.file(path) {
        let name = path.rsplit('/').next().unwrap_or(path);
        return add(call, data, key.unwrap_or(name), text);
    }
    let folder = call.session.folder(path, false);
    if folder.is_empty() {
        return Err(missing(path));
    }
    if key.is_some() {
        return Err(error("cannot give a key name for a directory path"));
    }
    for (file, text) in folder {
        add(call, data, file.rsplit('/').next().unwrap_or(file), text)?;
    }
    Ok(())
}

fn missing(path: &str) -> Failure {
    error(format!("error reading {path}: no such file or directory"))
}

fn add(call: &Call<'_>, data: &mut Vec<(String, String)>, key: &str, value: &str) -> Result<(), Failure> {
    let wrong = names::config_map_key(key).join(",");
    if !wrong.is_empty() {
        return Err(error(match call.command.ends_with("configmap") {
            true => format!("{key:?} is not a valid key name for a ConfigMap: {wrong}"),
            false => format!("{key:?} is not valid key name for a Secret {wrong}"),
        }));
    }
    if data.iter().any(|(known, _)| known == key) {
        let name = call.line.args.first().map_or("", String::as_str);
        return Err(error(match call.command.ends_with("configmap") {
            true => format!(
                "cannot add key {key:?}, another key by that name already exists in Data for ConfigMap {name:?}"
            ),
            false => format!("cannot add key {key}, another key by that name already exists"),
        }));
    }
    data.push((key.to_owned(), value.to_owned()));
    Ok(())
}
