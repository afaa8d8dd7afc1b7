//! Patches of the three types against what kubectl made of them, and the patches of apply against what they are to do.

use kubottle::api::decode::{self, FieldValidation};
use kubottle::api::patch::{self, PatchType};
use kubottle::api::{apply, encode, json, manifest, patch_diff, patch_strategic, Object, Value};
use kubottle::value;

fn data() -> Value {
    json::parse(include_str!("../data/patch/patches.json")).unwrap()
}

fn object(value: &Value) -> Object {
    let kind = manifest::find_kind(value.get("apiVersion").str(), value.get("kind").str()).unwrap();
    Object { kind, value: value.clone() }
}

fn struct_of(value: &Value) -> kubottle::api::schema::StructId {
    manifest::find_struct(value.get("apiVersion").str(), value.get("kind").str()).unwrap()
}

#[test]
fn patches_do_what_kubectl_made_of_them() {
    let data = data();
    let mut wrong = Vec::new();
    for case in data.get("cases").list() {
        let before = data.get("objects").index(case.get("object").int() as u32);
        let kind = match case.get("type").str() {
            "json" => PatchType::Json,
            "merge" => PatchType::Merge,
            _ => PatchType::Strategic,
        };
        let ours = match patch::apply(&object(before), case.get("patch"), kind, FieldValidation::Warn) {
            Ok((object, _)) => encode::json(&object.value),
            Err(status) => format!("error: {}", status.message),
        };
        let theirs = match case.get("error").opt_str() {
            Some(error) => error.to_owned(),
            None => encode::json(&decode::typed(case.get("result"), struct_of(before)).value),
        };
        if ours != theirs {
            wrong.push(format!("{}\n  ours:   {ours}\n  theirs: {theirs}", encode::json(case.get("patch"))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_difference_of_two_objects_leads_from_one_to_the_other() {
    let data = data();
    for case in data.get("cases").list().iter().filter(|c| c.get("error").is_null()) {
        let before = data.get("objects").index(case.get("object").int() as u32);
        let after = &decode::typed(case.get("result"), struct_of(before)).value;
        let before = &decode::typed(before, struct_of(before)).value;
        let id = struct_of(before);
        for (from, to) in [(before, after), (after, before)] {
            let patch = patch_diff::two_way(from, to, id).unwrap();
            let reached = patch_strategic::apply(from, &patch, id).unwrap();
            assert_eq!(encode::json(&reached), encode::json(to), "{}", encode::json(&patch));
        }
        assert!(apply::is_unchanged(&patch_diff::two_way(after, after, id).unwrap()));
    }
}

fn deployment() -> Value {
    value!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1", "ports": [{"containerPort": 80}]}]}
            }
        }
    })
}

/// The object as the API server has it: with defaults and the work of others.
fn stored(configuration: &Value) -> Value {
    let mut stored = apply::with_last_applied(configuration);
    stored.set("metadata.uid", "u");
    stored.set("metadata.resourceVersion", "7");
    stored.slot("metadata").slot("annotations").set("by", "somebody");
    stored.set("spec.revisionHistoryLimit", 10);
    stored.set(
        "spec.strategy",
        value!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
    );
    let container = &mut stored.slot_at("spec.template.spec.containers").items_mut()[0];
    container.set("imagePullPolicy", "IfNotPresent");
    container.slot("ports").items_mut().iter_mut().for_each(|port| port.set("protocol", "TCP"));
    stored
}

#[test]
fn what_was_applied_is_remembered_as_kubectl_does() {
    let annotated = apply::with_last_applied(
        &value!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x", "namespace": "rej"}, "data": {"a": "<&>"}}),
    );
    assert_eq!(
        apply::last_applied(&annotated).unwrap(),
        "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"\\u003c\\u0026\\u003e\"},\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"x\",\"namespace\":\"rej\"}}\n"
    );
    assert_eq!(apply::with_last_applied(&annotated), annotated);
}

#[test]
fn applying_again_changes_only_what_the_user_changed() {
    let before = deployment();
    let id = struct_of(&before);
    let current = stored(&before);
    assert!(apply::is_unchanged(&apply::three_way_patch(&before, &current, id).unwrap()));

    let mut wanted = before.clone();
    wanted.set(
        "spec.template.spec.containers",
        value!([{"name": "log", "image": "busybox"}, {"name": "web", "image": "nginx:2"}]),
    );
    wanted.remove("spec.replicas");
    wanted.set("spec.strategy", value!({"type": "Recreate"}));
    let mut patch = apply::three_way_patch(&wanted, &current, id).unwrap();
    patch.remove("metadata");
    assert_eq!(
        encode::json(&patch),
        r#"{"spec":{"replicas":null,"strategy":{"$retainKeys":["type"],"type":"Recreate"},"template":{"spec":{"$setElementOrder/containers":[{"name":"log"},{"name":"web"}],"containers":[{"image":"busybox","name":"log"},{"image":"nginx:2","name":"web","ports":null}]}}}}"#
    );
    let whole = apply::three_way_patch(&wanted, &current, id).unwrap();
    let after = patch_strategic::apply(&current, &whole, id).unwrap();
    assert_eq!(encode::json(after.at("spec.strategy")), r#"{"type":"Recreate"}"#);
    assert_eq!(after.at("spec.revisionHistoryLimit").int(), 10);
    assert!(after.at("spec.replicas").is_null());
    assert_eq!(after.at("metadata.annotations").get("by").str(), "somebody");
    let containers = after.at("spec.template.spec.containers");
    assert_eq!(containers.index(0).get("name").str(), "log");
    assert_eq!(
        encode::json(containers.index(1)),
        r#"{"image":"nginx:2","imagePullPolicy":"IfNotPresent","name":"web"}"#
    );
    assert!(apply::is_unchanged(&apply::three_way_patch(&wanted, &after, id).unwrap()));
}

#[test]
fn a_container_that_is_no_longer_applied_is_deleted_and_another_stays() {
    let mut before = deployment();
    before.set("spec.template.spec.containers", value!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]));
    let id = struct_of(&before);
    let mut current = stored(&before);
    let injected = value!({"name": "proxy", "image": "p"});
    current.slot_at("spec.template.spec.containers").list_mut().push(injected);
    let mut wanted = before.clone();
    wanted.set("spec.template.spec.containers", value!([{"name": "b", "image": "1"}]));
    let patch = apply::three_way_patch(&wanted, &current, id).unwrap();
    assert_eq!(
        encode::json(patch.at("spec.template.spec")),
        r#"{"$setElementOrder/containers":[{"name":"b"}],"containers":[{"$patch":"delete","name":"a"}]}"#
    );
    let after = patch_strategic::apply(&current, &patch, id).unwrap();
    let names: Vec<&str> =
        after.at("spec.template.spec.containers").list().iter().map(|c| c.get("name").str()).collect();
    assert_eq!(names, ["b", "proxy"]);
}

