//! Reading manifests: what kubectl and the API server said of each refused one, and the editor's marks.

use kubottle::api::check::check;
use kubottle::api::decode::{self, FieldValidation};
use kubottle::api::kinds::Catalog;
use kubottle::api::{encode, manifest, schema, yaml, Value};

/// What kubectl prints for a manifest as far as reading it goes; empty where it is read.
fn refusal(file: &str, text: &str) -> String {
    for found in manifest::read(text, file, &Catalog::default()) {
        let (value, kind) = match found {
            Err(unsent) => {
                // A kind without a row yet is read all the same where the schema has it.
                let value = only_value(text);
                match struct_of(&value) {
                    Some(_) if unsent.message.starts_with("resource mapping") => {
                        (value.clone(), value.get("kind").text())
                    }
                    _ => return format!("error: {}", unsent.message),
                }
            }
            Ok(found) => (found.value, found.kind.kind.into()),
        };
        let Some(id) = struct_of(&value) else { panic!("{file}: the schema has no {kind}") };
        let version = value.get("apiVersion").text();
        let version = version.rsplit('/').next().unwrap();
        let problems = decode::typed(&value, id).problems;
        if let Some(status) = decode::refusal(&problems, &kind, version, FieldValidation::Strict) {
            return format!("Error from server (BadRequest): error when creating \"{file}\": {}", status.message);
        }
    }
    String::new()
}

fn only_value(text: &str) -> Value {
    yaml::parse(text).iter().find_map(|d| d.root.as_ref().map(|root| root.to_value())).unwrap_or_default()
}

fn struct_of(value: &Value) -> Option<schema::StructId> {
    manifest::find_struct(value.get("apiVersion").str(), value.get("kind").str())
}

#[test]
fn manifests_are_refused_in_the_words_of_kubernetes() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/decode/rejections.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let (file, wanted) = (case["file"].as_str().unwrap(), case["expect"].as_str().unwrap());
        let ours = refusal(file, case["yaml"].as_str().unwrap());
        if ours != wanted {
            wrong.push(format!("{file}\n  ours:   {ours}\n  theirs: {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_mark_is_at_its_place_with_a_hint() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {v: 1.0}\nspec:\n  replica: 3\n  replicas: \"3\"\n  containers: []\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: c\n        imagee: nginx\n        image: nginx\n        image: nginx:1\n        ports: [{containerPort: http}]\n";
    let found: Vec<String> =
        check(&text.replace("  labels: {v: 1.0}\n", "  labels: {v: \"1\"}\n"), &Catalog::default())
            .iter()
            .map(|d| format!("{}:{}+{} {} | {}", d.place().0, d.place().1, d.place().2, d.message, d.hint))
            .collect();
    let wanted = [
        "7:3+7 unknown field \"spec.replica\" | Did you mean \"replicas\"?",
        "8:13+3 json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32 | spec.replicas is a number: write it without quotes.",
        "9:3+10 unknown field \"spec.containers\" | \"containers\" belongs under spec.template.spec; look at the indentation.",
        "16:9+6 unknown field \"spec.template.spec.containers[0].imagee\" | Did you mean \"image\"?",
        "18:9+5 key \"image\" is already set in line 17 | The last one counts; the value above is lost.",
        "19:33+4 json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32 | spec.template.spec.containers[0].ports[0].containerPort is a number: write it without quotes.",
    ];
    assert_eq!(found, wanted);
    let marks = check(text, &Catalog::default());
    assert!(marks[0].message.starts_with("unable to decode: json: cannot unmarshal number"), "{marks:?}");
    assert_eq!(marks[0].place(), (5, 15, 3));
}

#[test]
fn wrong_kinds_and_versions_get_a_hint() {
    let hint = |version: &str, kind: &str| {
        let marks =
            check(&format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\n"), &Catalog::default());
        marks.into_iter().next().map_or(String::new(), |d| d.hint)
    };
    assert_eq!(
        hint("extensions/v1beta1", "Deployment"),
        "Deployment is in apps/v1 today: write \"apiVersion: apps/v1\"."
    );
    assert_eq!(hint("v1", "Podd"), "Did you mean \"kind: Pod\"?");
    assert_eq!(hint("v1", "deployment"), "Did you mean \"kind: Deployment\" (apiVersion: apps/v1)?");
    assert_eq!(
        hint("authentication.k8s.io/v1", "TokenReview"),
        "Kubernetes has the kind TokenReview, but objects of it are not kept."
    );
}

#[test]
fn strange_characters_are_shown() {
    let marks = check("apiVersion：v1\nkind: Pod\n", &Catalog::default());
    assert!(
        marks.iter().any(|d| d.message == "a full-width colon (U+FF1A) stands here" && d.place().1 == 11),
        "{marks:?}"
    );
    let marks = check("apiVersion: v1\nkind:\u{a0}Pod\nmetadata:\n  name: “x”\n", &Catalog::default());
    assert!(marks.iter().any(|d| d.message.contains("U+00A0")), "{marks:?}");
    let fine = check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  text: 说明：这是“配置”\n",
        &Catalog::default(),
    );
    assert!(fine.is_empty(), "{fine:?}");
}

#[test]
fn lists_are_taken_apart() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n---\napiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: c}\n";
    let kinds: Vec<String> = manifest::read(text, "f.yaml", &Catalog::default())
        .into_iter()
        .map(|m| m.unwrap())
        .map(|m| format!("{}/{}", m.kind.kind, m.value.at("metadata.name").str()))
        .collect();
    assert_eq!(kinds, ["Pod/a", "ConfigMap/b", "Pod/c"]);
}

