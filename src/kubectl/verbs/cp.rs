//! `kubectl cp`: files between the terminal and a container.

use super::containers::default_container;
use super::Verb;
use crate::api::{kind, Object};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use ecow::EcoString;

/// Its row.
pub static VERB: Verb = Verb { name: "cp", run: Some(run), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/cmd/cp CopyOptions.Validate and Run; there it is tar that copies, here a shell.
fn run(call: &mut Call<'_>) -> Outcome {
    let [from, to]: [String; 2] =
        call.line.args.clone().try_into().map_err(|_| error("source and destination are required"))?;
    let remote = |text: &str| text.split_once(':').map(|(pod, path)| (pod.to_owned(), path.to_owned()));
    let (pod, path) = match (remote(&from), remote(&to)) {
        (Some(_), Some(_)) => return Err(error("one of src or dest must be a local file specification")),
        (None, None) => return Err(error("one of src or dest must be a remote file specification")),
        (Some(place), None) | (None, Some(place)) => place,
    };
    if pod.is_empty() || pod.matches('/').count() > 1 {
        return Err(error("filespec must match the canonical format: [[namespace/]pod:]file/path"));
    }
    if path.is_empty() {
        return Err(error("filepath can not be empty"));
    }
    let into = remote(&from).is_none();
    if into && call.session.file(&from).is_none() && call.session.folder(&from, true).is_empty() {
        return Err(error(format!("{from} doesn't exist in local filesystem")));
    }
    let (namespace, name) = pod.split_once('/').map_or((call.namespace(), pod.as_str()), |(n, p)| (n.to_owned(), p));
    let pod = call.get(kind("Pod"), &namespace, name)?;
    let container = match call.line.get("container") {
        Some(container) => container.to_owned(),
        None => default_container(call, &pod),
    };
    match into {
        true => copy_in(call, &pod, &container, &from, &path),
        false => copy_out(call, &pod, &container, &path, &to),
    }
}

fn copy_in(call: &mut Call<'_>, pod: &Object, container: &str, from: &str, to: &str) -> Outcome {
    let base = from.trim_end_matches('/').rsplit('/').next().unwrap_or(from).to_owned();
    let (code, _) = shell(call, pod, container, "test -d \"$1\"", to, None)?;
    let to = if code == 0 { format!("{}/{base}", to.trim_end_matches('/')) } else { to.to_owned() };
    let mut files: Vec<(String, String)> = Vec::new();
    match call.session.file(from) {
        Some(text) => files.push((to, text.to_owned())),
        None => {
            let folder = format!("{}/", from.trim_end_matches('/'));
            for (path, text) in call.session.folder(from, true) {
                let below = path.strip_prefix(&folder).unwrap_or(path);
                files.push((format!("{to}/{below}"), text.to_owned()));
            }
        }
    }
    for (path, text) in files {
        if let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            shell(call, pod, container, "mkdir -p \"$1\"", folder, None)?;
        }
        let (code, said) = shell(call, pod, container, "cat > \"$1\"", &path, Some(text))?;
        if code != 0 {
            call.out.err(said.trim_end());
            return Err(error(format!("command terminated with exit code {code}")));
        }
    }
    Ok(Run::Done(0))
}

fn copy_out(call: &mut Call<'_>, pod: &Object, container: &str, from: &str, to: &str) -> Outcome {
    if from.starts_with('/') {
        call.out.err("tar: Removing leading `/' from member names");
    }
    let (code, listed) = shell(call, pod, container, "test -d \"$1\" && find \"$1\" -type f", from, None)?;
    let base = from.trim_end_matches('/').rsplit('/').next().unwrap_or(from);
    let to = to.trim_start_matches("./").trim_end_matches('/');
    let into = to.is_empty() || to == "." || !call.session.folder(to, true).is_empty();
    let plain = if to == "." { "" } else { to };
    let files: Vec<(String, String)> = match code {
        0 => listed
            .lines()
            .map(|path| {
                let below = path.strip_prefix(from).unwrap_or(path).trim_start_matches('/');
                (path.to_owned(), format!("{plain}/{below}"))
            })
            .collect(),
        _ if into => vec![(from.to_owned(), format!("{plain}/{base}"))],
        _ => vec![(from.to_owned(), to.to_owned())],
    };
    for (remote, local) in files {
        let (code, text) = shell(call, pod, container, "cat \"$1\"", &remote, None)?;
        if code != 0 {
            let name = remote.trim_start_matches('/');
            call.out.err(format!("tar: {name}: Cannot stat: No such file or directory"));
            call.out.err("tar: Exiting with failure status due to previous errors");
            return Err(error("command terminated with exit code 2"));
        }
        call.session.write(local.trim_start_matches('/'), text);
    }
    Ok(Run::Done(0))
}

/// Runs a line of a shell in the container, `$1` being a path. Gives its exit code and what it printed.
fn shell(
    call: &mut Call<'_>,
    pod: &Object,
    container: &str,
    line: &str,
    path: &str,
    input: Option<String>,
) -> Result<(i32, String), Failure> {
    let words: Vec<EcoString> = ["sh", "-c", line, "sh", path].map(EcoString::from).to_vec();
    let id = match call.world.begin_command(&pod.key(), container, words, input) {
        Some(Ok(id)) => id,
        Some(Err(_)) => {
            return Err(error("Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"tar\": executable file not found in $PATH"))
        }
        None => return Err(error(format!("unable to upgrade connection: container not found (\"{container}\")"))),
    };
    let progress = call.world.continue_command(id);
    let text: String = progress.prints.iter().map(|(_, _, text)| text.as_str()).collect();
    match progress.code {
        Some(code) => Ok((code, text)),
        None => {
            call.world.drop_command(id);
            Err(error("the container does not answer"))
        }
    }
}
