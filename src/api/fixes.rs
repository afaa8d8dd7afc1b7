//! Rewrites of a manifest for mistakes that have one certain remedy: a removed apiVersion, a misspelt field, characters that
//! only look like YAML's own. They change the text where it is wrong and nothing else, so comments stay.
//!
//! Nothing here is part of what Kubernetes says.

use super::diagnostic::Diagnostic;
use super::fixes_layout;
use super::kinds::KINDS;

/// A piece of text in place of some lines. Lines and columns count from 1; the end is behind the last letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Where it begins.
    pub from: (u32, u32),
    /// Where it ends.
    pub to: (u32, u32),
    /// What stands there instead.
    pub text: String,
}

/// The remedy of a mistake, where there is a certain one.
pub fn fix(text: &str, found: &Diagnostic) -> Option<Edit> {
    let (line, column, length) = found.place();
    let here = |with: &str| Edit { from: (line, column), to: (line, column + length), text: with.to_owned() };
    if let Some(with) = found.message.contains(" stands here").then(|| letter(text, line, column)).flatten() {
        return Some(here(with));
    }
    let old_field = ["serviceName", "servicePort"].iter().any(|field| found.path.ends_with(field));
    if found.hint.contains("write \"apiVersion: ")
        || found.message.contains("apiVersion not set")
        || old_field && found.message.contains("unknown field")
    {
        return present_form(text, line);
    }
    if found.hint.starts_with("YAML is indented with spaces") {
        return relaid(text, line, fixes_layout::without_tabs);
    }
    if let Some(edit) = relaid(text, line, fixes_layout::indented) {
        return Some(edit);
    }
    let meant = found.hint.strip_prefix("Did you mean \"")?.strip_suffix("\"?")?;
    // Only a field stands alone in the hint; a kind comes with `kind: `.
    (!meant.contains(' ') && found.message.contains("unknown field")).then(|| here(meant))
}

/// What is meant by a letter that only looks like YAML's own.
fn letter(text: &str, line: u32, column: u32) -> Option<&'static str> {
    let line = text.lines().nth(line as usize - 1)?;
    let mut letters = line.chars().skip(column as usize - 1);
    let (letter, next) = (letters.next()?, letters.next());
    Some(match letter {
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => " ",
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "",
        '\u{201c}' | '\u{201d}' | '\u{ff02}' => "\"",
        '\u{2018}' | '\u{2019}' | '\u{ff07}' => "'",
        '\u{ff1a}' if next.is_none_or(|c| c == ' ') => ":",
        '\u{ff1a}' => ": ",
        '\u{ff0c}' => ",",
        '\u{ff08}' => "(",
        '\u{ff09}' => ")",
        '\u{ff3b}' | '\u{3010}' => "[",
        '\u{ff3d}' | '\u{3011}' => "]",
        '\u{ff5b}' => "{",
        '\u{ff5d}' => "}",
        '\u{2013}' | '\u{2014}' | '\u{ff0d}' => "-",
        _ => return None,
    })
}

/// The lines of the document around a line, counted from 0.
fn document_at(lines: &[&str], line: u32) -> Option<std::ops::Range<usize>> {
    let at = (line as usize - 1).min(lines.len().checked_sub(1)?);
    let is_end = |line: &&str| line.starts_with("---") || line.starts_with("...");
    let from = lines[..at].iter().rposition(is_end).map_or(0, |end| end + 1);
    let to = lines[at..].iter().position(is_end).map_or(lines.len(), |end| at + end).max(from + 1);
    let from = if is_end(&lines[from]) { from + 1 } else { from };
    Some(from..to)
}

/// The document around a line, laid out anew.
fn relaid(text: &str, line: u32, layout: fn(&[&str]) -> Option<String>) -> Option<Edit> {
    let lines: Vec<&str> = text.lines().collect();
    let place = document_at(&lines, line)?;
    let document = &lines[place.clone()];
    Some(whole(document, place, layout(document)?))
}

/// A document in place of what it was.
fn whole(document: &[&str], place: std::ops::Range<usize>, text: String) -> Edit {
    let last = document.last().map_or(0, |line| line.chars().count() as u32);
    Edit { from: (place.start as u32 + 1, 1), to: (place.end as u32, last + 1), text }
}

