//! Data for ConfigMaps and Secrets: `--from-literal`, `--from-file`, `--from-env-file`.

use super::call::Call;
use super::failure::{error, Failure};

/// All keys and values the flags name, in their order.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/create handleConfigMapFromLiteralSources and its sisters.
pub fn read(call: &Call<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut data: Vec<(String, String)> = Vec::new();
    for literal in call.line.all("from-literal") {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(error(format!("invalid literal source {literal}, expected key=value")));
        };
        add(&mut data, key, value)?;
    }
    for source in call.line.all("from-file") {
        read_file_source(call, source, &mut data)?;
    }
    for path in call.line.all("from-env-file") {
        let text = call.session.file(path).ok_or_else(|| missing(path))?;
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(&mut data, key, value)?;
        }
    }
    Ok(data)
}

fn read_file_source(call: &Call<'_>, source: &str, data: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let (key, path) = source.split_once('=').map_or((None, source), |(key, path)| (Some(key), path));
    if let Some(text) = call.session.file(path) {
        let name = path.rsplit('/').next().unwrap_or(path);
        return add(data, key.unwrap_or(name), text);
    }
    let folder = call.session.folder(path, false);
    if folder.is_empty() {
        return Err(missing(path));
    }
    if key.is_some() {
        return Err(error("cannot give a key name for a directory path"));
    }
    for (file, text) in folder {
        add(data, file.rsplit('/').next().unwrap_or(file), text)?;
    }
    Ok(())
}

fn missing(path: &str) -> Failure {
    error(format!("error reading {path}: no such file or directory"))
}

fn add(data: &mut Vec<(String, String)>, key: &str, value: &str) -> Result<(), Failure> {
    if data.iter().any(|(known, _)| known == key) {
        return Err(error(format!("cannot add key \"{key}\", another key by that name already exists in Data")));
    }
    data.push((key.to_owned(), value.to_owned()));
    Ok(())
}