#[test]
fn an_object_is_written_again_as_go_writes_it() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {}}\nspec:\n  hostNetwork: false\n  terminationGracePeriodSeconds: 0\n  nodeSelector: {}\n  containers:\n  - {name: c, image: i, env: [], resources: {requests: {cpu: 1000m, memory: 1Gi}, limits: {cpu: 0.5}}}\n  volumes: [{name: v, emptyDir: {}}]\n";
    let found = manifest::read(text, "f.yaml", &Catalog::default()).remove(0).unwrap();
    let (object, warnings) = decode::object(&found.value, found.kind, FieldValidation::Strict).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(
        encode::json(&object.value),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"image":"i","name":"c","resources":{"limits":{"cpu":"500m"},"requests":{"cpu":"1","memory":"1Gi"}}}],"terminationGracePeriodSeconds":0,"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#
    );
}

#[test]
fn no_mutation_of_a_manifest_breaks_the_reader() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/decode/rejections.json")).unwrap();
    let texts: Vec<&str> = cases.iter().map(|c| c["yaml"].as_str().unwrap()).collect();
    let pieces = [
        "\t", "\n", " ", "- ", ": ", "{", "}", "[", "]", "\"", "'", "|", ">", "&a ", "*a", "<<: ", "#", "---\n", "é",
        "\u{ff1a}", "0x", "null", "!!str ", "? ", "1e999", "\\", "%", "\r\n", "...",
    ];
    for n in 0..1_500_u64 {
        let draw = |what: &str, bound: u64| kubottle::base::draw::below(7, what, "mutation", n, bound) as usize;
        let mut text: Vec<char> = texts[draw("text", texts.len() as u64)].chars().collect();
        for round in ["a", "b", "c"] {
            let at = draw(&format!("at {round}"), text.len() as u64 + 1);
            match draw(&format!("how {round}"), 3) {
                0 => {
                    let end = (at + draw(&format!("length {round}"), 12)).min(text.len());
                    text.drain(at..end);
                }
                _ => {
                    let piece = pieces[draw(&format!("piece {round}"), pieces.len() as u64)];
                    text.splice(at..at, piece.chars());
                }
            }
        }
        let text: String = text.into_iter().collect();
        let lines = text.lines().count() as u32 + 1;
        for mark in check(&text, &Catalog::default()) {
            assert!(mark.extent.start.line >= 1 && mark.extent.start.line <= lines, "{text:?}: {mark:?}");
        }
        for found in manifest::read(&text, "f.yaml", &Catalog::default()).into_iter().flatten() {
            let printed = encode::yaml(&found.value);
            let again = yaml::parse(&printed).remove(0).root.unwrap().to_value();
            assert_eq!(encode::json(&again), encode::json(&found.value), "{printed}");
        }
    }
}