/// The document around a line, rewritten to the present version of its kind.
fn present_form(text: &str, line: u32) -> Option<Edit> {
    let lines: Vec<&str> = text.lines().collect();
    let range = document_at(&lines, line)?;
    let document = &lines[range.clone()];
    let value = |field: &str| {
        let value = document.iter().find_map(|line| line.strip_prefix(field))?;
        Some(value.split('#').next().unwrap_or("").trim().trim_matches(['"', '\'']))
    };
    let kind = value("kind:")?;
    let row = KINDS.iter().find(|row| row.kind == kind)?;
    let old = value("apiVersion:").unwrap_or_default();
    let mut new: Vec<String> = document.iter().map(|line| (*line).to_owned()).collect();
    match new.iter().position(|line| line.starts_with("apiVersion:")) {
        Some(place) if old.is_empty() => new[place] = format!("apiVersion: {}", row.api_version()),
        Some(place) => new[place] = new[place].replacen(old, &row.api_version(), 1),
        None => {
            let first = new.iter().position(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))?;
            new.insert(first, format!("apiVersion: {}", row.api_version()));
        }
    }
    match kind {
        "HorizontalPodAutoscaler" if old == "autoscaling/v2beta1" => metrics(&mut new),
        "Ingress" => ingress(&mut new),
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => selector(&mut new),
        _ => {}
    }
    Some(whole(document, range, new.join("\n")))
}