#[test]
fn refused_patches_are_refused_in_the_words_of_kubernetes() {
    let current =
        object(&value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}}));
    let refused = |patch: &Value| {
        patch::apply(&current, patch, PatchType::Strategic, FieldValidation::Strict).unwrap_err().message
    };
    assert_eq!(
        refused(&value!({"data": {"a": null, "port": 8080}})),
        "patch: Invalid value: \"map[data:map[a:<nil> port:8080]]\": cannot convert int64 to string"
    );
    assert_eq!(
        refused(&value!({"data": {"a": {"b": "c"}}})),
        "patch: Invalid value: \"map[data:map[a:map[b:c]]]\": unrecognized type: string"
    );
    assert_eq!(
        refused(&value!({"dta": {}})),
        "patch: Invalid value: \"map[dta:map[]]\": strict decoding error: unknown field \"dta\""
    );
    let deployment = object(&deployment());
    let replicas = value!({"spec": {"replicas": "x"}});
    assert_eq!(
        patch::apply(&deployment, &replicas, PatchType::Strategic, FieldValidation::Warn).unwrap_err().message,
        "patch: Invalid value: \"map[spec:map[replicas:x]]\": unrecognized type: int32"
    );
    let unknown = value!({"spec": {"foo": 1}});
    let (same, warnings) = patch::apply(&deployment, &unknown, PatchType::Strategic, FieldValidation::Warn).unwrap();
    assert_eq!(warnings, ["unknown field \"spec.foo\""]);
    assert!(same.at("spec.foo").is_null());
    assert_eq!(patch::parse("{", PatchType::Strategic).unwrap_err().message, "unexpected end of JSON input");
    assert_eq!(
        patch::parse("{\"a\":1}", PatchType::Json).unwrap_err().message,
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
    );
}