/// The targets of metrics as autoscaling/v2 writes them.
fn metrics(lines: &mut Vec<String>) {
    const TARGETS: &[(&str, &str, &str)] = &[
        ("targetAverageUtilization:", "Utilization", "averageUtilization"),
        ("targetAverageValue:", "AverageValue", "averageValue"),
        ("targetValue:", "Value", "value"),
    ];
    let mut new: Vec<String> = Vec::new();
    for line in lines.iter() {
        let (at, word) = (indent(line), line.trim_start_matches([' ', '-']));
        let target = TARGETS.iter().find_map(|(old, kind, field)| Some((word.strip_prefix(old)?, kind, field)));
        if let Some((value, kind, field)) = target {
            new.push(format!("{}target:", &line[..at]));
            new.push(format!("{}type: {kind}", spaces(at + 2)));
            new.push(format!("{}{field}:{value}", spaces(at + 2)));
        } else if let Some(name) = word.strip_prefix("metricName:") {
            new.push(format!("{}metric:", &line[..at]));
            new.push(format!("{}name:{name}", spaces(at + 2)));
        } else {
            new.push(line.clone());
        }
    }
    *lines = new;
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

fn spaces(n: usize) -> String {
    " ".repeat(n)
}

/// `serviceName` and `servicePort` become `service`, a path gets the type it had, and `backend` becomes `defaultBackend`.
fn ingress(lines: &mut Vec<String>) {
    let mut new: Vec<String> = Vec::new();
    let typed = lines.iter().any(|line| line.contains("pathType:"));
    for line in lines.iter() {
        let (at, word) = (indent(line), line.trim_start_matches([' ', '-']));
        let port = |port: &str| {
            let port = port.trim();
            let field = if port.trim_matches(['"', '\'']).parse::<u16>().is_ok() { "number" } else { "name" };
            format!("{field}: {}", if field == "number" { port.trim_matches(['"', '\'']) } else { port })
        };
        if let Some((before, flow)) = word.split_once('{').filter(|(_, flow)| flow.contains("serviceName:")) {
            let of = |field: &str| {
                flow.split_once(field).map_or("", |(_, rest)| rest).split([',', '}']).next().unwrap_or("").trim()
            };
            let service =
                format!("{{service: {{name: {}, port: {{{}}}}}}}", of("serviceName:"), port(of("servicePort:")));
            new.push(format!("{}{}{service}", &line[..at], before));
        } else if let Some(name) = word.strip_prefix("serviceName:") {
            new.push(format!("{}service:", &line[..at]));
            new.push(format!("{}name:{name}", spaces(at + 2)));
        } else if let Some(number) = word.strip_prefix("servicePort:") {
            new.push(format!("{}port:", spaces(at + 2)));
            new.push(format!("{}{}", spaces(at + 4), port(number)));
        } else if word.starts_with("backend:") && at == 2 {
            new.push(line.replacen("backend:", "defaultBackend:", 1));
        } else {
            new.push(line.clone());
            if word.starts_with("path:") && !typed {
                new.push(format!("{}pathType: ImplementationSpecific", spaces(at)));
            }
        }
    }
    // A path was not required before; its type is now.
    if !typed && !new.iter().any(|line| line.contains("pathType:")) {
        for place in (0..new.len())
            .rev()
            .filter(|i| new[*i].trim_start_matches([' ', '-']).starts_with("backend:"))
            .collect::<Vec<_>>()
        {
            let at = indent(&new[place]);
            let first = new[place].clone();
            new[place] = format!("{}pathType: ImplementationSpecific", &first[..at]);
            new.insert(place + 1, format!("{}{}", spaces(at), &first[at..]));
        }
    }
    *lines = new;
}

/// A workload without a selector gets the labels of its template, which were its default.
fn selector(lines: &mut Vec<String>) {
    if lines.iter().any(|line| line.starts_with("  selector:")) {
        return;
    }
    let Some(template) = lines.iter().position(|line| line.starts_with("  template:")) else { return };
    let Some(labels) = lines[template..].iter().position(|line| line.trim() == "labels:").map(|i| template + i) else {
        return;
    };
    let at = indent(&lines[labels]);
    let pairs = lines[labels + 1..].iter().take_while(|line| indent(line) > at && !line.trim().is_empty());
    let mut new = vec!["  selector:".to_owned(), "    matchLabels:".to_owned()];
    new.extend(pairs.map(|line| format!("      {}", line.trim_start())));
    lines.splice(template..template, new);
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::super::kinds::Catalog;
    use super::*;

    /// Applies remedies until there is none left.
    fn fixed(text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..20 {
            let Some(edit) = check(&text, &Catalog::default()).iter().find_map(|found| fix(&text, found)) else {
                break;
            };
            let offset = |(line, column): (u32, u32)| {
                let before: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
                let inside: usize = text[before..].chars().take(column as usize - 1).map(char::len_utf8).sum();
                before + inside
            };
            text.replace_range(offset(edit.from)..offset(edit.to), &edit.text);
        }
        text
    }

    #[test]
    fn removed_versions_become_the_present_form_and_keep_their_comments() {
        let old = "apiVersion: extensions/v1beta1 # old\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n  - host: a.b # the host\n    http:\n      paths:\n      - path: /\n        backend:\n          serviceName: web\n          servicePort: 80\n---\napiVersion: extensions/v1beta1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n      - name: c\n        image: nginx\n";
        let new = fixed(old);
        assert!(check(&new, &Catalog::default()).is_empty(), "{new}\n{:?}", check(&new, &Catalog::default()));
        assert!(new.contains("networking.k8s.io/v1 # old") && new.contains("# the host"), "{new}");
        assert!(new.contains("service:\n            name: web\n            port:\n              number: 80"), "{new}");
        assert!(new.contains("  selector:\n    matchLabels:\n      app: web\n  template:"), "{new}");
    }

    #[test]
    fn misspelt_fields_and_pasted_letters_are_put_right() {
        let new = fixed("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selektor: {app: web}\n  ports：\n  - port: 80\n");
        assert!(new.contains("  selector: {app: web}") && new.contains("  ports:\n"), "{new}");
        assert!(check(&new, &Catalog::default()).is_empty(), "{new}");
    }

    #[test]
    fn lost_layouts_are_found_again() {
        let flat = "apiVersion: apps/v1\nkind: Deployment\n# the name\nmetadata:\nname: web\nlabels:\napp: web\nspec:\nreplicas: 2\nselector:\nmatchLabels:\napp: web\ntemplate:\nmetadata:\nlabels:\napp: web\nspec:\ncontainers:\n- name: c\nimage: nginx:1.25\nports:\n- containerPort: 80\ncommand:\n- sleep\n- \"1\"\n";
        let new = fixed(flat);
        assert!(check(&new, &Catalog::default()).is_empty(), "{new}");
        assert!(new.contains("\n      containers:\n      - name: c\n        image: nginx:1.25\n"), "{new}");
        assert!(new.contains("        - containerPort: 80\n        command:\n        - sleep"), "{new}");
        let tabs =
            "apiVersion: v1\nkind: Service\nmetadata:\n\tname: web\nspec:\n\tports:\n\t- port: 80\n\t  name: http\n";
        let new = fixed(tabs);
        assert!(check(&new, &Catalog::default()).is_empty() && new.contains("\n  - port: 80\n    name: http"), "{new}");
    }

    #[test]
    fn old_autoscalers_ingresses_and_missing_versions_are_put_right() {
        let old = "apiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 3\n  metrics:\n  - type: Resource\n    resource:\n      name: cpu\n      targetAverageUtilization: 50 # percent\n---\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n  - http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          serviceName: web\n          servicePort: http\n";
        let new = fixed(old);
        assert!(check(&new, &Catalog::default()).is_empty(), "{new}\n{:?}", check(&new, &Catalog::default()));
        assert!(new.contains("        averageUtilization: 50 # percent"), "{new}");
        assert!(new.contains("---\napiVersion: v1\nkind: ConfigMap"), "{new}");
        assert!(new.contains("              name: http"), "{new}");
    }
}
